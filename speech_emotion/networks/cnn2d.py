"""A small residual 2-D CNN on log-mel spectrograms, pooled over time by attention."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from speech_emotion.networks.parts.crops import FRAMES, crops, read_frames
from speech_emotion.networks.parts.statistics import frame_statistics

if TYPE_CHECKING:
    import keras

    from speech_emotion.data.feature_subset import FeatureSubset
    from speech_emotion.networks import Features
    from speech_emotion.params.train import AugmentationParams

KINDS = ("log_mel",)
inputs = crops

STEM_CHANNELS = 16
BLOCKS = (32, 64, 128)
"""Channels of each residual block, every one at half the resolution of the one before."""

ATTENTION_UNITS = 32
DROPOUT = 0.3
NORMALIZATION_MOMENTUM = 0.9
NORMALIZATION_EPSILON = 1e-5


def build(training: FeatureSubset) -> keras.Model:
    """The untrained network: {"log_mel": [batch, 160, bands]} -> [batch, labels].

    Parameters
    ----------
    training : FeatureSubset
        The training utterances, whose mean and variance by band standardise every input.
    """
    import keras
    from keras import layers, ops

    from speech_emotion.networks.parts.layers import WeightedStatistics

    mean, variance = frame_statistics(training, "log_mel")
    spectrogram = layers.Input((FRAMES, len(mean)), name="log_mel")
    x = layers.Normalization(mean=mean, variance=variance, name="normalization")(spectrogram)
    x = layers.Reshape((FRAMES, len(mean), 1), name="channel")(x)
    x = _convolution(x, STEM_CHANNELS, kernel=5, stride=2, name="stem")
    x = layers.ReLU(name="stem_relu")(x)
    for number, channels in enumerate(BLOCKS, start=1):
        x = _residual_block(x, channels, f"block{number}")
    frames = ops.mean(x, axis=2)
    scores = _dense(ATTENTION_UNITS, "tanh", "attention_hidden")(frames)
    scores = _dense(frames.shape[-1], None, "attention_scores")(scores)
    x = WeightedStatistics(name="statistics")(frames, scores)
    x = layers.Dropout(DROPOUT, name="dropout")(x)
    probabilities = _dense(len(training.labels), "softmax", "emotions")(x)
    return keras.Model({"log_mel": spectrogram}, probabilities, name="cnn2d")


def training_model(
    model: keras.Model, augmentation: AugmentationParams | None, seed: int
) -> keras.Model:
    """The network behind the layer that changes spectrograms during training."""
    if augmentation is None:
        return model
    import keras
    from keras import layers, ops

    from speech_emotion.networks.parts.augmentation import SpectrogramAugmentation

    normalization = model.get_layer("normalization")
    augment = SpectrogramAugmentation(
        mel_warp=augmentation.mel_warp,
        mel_shift=augmentation.mel_shift,
        gain=augmentation.gain,
        frequency_masks=(
            augmentation.frequency_masks.count,
            augmentation.frequency_masks.max_width,
        ),
        time_masks=(augmentation.time_masks.count, augmentation.time_masks.max_width),
        fill=ops.convert_to_numpy(normalization.mean).ravel().tolist(),
        seed=seed,
    )
    spectrogram = layers.Input(model.input["log_mel"].shape[1:], name="log_mel")
    return keras.Model(
        {"log_mel": spectrogram},
        model({"log_mel": augment(spectrogram)}),
        name="training",
    )


def training_input(
    utterance: Features, augmentation: AugmentationParams | None, draw: np.random.Generator
) -> Features:
    """A crop of random place and tempo: {"log_mel": [160, bands]}."""
    bound = augmentation.time_stretch if augmentation else 0.0
    tempo = float(np.exp(draw.uniform(-bound, bound)))
    frames = utterance["log_mel"]
    spare = len(frames) - tempo * FRAMES
    start = draw.uniform(min(0.0, spare), max(0.0, spare))
    return {"log_mel": read_frames(frames, start + tempo * np.arange(FRAMES))}


def _residual_block(x: Any, channels: int, name: str) -> Any:
    """Two convolutions beside a shortcut; the shortcut averages what the stride would skip."""
    from keras import layers

    shortcut = layers.AveragePooling2D(2, padding="same", name=f"{name}_pool")(x)
    shortcut = _convolution(shortcut, channels, 1, 1, f"{name}_shortcut")
    x = _convolution(x, channels, 3, 2, f"{name}_first")
    x = layers.ReLU(name=f"{name}_first_relu")(x)
    x = _convolution(x, channels, 3, 1, f"{name}_second")
    x = layers.Add(name=f"{name}_add")([x, shortcut])
    return layers.ReLU(name=f"{name}_relu")(x)


def _convolution(x: Any, channels: int, kernel: int, stride: int, name: str) -> Any:
    """Convolution and batch normalisation, padded by the same at both ends."""
    from keras import layers

    x = layers.ZeroPadding2D(kernel // 2, name=f"{name}_padding")(x)
    x = layers.Conv2D(
        channels,
        kernel,
        stride,
        use_bias=False,
        kernel_initializer=_initializer(),
        name=f"{name}_convolution",
    )(x)
    return layers.BatchNormalization(
        momentum=NORMALIZATION_MOMENTUM,
        epsilon=NORMALIZATION_EPSILON,
        name=f"{name}_normalization",
    )(x)


def _dense(units: int, activation: str | None, name: str) -> keras.layers.Dense:
    from keras import layers

    return layers.Dense(units, activation, kernel_initializer=_initializer(), name=name)


def _initializer() -> keras.initializers.Initializer:
    """Uniform within 1 / sqrt(fan in), an instance for each layer: instances repeat their draw."""
    import keras

    return keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")
