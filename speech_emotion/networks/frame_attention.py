"""A small head on the frame embeddings of a frozen encoder: layers weighed, time attended to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from speech_emotion.networks.parts.statistics import frame_statistics

if TYPE_CHECKING:
    import keras

    from speech_emotion.data.feature_subset import FeatureSubset
    from speech_emotion.networks import Features
    from speech_emotion.params.train import AugmentationParams

KINDS = ("whisper",)
ON_LITERT = False

FRAMES = 256
"""Frames that the network sees at once: 5.12 s, longer than nearly all acted utterances."""

CHANNELS = 128
ATTENTION_UNITS = 32
DROPOUT = 0.3

IGNORED = -1e9
"""The score of a frame that is none: its softmax weight is 0."""


def build(training: FeatureSubset) -> keras.Model:
    """The untrained network: {"whisper": [batch, 256, layers, dimensions]} -> [batch, labels].

    Frames of zeros are padding, which the attention never looks at.

    Parameters
    ----------
    training : FeatureSubset
        The training utterances, whose mean and variance by layer and dimension standardise every
        input, so that layers of different size can be weighed against each other.
    """
    import keras
    from keras import layers, ops

    from speech_emotion.networks.parts.layers import LayerWeighting, WeightedStatistics

    mean, variance = frame_statistics(training, "whisper")
    embeddings = layers.Input((FRAMES, *mean.shape), dtype="float16", name="whisper")
    is_frame = ops.any(ops.not_equal(embeddings, 0), axis=(2, 3))
    x = layers.Normalization(axis=(2, 3), mean=mean, variance=variance, name="normalization")(
        embeddings
    )
    x = LayerWeighting(name="layer_weighting")(x)
    x = layers.Dropout(DROPOUT, name="embedding_dropout")(x)
    frames = layers.Dense(CHANNELS, "gelu", name="frames")(x)
    scores = layers.Dense(ATTENTION_UNITS, "tanh", name="attention_hidden")(frames)
    scores = layers.Dense(CHANNELS, name="attention_scores")(scores)
    scores = ops.where(ops.expand_dims(is_frame, 2), scores, IGNORED)
    x = WeightedStatistics(name="statistics")(frames, scores)
    x = layers.Dropout(DROPOUT, name="dropout")(x)
    probabilities = layers.Dense(len(training.labels), "softmax", name="emotions")(x)
    return keras.Model({"whisper": embeddings}, probabilities, name="frame_attention")


def training_input(
    utterance: Features, augmentation: AugmentationParams | None, draw: np.random.Generator
) -> Features:
    """The utterance, or a crop of random place if it is longer: {"whisper": [256, ...]}."""
    frames = utterance["whisper"]
    return {"whisper": _read(frames, int(draw.integers(max(0, len(frames) - FRAMES) + 1)))}


def inputs(utterance: Features) -> Features:
    """Evenly spaced crops that together cover the utterance: {"whisper": [crops, 256, ...]}."""
    frames = utterance["whisper"]
    crops = -(-len(frames) // FRAMES)
    starts = np.linspace(0, max(0, len(frames) - FRAMES), crops).round().astype(int)
    return {"whisper": np.stack([_read(frames, start) for start in starts])}


def _read(frames: np.ndarray, start: int) -> np.ndarray:
    """256 frames from ``start`` on, with zeros behind the last."""
    part = frames[start : start + FRAMES]
    return np.pad(part, [(0, FRAMES - len(part)), (0, 0), (0, 0)])
