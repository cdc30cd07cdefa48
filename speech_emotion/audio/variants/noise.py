"""White noise at a signal-to-noise ratio."""

from typing import TYPE_CHECKING

import numpy as np

from speech_emotion.audio.noise import add_noise

if TYPE_CHECKING:
    from speech_emotion.audio.variants import Original

LOWEST, HIGHEST, UNIT = -20.0, 80.0, "dB"


def make(original: "Original", amount: float) -> np.ndarray:
    """The recording with noise ``amount`` dB below it [shape=(n,), float32]."""
    return add_noise(original.samples, amount, f"{original.id}_noise{amount:g}")
