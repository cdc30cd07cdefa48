"""Linear discriminant analysis of utterance functionals, fitted in closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

    from speech_emotion.data.feature_subset import FeatureSubset

KINDS = ("functionals",)


def build(training: FeatureSubset) -> keras.Model:
    """The fitted analysis: {"functionals": [batch, values]} -> [batch, labels]."""
    from speech_emotion.networks.parts.discriminant_analysis import fitted_analysis

    return fitted_analysis(training, KINDS, "functionals_lda")
