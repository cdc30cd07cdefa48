"""Linear discriminant analysis of utterance-level features, fitted in closed form.

With Gaussian classes of one covariance the probabilities are a softmax of an affine map, so the
fitted analysis is an ordinary Keras model with nothing left to train.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.linalg import solve
from scipy.special import softmax
from sklearn.covariance import shrunk_covariance
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

from speech_emotion.base.errors import PipelineError
from speech_emotion.base.quiet_keras import keras
from speech_emotion.data.feature_subset import FeatureSubset

layers, ops = keras.layers, keras.ops

LIMIT = 4.0
"""Standardised values are clipped at this many standard deviations."""

SHRINKAGE = 0.7
"""How far the covariance within classes goes towards a multiple of the identity.

There are more functionals than recordings: without shrinkage it has no inverse.
"""

SHARPNESS = 0.15
"""Factor of the logits, by cross-validation: log loss is least from 0.1 to 0.15, UAR even to 0.3.

The Gaussian classes are sure of themselves beyond reason where values are many and far from
independent; with others in a sum they would drown them out.
"""

BLOCK = 1024
"""Utterances in memory at a time."""


GROUPS = 5
"""Groups of speakers, if there are as many, each of which analyses of the others are tried on."""


def fitted_analysis(training: FeatureSubset, kinds: tuple[str, ...], name: str) -> keras.Model:
    """The fitted analysis: {kind: [batch, values], ...} -> [batch, labels].

    A class is an emotion in a corpus and channel, since singing a sad song and speaking sadly
    have little in common but the name; the classes of an emotion are added up. All classes are
    equally probable a priori.

    Parameters
    ----------
    training : FeatureSubset
        The training utterances: features, emotions and weights. Variants count beside recordings:
        what noise does to a value is part of how recordings of one class differ.
    kinds : tuple of str
        Utterance-level kinds of features, whose values are put side by side.
    name : str
        The network's.

    Raises
    ------
    PipelineError
        If no emotion has two recordings in a corpus and channel.
    """
    classes = _Classes.of(training)
    everything = np.arange(len(training))
    _require_likes(training, classes, everything)
    scaler = _scaler(training, kinds)
    weights, biases = _moments(training, kinds, scaler, classes, everything).analysis()

    vectors = {kind: layers.Input(training[0][kind].shape, name=kind) for kind in kinds}
    inputs = list(vectors.values())
    x: Any = inputs[0] if len(inputs) == 1 else layers.Concatenate(name="values")(inputs)
    x = _standardised(x, scaler)
    x = _fixed("classes", x, "softmax", weights, biases)
    x = _fixed("emotions", x, None, classes.emotions)
    return keras.Model(vectors, x, name=name)


def distance(training: FeatureSubset, kind: str) -> keras.Model:
    """How far an utterance lies from what trained: {kind: [batch, values]} -> [batch, 1].

    The root mean square of its standardised values, clipped as in the analysis, as a multiple of
    the median training utterance's, and no less than 1.

    Parameters
    ----------
    training : FeatureSubset
        The training utterances.
    kind : str
        An utterance-level kind of features.
    """
    scaler = _scaler(training, (kind,))
    everything = np.arange(len(training))
    known = [
        np.sqrt(np.mean(np.square(np.clip(scaler.transform(values), -LIMIT, LIMIT)), axis=1))
        for _, values in _blocks(training, (kind,), everything)
    ]
    median = float(np.median(np.concatenate(known)))
    vector = layers.Input(training[0][kind].shape, name=kind)
    mean_square = ops.mean(ops.square(_standardised(vector, scaler)), axis=-1, keepdims=True)
    multiple = ops.maximum(ops.sqrt(mean_square) / median, 1.0)
    return keras.Model({kind: vector}, multiple, name=f"{kind}_distance")


def cross_fitted(training: FeatureSubset, kinds: tuple[str, ...]) -> np.ndarray:
    """What analyses make of training utterances by speakers that they were not fitted on.

    Parameters
    ----------
    training : FeatureSubset
        The training utterances. A recording by nobody known counts as a speaker of its own.
    kinds : tuple of str
        Utterance-level kinds of features, whose values are put side by side.

    Returns
    -------
    np.ndarray [shape=(utterances, labels)]
        Probabilities of the emotions.

    Raises
    ------
    PipelineError
        If there is one speaker only, or without some speakers no emotion has two recordings in a
        corpus and channel.
    """
    rows = training.manifest
    speakers = (
        rows["corpus"] + "/" + rows["speaker"].where(rows["speaker"] != "", rows["source_id"])
    )
    groups = min(GROUPS, speakers.nunique())
    if groups < 2:
        raise PipelineError(
            "a student learns from speakers whom its teacher does not know, but all training "
            f"recordings are by {speakers.iloc[0]}: train on two speakers or more."
        )
    classes, scaler = _Classes.of(training), _scaler(training, kinds)
    everything = np.arange(len(training))
    whole = _moments(training, kinds, scaler, classes, everything)
    found = np.zeros((len(training), len(training.labels)))
    for kept, held_out in GroupKFold(groups).split(everything, groups=speakers):
        _require_likes(training, classes, kept)
        others = whole.without(_moments(training, kinds, scaler, classes, held_out))
        weights, biases = others.analysis()
        for block, values in _blocks(training, kinds, held_out):
            logits = np.clip(scaler.transform(values), -LIMIT, LIMIT) @ weights + biases
            found[block] = softmax(logits, axis=1) @ classes.emotions
    return found


def _require_likes(training: FeatureSubset, classes: _Classes, chosen: np.ndarray) -> None:
    """Raise a `PipelineError` if no class has two of the chosen utterances' recordings."""
    recordings = training.manifest["source_id"].iloc[chosen].nunique()
    if recordings == len(np.unique(classes.of_utterance[chosen])):
        raise PipelineError(
            "a discriminant analysis learns how recordings of one emotion differ, but each of the "
            f"{recordings} training recordings is the only one of its corpus, channel and emotion: "
            "train on more."
        )


