"""A voice some way off in a room, in one of many."""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from speech_emotion.audio.noise import random_numbers
from speech_emotion.audio.rooms import Place, reverberate

if TYPE_CHECKING:
    from speech_emotion.audio.variants import Original

LOWEST, HIGHEST, UNIT = 0.2, 3.0, "s"
BEFORE_CLEANING = True

SHORTEST = 0.15
"""Shortest reverberation time, in s."""

PLACES = 60
"""Made once, as if measured; each recording gets one of them."""

SIDES = ((2.5, 10.0), (2.5, 8.0), (2.3, 3.5))
"""Shortest and longest length, width and height of a room, in m."""

FROM_WALLS = 0.4
"""Least distance of the voice and the microphone from the walls, in m."""


def make(original: "Original", amount: float) -> np.ndarray:
    """The recording in a room whose reverberation lasts up to ``amount`` s [shape=(n,), float32].

    Voice and microphone are anywhere in it, so that they are near each other at times.
    """
    random = random_numbers(f"{original.id}_room{amount:g}")
    place = _places(amount)[random.integers(PLACES)]
    return reverberate(original.samples, original.sample_rate, place)


@lru_cache
def _places(longest: float) -> list[Place]:
    random = random_numbers("places")
    places = []
    for _ in range(PLACES):
        length, width, height = (float(random.uniform(*side)) for side in SIDES)
        voice, microphone = (
            (
                float(random.uniform(FROM_WALLS, length - FROM_WALLS)),
                float(random.uniform(FROM_WALLS, width - FROM_WALLS)),
                float(random.uniform(FROM_WALLS, height - FROM_WALLS)),
            )
            for _ in range(2)
        )
        reverberation = float(random.uniform(SHORTEST, longest))
        places.append(Place((length, width, height), reverberation, voice, microphone))
    return places
