"""A narrow-band telephone: nothing below 300 Hz or above some 3,400 Hz, and its coding."""

from typing import TYPE_CHECKING

import numpy as np

from speech_emotion.audio.encodings import TELEPHONE_CODERS, through_telephone
from speech_emotion.audio.noise import random_numbers

if TYPE_CHECKING:
    from speech_emotion.audio.variants import Original

LOWEST, HIGHEST, UNIT = 2000.0, 3900.0, "Hz"
BEFORE_CLEANING = True

NARROWER = 600.0
"""The band may end so many Hz lower."""


def make(original: "Original", amount: float) -> np.ndarray:
    """The recording in a band up to ``amount`` Hz, by G.711 or GSM [shape=(n,), float32]."""
    random = random_numbers(f"{original.id}_telephone{amount:g}")
    coder, highest = random.choice(TELEPHONE_CODERS), random.uniform(amount - NARROWER, amount)
    return through_telephone(original.samples, original.sample_rate, coder, highest)
