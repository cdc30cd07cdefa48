"""A recording that was too loud for what recorded it, and was clipped."""

from typing import TYPE_CHECKING

import numpy as np

from speech_emotion.audio.loudness import amplitude_ratio
from speech_emotion.audio.noise import as_loud_as, random_numbers

if TYPE_CHECKING:
    from speech_emotion.audio.variants import Original

LOWEST, HIGHEST, UNIT = 0.0, 40.0, "dB"
BEFORE_CLEANING = True


def make(original: "Original", amount: float) -> np.ndarray:
    """The recording, its peak cut by up to ``amount`` dB, as loud as it was [shape=(n,), float32].

    What is cut from is drawn from the upper half of that range.
    """
    random = random_numbers(f"{original.id}_clipping{amount:g}")
    highest = np.abs(original.samples).max() * amplitude_ratio(-random.uniform(amount / 2, amount))
    return as_loud_as(original.samples, np.clip(original.samples, -highest, highest))
