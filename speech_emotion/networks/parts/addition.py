"""Networks that look at different features, added up.

Each errs in its own way, so that their sum errs less than the best of them.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from speech_emotion.base.quiet_keras import keras

layers, ops = keras.layers, keras.ops

LEAST_PROBABILITY = 1e-7
"""Smaller ones count as this much in logarithms, as in Keras' losses."""


def added_up(
    members: Mapping[str, keras.Model],
    weights: Mapping[str, float],
    name: str,
    odds: Sequence[float] | None = None,
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
    odds : sequence of float or None
        How many times more probable a priori each label is than members take it to be.
    """
    taken, logarithms = {}, []
    for kind, member in members.items():
        taken[kind] = layers.Input(member.input[kind].shape[1:], name=kind)
        logarithm = ops.log(ops.maximum(member({kind: taken[kind]}), LEAST_PROBABILITY))
        logarithms.append(weights[kind] * logarithm if kind in weights else logarithm)
    total = sum(logarithms[1:], logarithms[0])
    if odds is not None:
        total = total + np.log(np.asarray(odds, np.float32))
    probabilities = layers.Softmax(name="emotions")(total)
    return keras.Model(taken, probabilities, name=name)
