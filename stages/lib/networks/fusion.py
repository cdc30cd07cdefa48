"""Several 2-D CNNs on log-mel spectrograms and a discriminant analysis of functionals, added up.

Each member of the sum errs in its own way: the CNNs by their initial weights and by what they
happened to be shown, the analysis by looking at other features.
"""

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from stages.lib.feature_view import FeatureView
from stages.lib.networks import cnn2d, functionals_lda
from stages.lib.networks.network import Features
from stages.lib.networks.statistics import frame_statistics
from stages.lib.networks.views import crops_and_vector
from stages.lib.params.train import AugmentationParams

NAME = "fusion"
KINDS = ("log_mel", "functionals")
inputs = crops_and_vector

MEMBERS = 2
"""CNNs whose mean is added to the analysis."""

LEAST_PROBABILITY = 1e-7
"""Smaller ones count as this much in logarithms, as in Keras' losses."""


def build(training: FeatureView) -> keras.Model:
    """The CNNs untrained, the analysis fitted.

    {"log_mel": [batch, 160, bands], "functionals": [batch, values]} -> [batch, 8], a softmax of
    the analysis' log probabilities and the mean of the CNNs'.

    Parameters
    ----------
    training : FeatureView
        The training utterances.
    """
    statistics = frame_statistics(training, "log_mel")
    members = [cnn2d.network(*statistics, name) for name in _names()]
    analysis = functionals_lda.build(training)
    spectrogram = layers.Input(members[0].input["log_mel"].shape[1:], name="log_mel")
    vector = layers.Input(analysis.input["functionals"].shape[1:], name="functionals")
    heard = _mean_of_logarithms([member({"log_mel": spectrogram}) for member in members])
    measured = _mean_of_logarithms([analysis({"functionals": vector})])
    probabilities = layers.Softmax(name="emotions")(heard + measured)
    return keras.Model({"log_mel": spectrogram, "functionals": vector}, probabilities, name=NAME)


def training_model(
    model: keras.Model, augmentation: AugmentationParams | None, seed: int
) -> keras.Model:
    """The CNNs, each behind its own crops: {"log_mel": [batch, members, 160, bands]}.

    The output is the geometric mean of the members' probabilities, not scaled to sum to 1: its
    logarithmic loss is the mean of the members' losses, so that each learns as if alone.
    """
    members = [model.get_layer(name) for name in _names()]
    crops = layers.Input((MEMBERS, *model.input["log_mel"].shape[1:]), name="log_mel")
    parts = [
        cnn2d.training_model(member, augmentation, seed + number)({"log_mel": crops[:, number]})
        for number, member in enumerate(members)
    ]
    outputs = ops.exp(_mean_of_logarithms(parts))
    return keras.Model({"log_mel": crops}, outputs, name="training")


def training_input(
    utterance: Features, augmentation: AugmentationParams | None, draw: np.random.Generator
) -> Features:
    """A crop for each CNN: {"log_mel": [members, 160, bands]}."""
    crops = [cnn2d.training_input(utterance, augmentation, draw) for _ in range(MEMBERS)]
    return {"log_mel": np.stack([crop["log_mel"] for crop in crops])}


def _names() -> list[str]:
    return [f"{cnn2d.NAME}_{number}" for number in range(1, MEMBERS + 1)]


def _mean_of_logarithms(probabilities: list[Any]) -> Any:
    logarithms = [ops.log(ops.maximum(part, LEAST_PROBABILITY)) for part in probabilities]
    return sum(logarithms) / len(logarithms)
