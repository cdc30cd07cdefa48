"""A CNN and functionals, taught by an encoder that prediction does without.

The CNN learns what analyses of the encoder's features and of functionals make of utterances by
speakers whom they do not know, in place of the emotions that were acted (Hinton et al., "Distilling
the Knowledge in a Neural Network", 2015).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from speech_emotion.networks import analyses, cnn2d, fusion

if TYPE_CHECKING:
    import keras

    from speech_emotion.data.feature_subset import FeatureSubset
    from speech_emotion.params.train import CautionParams

KINDS = ("log_mel", "functionals")
TAUGHT_BY = ("whisper_pooled",)
CAUTIOUS = True

WEIGHTS = {"log_mel": 0.5}
"""How much the CNN's log probabilities count, beside those of the functionals once."""

TEMPERATURE = 2.0
"""What the teacher's log probabilities are divided by: without it, it leaves little but its first
choice to learn."""

inputs = fusion.inputs
training_input = cnn2d.training_input
training_model = fusion.training_model


def build(training: FeatureSubset, caution: CautionParams | None = None) -> keras.Model:
    """The CNN untrained, the analysis of functionals fitted, added up as in `fusion`."""
    return fusion.built_of(training, KINDS, WEIGHTS, "student", caution)


def targets(training: FeatureSubset) -> np.ndarray:
    """What the teacher makes of each utterance [utterances, labels]."""
    from scipy.special import softmax

    from speech_emotion.networks.parts.addition import LEAST_PROBABILITY
    from speech_emotion.networks.parts.discriminant_analysis import cross_fitted

    logarithms = [
        analyses.WEIGHTS.get(kind, 1.0)
        * np.log(np.maximum(cross_fitted(training, (kind,)), LEAST_PROBABILITY))
        for kind in ("functionals", *TAUGHT_BY)
    ]
    answers: np.ndarray = softmax(sum(logarithms) / TEMPERATURE, axis=1)
    return answers.astype(np.float32)
