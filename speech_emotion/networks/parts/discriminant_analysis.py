"""Linear discriminant analysis of utterance-level features, fitted in closed form.

With Gaussian classes of one covariance the probabilities are a softmax of an affine map, so the
fitted analysis is an ordinary Keras model with nothing left to train.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.linalg import solve
from sklearn.covariance import shrunk_covariance
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


def fitted_analysis(training: FeatureSubset, kinds: tuple[str, ...], name: str) -> keras.Model:
    """The fitted analysis: {kind: [batch, values], ...} -> [batch, labels].

    A class is an emotion in a corpus and channel, since singing a sad song and speaking sadly
    have little in common but the name; the classes of an emotion are added up. All classes are
    equally probable a priori.

    Parameters
    ----------
    training : FeatureSubset
        The training utterances: features and emotions. Variants count like recordings: what noise
        does to a value is part of how recordings of one class differ.
    kinds : tuple of str
        Utterance-level kinds of features, whose values are put side by side.
    name : str
        The network's.

    Raises
    ------
    PipelineError
        If no emotion has two recordings in a corpus and channel.
    """
    scaler = StandardScaler()
    for _, values in _blocks(training, kinds):
        scaler.partial_fit(values)
    weights, biases, emotions = _fit(training, kinds, name, scaler)

    normalization = layers.Normalization(
        mean=scaler.mean_, variance=scaler.var_, name="normalization"
    )
    vectors = {kind: layers.Input(training[0][kind].shape, name=kind) for kind in kinds}
    inputs = list(vectors.values())
    x: Any = inputs[0] if len(inputs) == 1 else layers.Concatenate(name="values")(inputs)
    x = ops.clip(normalization(x), -LIMIT, LIMIT)
    x = _fixed("classes", x, "softmax", weights, biases)
    x = _fixed("emotions", x, None, emotions)
    return keras.Model(vectors, x, name=name)


def _blocks(training: FeatureSubset, kinds: tuple[str, ...]) -> Iterator[tuple[slice, np.ndarray]]:
    """A number of utterances at a time: which, and their values [utterances, values]."""
    for first in range(0, len(training), BLOCK):
        block = slice(first, min(first + BLOCK, len(training)))
        utterances = [training[position] for position in range(block.start, block.stop)]
        values = [np.concatenate([one[kind] for kind in kinds]) for one in utterances]
        yield block, np.stack(values).astype(np.float64)


def _fit(
    training: FeatureSubset, kinds: tuple[str, ...], name: str, scaler: StandardScaler
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights [values, classes] and biases [classes]; which label each is of [classes, labels]."""
    groups = training.manifest.groupby(["corpus", "channel", "emotion"])
    classes, of_utterance = groups.size(), groups.ngroup().to_numpy()
    counts = classes.to_numpy()
    if training.manifest["source_id"].nunique() == len(classes):
        raise PipelineError(
            f"the network {name!r} learns how recordings of one emotion differ, but each of the "
            f"{len(classes)} training recordings is the only one of its corpus, channel and "
            "emotion: train on more."
        )
    sums: Any = 0
    scatter: Any = 0
    for block, values in _blocks(training, kinds):
        standard = np.clip(scaler.transform(values), -LIMIT, LIMIT)
        is_of_class = of_utterance[block, None] == np.arange(len(classes))
        sums = sums + is_of_class.T.astype(np.float64) @ standard
        scatter = scatter + standard.T @ standard
    means = sums / counts[:, None]
    within = (scatter - means.T @ (counts[:, None] * means)) / len(training)
    covariance = shrunk_covariance(within, SHRINKAGE)
    weights = solve(covariance, means.T, assume_a="pos")
    biases = -(weights * means.T).sum(axis=0) / 2
    weights, biases = SHARPNESS * weights, SHARPNESS * biases
    emotions = classes.index.get_level_values("emotion").to_numpy()
    return weights, biases, emotions[:, None] == np.array(training.labels)


def _fixed(name: str, x: Any, activation: str | None, *weights: np.ndarray) -> Any:
    """A dense layer with given weights, and biases if given too, which training leaves alone."""
    kernel, *biases = weights
    dense = layers.Dense(
        kernel.shape[1], activation, use_bias=bool(biases), trainable=False, name=name
    )
    outputs = dense(x)
    dense.set_weights(weights)
    return outputs
