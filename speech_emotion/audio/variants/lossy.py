"""What Opus or MP3 leave of a recording at a low bit rate."""

from typing import TYPE_CHECKING

import numpy as np

from speech_emotion.audio.encodings import LOSSY, compressed
from speech_emotion.audio.noise import random_numbers

if TYPE_CHECKING:
    from speech_emotion.audio.variants import Original

LOWEST, HIGHEST, UNIT = 6.0, 128.0, "kbit/s"
BEFORE_CLEANING = True

HIGHER = 2.0
"""The bit rate may be so many times higher."""


def make(original: "Original", amount: float) -> np.ndarray:
    """The recording coded with ``amount`` kbit/s or somewhat more [shape=(n,), float32]."""
    random = random_numbers(f"{original.id}_lossy{amount:g}")
    form, bit_rate = random.choice(sorted(LOSSY)), amount * HIGHER ** random.random()
    return compressed(original.samples, original.sample_rate, form, bit_rate)
