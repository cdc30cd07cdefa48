"""Linear discriminant analysis of what an encoder makes of an utterance, fitted in closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

    from speech_emotion.data.feature_subset import FeatureSubset

KINDS = ("whisper_pooled",)


def build(training: FeatureSubset) -> keras.Model:
    """The fitted analysis: {"whisper_pooled": [batch, values]} -> [batch, labels]."""
    from speech_emotion.networks.parts.discriminant_analysis import fitted_analysis

    return fitted_analysis(training, KINDS, "whisper_lda")
