"""Keys, clicks and knocks, or a cough."""

from typing import TYPE_CHECKING

import numpy as np

from speech_emotion.audio import background_sounds
from speech_emotion.audio.noise import mix_somewhere_above, random_numbers

if TYPE_CHECKING:
    from speech_emotion.audio.variants import Original

LOWEST, HIGHEST, UNIT = -20.0, 80.0, "dB"
BEFORE_CLEANING = True

COUGHS = 0.3
"""Share of the recordings that get a cough."""


def make(original: "Original", amount: float) -> np.ndarray:
    """The recording with short sounds at least ``amount`` dB below it [shape=(n,), float32].

    The ratio is over the whole recording: the sounds themselves are louder.
    """
    seed = f"{original.id}_knocks{amount:g}"
    random = random_numbers(f"{seed}_kind")
    make_sound = background_sounds.cough if random.random() < COUGHS else background_sounds.knocks
    sound = make_sound(len(original.samples), original.sample_rate, seed)
    return mix_somewhere_above(original.samples, sound, amount, random)
