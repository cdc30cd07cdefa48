"""A 2-D CNN on log-mel spectrograms and a discriminant analysis of functionals, added up.

Each errs in its own way: they look at other features, and learn from them by other means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from speech_emotion.networks import cnn2d, functionals_lda

if TYPE_CHECKING:
    import keras

    from speech_emotion.data.feature_subset import FeatureSubset
    from speech_emotion.networks import Features
    from speech_emotion.params.train import AugmentationParams

KINDS = (*cnn2d.KINDS, *functionals_lda.KINDS)
training_input = cnn2d.training_input

LEAST_PROBABILITY = 1e-7
"""Smaller ones count as this much in logarithms, as in Keras' losses."""


def build(training: FeatureSubset) -> keras.Model:
    """The CNN untrained, the analysis fitted.

    {"log_mel": [batch, 160, bands], "functionals": [batch, values]} -> [batch, labels], a softmax
    of the sum of their log probabilities.

    Parameters
    ----------
    training : FeatureSubset
        The training utterances.
    """
    import keras
    from keras import layers

    cnn = cnn2d.build(training)
    analysis = functionals_lda.build(training)
    spectrogram = layers.Input(cnn.input["log_mel"].shape[1:], name="log_mel")
    vector = layers.Input(analysis.input["functionals"].shape[1:], name="functionals")
    by_cnn = _logarithms(cnn({"log_mel": spectrogram}))
    by_analysis = _logarithms(analysis({"functionals": vector}))
    probabilities = layers.Softmax(name="emotions")(by_cnn + by_analysis)
    return keras.Model(
        {"log_mel": spectrogram, "functionals": vector}, probabilities, name="fusion"
    )


def inputs(utterance: Features) -> Features:
    """The crops, the functionals beside each: [crops, 160, bands] and [crops, values]."""
    segments = cnn2d.inputs(utterance)
    vectors = np.repeat(utterance["functionals"][None], len(segments["log_mel"]), axis=0)
    return {**segments, "functionals": vectors}


def training_model(
    model: keras.Model, augmentation: AugmentationParams | None, seed: int
) -> keras.Model:
    """The CNN, which learns as if alone: {"log_mel": [batch, 160, bands]} -> [batch, labels]."""
    return cnn2d.training_model(model.get_layer("cnn2d"), augmentation, seed)


def _logarithms(probabilities: Any) -> Any:
    from keras import ops

    return ops.log(ops.maximum(probabilities, LEAST_PROBABILITY))