@dataclass(frozen=True)
class _Classes:
    """The classes of training utterances.

    Attributes
    ----------
    of_utterance : np.ndarray [shape=(utterances,), int]
        The class of each.
    emotions : np.ndarray [shape=(classes, labels), bool]
        Which label each class is of.
    """

    of_utterance: np.ndarray
    emotions: np.ndarray

    @classmethod
    def of(cls, training: FeatureSubset) -> Self:
        groups = training.manifest.groupby(["corpus", "channel", "emotion"])
        names = groups.size().index.get_level_values("emotion").to_numpy()
        return cls(groups.ngroup().to_numpy(), names[:, None] == np.array(training.labels))


@dataclass(frozen=True)
class _Moments:
    """All that an analysis must know of utterances, standardised; those of some can be taken off.

    Attributes
    ----------
    counts : np.ndarray [shape=(classes,)]
        Utterances of each class, by weight.
    sums : np.ndarray [shape=(classes, values)]
        The sum of each class.
    scatter : np.ndarray [shape=(values, values)]
        The sum of the products of values.
    """

    counts: np.ndarray
    sums: np.ndarray
    scatter: np.ndarray

    def without(self, others: _Moments) -> _Moments:
        """Those of the utterances that are not among the others."""
        return _Moments(
            self.counts - others.counts, self.sums - others.sums, self.scatter - others.scatter
        )

    def analysis(self) -> tuple[np.ndarray, np.ndarray]:
        """Weights [values, classes] and biases [classes]; a class that has none is never met."""
        means = self.sums / np.maximum(self.counts, 1)[:, None]
        within = (self.scatter - means.T @ (self.counts[:, None] * means)) / self.counts.sum()
        covariance = shrunk_covariance(within, SHRINKAGE)
        weights = solve(covariance, means.T, assume_a="pos")
        biases = np.where(self.counts > 0, -(weights * means.T).sum(axis=0) / 2, -np.inf)
        return SHARPNESS * weights, SHARPNESS * biases


def _scaler(training: FeatureSubset, kinds: tuple[str, ...]) -> StandardScaler:
    scaler = StandardScaler()
    for _, values in _blocks(training, kinds, np.arange(len(training))):
        scaler.partial_fit(values)
    return scaler


def _standardised(values: Any, scaler: StandardScaler) -> Any:
    """Standard scores of values, clipped at `LIMIT`."""
    normalization = layers.Normalization(
        mean=scaler.mean_, variance=scaler.var_, name="normalization"
    )
    return ops.clip(normalization(values), -LIMIT, LIMIT)


def _moments(
    training: FeatureSubset,
    kinds: tuple[str, ...],
    scaler: StandardScaler,
    classes: _Classes,
    chosen: np.ndarray,
) -> _Moments:
    """Those of the chosen utterances."""
    numbers = np.arange(len(classes.emotions))
    of_class = classes.of_utterance[chosen, None] == numbers
    counts = (training.weights[chosen, None] * of_class).sum(axis=0)
    sums: Any = 0
    scatter: Any = 0
    for block, values in _blocks(training, kinds, chosen):
        standard = np.clip(scaler.transform(values), -LIMIT, LIMIT)
        weights = training.weights[block, None]
        is_of_class = weights * (classes.of_utterance[block, None] == numbers)
        sums = sums + is_of_class.T @ standard
        scatter = scatter + (weights * standard).T @ standard
    return _Moments(counts, sums, scatter)


def _blocks(
    training: FeatureSubset, kinds: tuple[str, ...], chosen: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """A number of the chosen utterances at a time: which, and their values [utterances, values]."""
    for first in range(0, len(chosen), BLOCK):
        block = chosen[first : first + BLOCK]
        utterances = [training[int(position)] for position in block]
        values = [np.concatenate([one[kind] for kind in kinds]) for one in utterances]
        yield block, np.stack(values).astype(np.float64)


def _fixed(name: str, x: Any, activation: str | None, *weights: np.ndarray) -> Any:
    """A dense layer with given weights, and biases if given too, which training leaves alone."""
    kernel, *biases = weights
    dense = layers.Dense(
        kernel.shape[1], activation, use_bias=bool(biases), trainable=False, name=name
    )
    outputs = dense(x)
    dense.set_weights(weights)
    return outputs
