"""The network of the original recipe, a 1-D CNN along the mean MFCCs of an utterance."""

from collections.abc import Iterable

import keras
import numpy as np
from keras import layers

from stages.lib.dataset import EMOTIONS
from stages.lib.networks.augmentation import refuse_augmentation
from stages.lib.networks.network import Features
from stages.lib.networks.views import mean_sequence
from stages.lib.params.train import AugmentationParams

NAME = "baseline_cnn1d"
KINDS = ("mfcc_mean",)
inputs = mean_sequence

CHANNELS = (64, 128, 256)
KERNEL = 5
POOL = 4
DROPOUT = 0.1


def build(training: Iterable[Features]) -> keras.Model:
    """The untrained network: {"mfcc_mean": [batch, coefficients, 1]} -> [batch, 8].

    Like the original it standardises nothing; of ``training`` it reads only the input's size.
    """
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
    probabilities = layers.Dense(len(EMOTIONS), "softmax", name="emotions")(x)
    return keras.Model({"mfcc_mean": vector}, probabilities, name=NAME)


def training_model(
    model: keras.Model, augmentation: AugmentationParams | None, seed: int
) -> keras.Model:
    """The network itself: there is nothing in a mean over time that could be augmented."""
    refuse_augmentation(NAME, augmentation)
    return model


def training_input(
    utterance: Features, augmentation: AugmentationParams | None, draw: np.random.Generator
) -> Features:
    """The utterance's vector as a sequence: {"mfcc_mean": [coefficients, 1]}."""
    return {"mfcc_mean": utterance["mfcc_mean"].astype(np.float32)[:, None]}
