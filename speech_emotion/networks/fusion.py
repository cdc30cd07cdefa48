"""What there is, added up: a CNN on log-mel spectrograms and an analysis of each kind of vector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from speech_emotion.networks import cnn2d, refuse_augmentation
from speech_emotion.networks.analyses import WEIGHTS, cautious

if TYPE_CHECKING:
    import keras

    from speech_emotion.data.feature_subset import FeatureSubset
    from speech_emotion.networks import Features
    from speech_emotion.params.train import AugmentationParams, CautionParams

KINDS = ("log_mel", "functionals", "whisper_pooled")
ANY_OF = True
CAUTIOUS = True


def build(training: FeatureSubset, caution: CautionParams | None = None) -> keras.Model:
    """The CNN untrained, the discriminant analyses fitted, added up.

    {"log_mel": [batch, 160, bands], each other kind: [batch, values]} -> [batch, labels].

    Parameters
    ----------
    training : FeatureSubset
        The training utterances.
    caution : CautionParams or None
        Of the analyses and of the sum.
    """
    return built_of(training, training.kinds, WEIGHTS, "fusion", caution)


def built_of(
    training: FeatureSubset,
    kinds: tuple[str, ...],
    weights: Mapping[str, float],
    name: str,
    caution: CautionParams | None,
) -> keras.Model:
    """The same of some of the kinds that the training utterances come with, weighted."""
    from speech_emotion.networks.parts.addition import added_up
    from speech_emotion.networks.parts.discriminant_analysis import fitted_analysis

    members = {
        kind: cnn2d.build(training)
        if kind in cnn2d.KINDS
        else fitted_analysis(training, (kind,), f"{kind}_lda")
        for kind in kinds
    }
    return added_up(members, weights, name, cautious(training, kinds, caution))


def inputs(utterance: Features) -> Features:
    """The crops, the vectors beside each: [crops, 160, bands] and [crops, values]."""
    vectors = {kind: utterance[kind][None] for kind in KINDS[1:] if kind in utterance}
    if "log_mel" not in utterance:
        return vectors
    segments = cnn2d.inputs(utterance)
    crops = len(segments["log_mel"])
    return {**segments, **{kind: np.repeat(value, crops, 0) for kind, value in vectors.items()}}


def training_input(
    utterance: Features, augmentation: AugmentationParams | None, draw: np.random.Generator
) -> Features:
    """What the CNN learns from, or the vectors where there is none."""
    if "log_mel" in utterance:
        return cnn2d.training_input(utterance, augmentation, draw)
    return {kind: utterance[kind] for kind in KINDS if kind in utterance}


def training_model(
    model: keras.Model, augmentation: AugmentationParams | None, seed: int
) -> keras.Model:
    """The CNN, which learns as if alone: {"log_mel": [batch, 160, bands]} -> [batch, labels]."""
    if "log_mel" in model.input:
        return cnn2d.training_model(model.get_layer("cnn2d"), augmentation, seed)
    return refuse_augmentation(model, augmentation)
