"""How a room sounds: the reflections of its walls, by image sources.

Every reflection is a copy of the voice behind the walls, as in a hall of mirrors (Allen & Berkley,
"Image method for efficiently simulating small-room acoustics", JASA 65, 1979). What the walls take
is spread evenly over the way here, instead of by walls passed: so the sound decays exponentially,
with the reverberation time that was asked for, however flat the room.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy  # scipy.signal takes a second to import, and is when it is first used

from speech_emotion.audio.noise import as_loud_as

SOUND_SPEED = 343.0
"""In m/s, at 20 °C."""

LOWEST = 100.0
"""What reflections hold below this, in Hz, is no sound: images add up there as waves in a room do
not, and Allen & Berkley filter it out as well."""


@dataclass(frozen=True)
class Place:
    """A voice and a microphone in a rectangular room.

    Attributes
    ----------
    room : tuple of float
        Length, width and height, in m.
    reverberation : float
        Reverberation time T60: in how many s a sound falls by 60 dB.
    voice, microphone : tuple of float
        Where they are, in m along the length, width and height.
    """

    room: tuple[float, float, float]
    reverberation: float
    voice: tuple[float, float, float]
    microphone: tuple[float, float, float]

    @property
    def distance(self) -> float:
        """From the voice to the microphone, in m."""
        return float(np.linalg.norm(np.subtract(self.voice, self.microphone)))


def reverberate(samples: np.ndarray, sample_rate: int, place: Place) -> np.ndarray:
    """A recording as it sounds at a place, as long and as loud (root mean square) as it was.

    Parameters
    ----------
    samples : np.ndarray [shape=(n,), float32]
        Mono, full scale 1.
    sample_rate : int
        In Hz.
    place : Place
        Where.

    Returns
    -------
    np.ndarray [shape=(n,), float32]
        The direct sound is not delayed; what sounds on after the end is cut.
    """
    wet = scipy.signal.oaconvolve(samples, impulse_response(place, sample_rate))[: len(samples)]
    return as_loud_as(samples, wet)


@lru_cache
def impulse_response(place: Place, sample_rate: int) -> np.ndarray:
    """What a microphone hears of a click, from the direct sound on.

    Parameters
    ----------
    place : Place
        Where.
    sample_rate : int
        In Hz.

    Returns
    -------
    np.ndarray [shape=(round(reverberation * sample_rate),), float32]
        The direct sound is 1, at the first sample.
    """
    reach = SOUND_SPEED * place.reverberation + place.distance  # m
    squares = np.zeros(1)
    for side, voice, microphone in zip(place.room, place.voice, place.microphone, strict=True):
        rooms = np.arange(-int(reach / side) - 1, int(reach / side) + 2)
        # every other room is a mirror image of this one
        images = rooms * side + np.where(rooms % 2 == 0, voice, side - voice)
        squares = np.add.outer(squares, (images - microphone) ** 2).ravel()
    distance = np.sqrt(squares)
    delay = (distance - place.distance) / SOUND_SPEED  # s
    amplitude = place.distance / distance * 10 ** (-3 * delay / place.reverberation)
    length = round(place.reverberation * sample_rate)
    sample = np.rint(delay * sample_rate).astype(np.intp)
    heard = (sample > 0) & (sample < length)
    reflections = np.bincount(sample[heard], amplitude[heard], minlength=length)
    response = scipy.signal.sosfilt(
        scipy.signal.butter(2, LOWEST, "highpass", fs=sample_rate, output="sos"), reflections
    )
    response[0] += 1
    return response.astype(np.float32)
