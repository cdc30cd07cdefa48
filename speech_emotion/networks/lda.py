"""Linear discriminant analysis of all utterance-level features, fitted in closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

    from speech_emotion.data.feature_subset import FeatureSubset

KINDS = None


def build(training: FeatureSubset) -> keras.Model:
    """The fitted analysis: {kind: [batch, values], ...} -> [batch, labels]."""
    from speech_emotion.networks.parts.discriminant_analysis import fitted_analysis

    return fitted_analysis(training, training.kinds, "lda")
