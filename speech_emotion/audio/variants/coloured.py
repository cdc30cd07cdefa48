"""Noise of any colour from white to brown, as of rooms, wind and traffic."""

from typing import TYPE_CHECKING

import numpy as np
from scipy.fft import next_fast_len

from speech_emotion.audio.noise import (
    STEEPEST,
    coloured_noise,
    mix_somewhere_above,
    random_numbers,
)

if TYPE_CHECKING:
    from speech_emotion.audio.variants import Original

LOWEST, HIGHEST, UNIT = -20.0, 80.0, "dB"
BEFORE_CLEANING = True


def make(original: "Original", amount: float) -> np.ndarray:
    """The recording with noise at least ``amount`` dB below it [shape=(n,), float32]."""
    random = random_numbers(f"{original.id}_coloured{amount:g}")
    length = len(original.samples)
    # of a length that is quickly transformed
    noise = coloured_noise(next_fast_len(length, real=True), random, random.uniform(0, STEEPEST))
    return mix_somewhere_above(original.samples, noise[:length], amount, random)
