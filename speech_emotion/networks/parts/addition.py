"""Networks that look at different features, added up.

Each errs in its own way, so that their sum errs less than the best of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from speech_emotion.base.quiet_keras import keras

layers, ops = keras.layers, keras.ops

LEAST_PROBABILITY = 1e-7
"""Smaller ones count as this much in logarithms, as in Keras' losses."""


@dataclass(frozen=True)
class Caution:
    """What a sum makes of utterances that are unlike all that trained it.

    Attributes
    ----------
    distances : mapping of str to keras.Model
        How far an utterance lies from those that trained, by an utterance-level kind of features;
        see `speech_emotion.networks.parts.discriminant_analysis.distance`.
    power : float
        Log probabilities are divided by the distance to this power.
    odds : sequence of float
        How many times more probable a priori each label is than the members take it to be.
    """

    distances: Mapping[str, keras.Model]
    power: float
    odds: Sequence[float]

    def applied(self, logarithms: Mapping[str, Any], taken: Mapping[str, Any]) -> dict[str, Any]:
        """Log probabilities by kind, each divided by the distance in its kind.

        A kind that has none, such as spectrograms, goes by the mean of the others.
        """
        divisors = {
            kind: ops.power(model({kind: taken[kind]}), self.power)
            for kind, model in self.distances.items()
        }
        mean = sum(divisors.values()) / len(divisors)
        return {kind: one / divisors.get(kind, mean) for kind, one in logarithms.items()}


def added_up(
    members: Mapping[str, keras.Model],
    weights: Mapping[str, float],
    name: str,
    caution: Caution | None = None,
) -> keras.Model:
    """One model of several: {kind: [batch, ...], ...} -> [batch, labels].

    A softmax of the weighted sum of their log probabilities.

    Parameters
    ----------
    members : mapping of str to keras.Model
        By the kind of features that each takes, {kind: [batch, ...]} -> [batch, labels].
    weights : mapping of str to float
        How much a kind's log probabilities count, where it is not once.
    name : str
        The model's.
    caution : Caution or None
        About what is unlike all that trained.
    """
    taken: dict[str, Any] = {}
    logarithms: dict[str, Any] = {}
    for kind, member in members.items():
        taken[kind] = layers.Input(member.input[kind].shape[1:], name=kind)
        logarithm = ops.log(ops.maximum(member({kind: taken[kind]}), LEAST_PROBABILITY))
        logarithms[kind] = weights[kind] * logarithm if kind in weights else logarithm
    if caution is not None:
        logarithms = caution.applied(logarithms, taken)
    first, *more = logarithms.values()
    total = sum(more, first)
    if caution is not None:
        total = total + np.log(np.asarray(caution.odds, np.float32))
    probabilities = layers.Softmax(name="emotions")(total)
    return keras.Model(taken, probabilities, name=name)
