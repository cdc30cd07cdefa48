"""Another speed of playing: tempo, pitch and formants change together, as if somebody else spoke.

Ko et al., "Audio Augmentation for Speech Recognition", Interspeech 2015.
"""

from typing import TYPE_CHECKING

import numpy as np
import soxr

if TYPE_CHECKING:
    from speech_emotion.audio.variants import Original

LOWEST, HIGHEST, UNIT = 0.5, 2.0, "times the speed"


def make(original: "Original", amount: float) -> np.ndarray:
    """The recording played ``amount`` times as fast [shape=(about n / amount,), float32]."""
    return soxr.resample(original.samples, amount * original.sample_rate, original.sample_rate)
