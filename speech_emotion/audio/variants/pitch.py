"""Another pitch, the duration kept."""

from typing import TYPE_CHECKING

import numpy as np

from speech_emotion.audio.vocoder import shift_pitch

if TYPE_CHECKING:
    from speech_emotion.audio.variants import Original

LOWEST, HIGHEST, UNIT = -24.0, 24.0, "semitones"
FORMAT = "+g"


def make(original: "Original", amount: float) -> np.ndarray:
    """The recording shifted by ``amount`` semitones, up (+) or down (-) [shape=(n,), float32]."""
    return shift_pitch(original.analysis, amount)
