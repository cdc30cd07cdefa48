"""Another speed, the pitch kept: 0.5 lasts twice as long, 2 half as long."""

from typing import TYPE_CHECKING

import numpy as np

from speech_emotion.audio.vocoder import stretch

if TYPE_CHECKING:
    from speech_emotion.audio.variants import Original

LOWEST, HIGHEST, UNIT = 0.25, 4.0, "times the speed"


def make(original: "Original", amount: float) -> np.ndarray:
    """The recording ``amount`` times as fast [shape=(round(n / amount),), float32]."""
    return stretch(original.analysis, amount)
