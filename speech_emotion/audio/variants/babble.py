"""Other people talking: one of them, or several at once.

They are made of other recordings of the same speaker, each at a speed of its own and so with
another's voice. Nobody's voice therefore gets into a recording but that of its speaker, and
training never hears a speaker who is held out of it.
"""

from typing import TYPE_CHECKING

import numpy as np
import soxr

from speech_emotion.audio import background_sounds
from speech_emotion.audio.loudness import amplitude_ratio
from speech_emotion.audio.noise import mix_somewhere_above, random_numbers

if TYPE_CHECKING:
    from speech_emotion.audio.variants import Original

LOWEST, HIGHEST, UNIT = -20.0, 80.0, "dB"
BEFORE_CLEANING = True

MOST = 6
"""Most people who talk at once."""

SPEEDS = (0.75, 1.35)
"""Slowest and fastest speed of playing."""

SOFTEST = 7.0
"""How much softer than the loudest one of them may be, in dB."""


def make(original: "Original", amount: float) -> np.ndarray:
    """The recording with talking at least ``amount`` dB below it [shape=(n,), float32].

    Where the speaker has no other recording, voices that code makes talk.
    """
    length, seed = len(original.samples), f"{original.id}_babble{amount:g}"
    random = random_numbers(seed)
    if original.others:
        talk = np.zeros(length, np.float32)
        # as often one as several
        for _ in range(1 if random.random() < 0.5 else random.integers(2, MOST, endpoint=True)):
            talk += amplitude_ratio(-SOFTEST * random.random()) * _somebody(original, random)
    else:
        talk = background_sounds.babble(length, original.sample_rate, seed, "training ")
    return mix_somewhere_above(original.samples, talk, amount, random)


def _somebody(original: "Original", random: np.random.Generator) -> np.ndarray:
    """One voice, as long as the recording, equally loud whoever it is."""
    speed = SPEEDS[0] * (SPEEDS[1] / SPEEDS[0]) ** random.random()
    rate, length = original.sample_rate, len(original.samples)
    strand: list[np.ndarray] = []
    while sum(map(len, strand)) < length:
        other = original.others[int(random.integers(len(original.others)))]
        strand.append(soxr.resample(other, speed * rate, rate))
    talk = np.roll(np.concatenate(strand), random.integers(length))[:length]
    loudness = np.sqrt(np.mean(np.square(talk), dtype=np.float64))
    return talk / np.float32(loudness) if loudness else talk
