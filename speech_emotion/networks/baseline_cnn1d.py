"""The network of the original recipe, a 1-D CNN along the mean MFCCs of an utterance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras

    from speech_emotion.data.feature_subset import FeatureSubset
    from speech_emotion.networks import Features
    from speech_emotion.params.train import AugmentationParams

KINDS = ("mfcc_mean",)

CHANNELS = (64, 128, 256)
KERNEL = 5
POOL = 4
DROPOUT = 0.1


def build(training: FeatureSubset) -> keras.Model:
    """The untrained network: {"mfcc_mean": [batch, coefficients, 1]} -> [batch, labels].

    Like the original it standardises nothing; of ``training`` it reads only the input's size.
    """
    import keras
    from keras import layers

    coefficients = len(next(iter(training))["mfcc_mean"])
    x = vector = layers.Input((coefficients, 1), name="mfcc_mean")
    for number, channels in enumerate(CHANNELS, start=1):
        if number > 1:
            x = layers.MaxPooling1D(POOL, name=f"pool{number - 1}")(x)
        x = layers.Conv1D(
            channels, KERNEL, padding="same", activation="relu", name=f"convolution{number}"
        )(x)
        x = layers.Dropout(DROPOUT, name=f"dropout{number}")(x)
    x = layers.Flatten(name="flatten")(x)
    probabilities = layers.Dense(len(training.labels), "softmax", name="emotions")(x)
    return keras.Model({"mfcc_mean": vector}, probabilities, name="baseline_cnn1d")


def inputs(utterance: Features) -> Features:
    """The one vector of an utterance as a sequence: {"mfcc_mean": [1, coefficients, 1]}."""
    return {"mfcc_mean": utterance["mfcc_mean"].astype(np.float32)[None, :, None]}


def training_input(
    utterance: Features, augmentation: AugmentationParams | None, draw: np.random.Generator
) -> Features:
    """The same without the leading dimension: {"mfcc_mean": [coefficients, 1]}."""
    return {"mfcc_mean": inputs(utterance)["mfcc_mean"][0]}
