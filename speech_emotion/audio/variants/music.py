"""Music in the background, made by code."""

from typing import TYPE_CHECKING

import numpy as np

from speech_emotion.audio import background_sounds
from speech_emotion.audio.noise import mix_somewhere_above, random_numbers

if TYPE_CHECKING:
    from speech_emotion.audio.variants import Original

LOWEST, HIGHEST, UNIT = -20.0, 80.0, "dB"
BEFORE_CLEANING = True


def make(original: "Original", amount: float) -> np.ndarray:
    """The recording with music at least ``amount`` dB below it [shape=(n,), float32]."""
    seed = f"{original.id}_music{amount:g}"
    length = len(original.samples)
    sound = background_sounds.music(length, original.sample_rate, seed, "training ")
    return mix_somewhere_above(original.samples, sound, amount, random_numbers(f"{seed}_ratio"))
