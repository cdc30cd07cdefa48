"""Nothing above a frequency, as from a telephone."""

from typing import TYPE_CHECKING

import numpy as np

from speech_emotion.audio.band import limit_band

if TYPE_CHECKING:
    from speech_emotion.audio.variants import Original

LOWEST, HIGHEST, UNIT = 500.0, 8000.0, "Hz"


def make(original: "Original", amount: float) -> np.ndarray:
    """The recording without what lies above ``amount`` Hz [shape=(n,), float32]."""
    return limit_band(original.samples, original.sample_rate, amount)
