"""A 2-D CNN on log-mel spectrograms and a discriminant analysis of functionals, added up.

Each errs in its own way: they look at other features, and learn from them by other means.
"""

from typing import Any

import keras
from keras import layers, ops

from stages.lib.feature_view import FeatureView
from stages.lib.networks import cnn2d, functionals_lda
from stages.lib.networks.views import crops_and_vector
from stages.lib.params.train import AugmentationParams

NAME = "fusion"
KINDS = ("log_mel", "functionals")
inputs = crops_and_vector
training_input = cnn2d.training_input

LEAST_PROBABILITY = 1e-7
"""Smaller ones count as this much in logarithms, as in Keras' losses."""


def build(training: FeatureView) -> keras.Model:
    """The CNN untrained, the analysis fitted.

    {"log_mel": [batch, 160, bands], "functionals": [batch, values]} -> [batch, 8], a softmax of
    the sum of their log probabilities.

    Parameters
    ----------
    training : FeatureView
        The training utterances.
    """
    cnn = cnn2d.build(training)
    analysis = functionals_lda.build(training)
    spectrogram = layers.Input(cnn.input["log_mel"].shape[1:], name="log_mel")
    vector = layers.Input(analysis.input["functionals"].shape[1:], name="functionals")
    heard = _logarithms(cnn({"log_mel": spectrogram}))
    measured = _logarithms(analysis({"functionals": vector}))
    probabilities = layers.Softmax(name="emotions")(heard + measured)
    return keras.Model({"log_mel": spectrogram, "functionals": vector}, probabilities, name=NAME)


def training_model(
    model: keras.Model, augmentation: AugmentationParams | None, seed: int
) -> keras.Model:
    """The CNN, which learns as if alone: {"log_mel": [batch, 160, bands]} -> [batch, 8]."""
    return cnn2d.training_model(model.get_layer(cnn2d.NAME), augmentation, seed)


def _logarithms(probabilities: Any) -> Any:
    return ops.log(ops.maximum(probabilities, LEAST_PROBABILITY))
