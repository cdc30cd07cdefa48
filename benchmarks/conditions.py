"""Test recordings in a worse state: softer, over a telephone, in noise, among people, in a room.

A recording is degraded before the front end, as one that reaches a recogniser would be: it is
trimmed, cleaned and featurized in that state. Training's variants are made by other code, with
other seeds, rooms and voices, but for the coders of telephones.
"""

import zlib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import get_args

import numpy as np
import soxr
from scipy.signal import oaconvolve

from benchmarks.params import Condition
from speech_emotion.audio.band import limit_band
from speech_emotion.audio.codec import decode, mix_down
from speech_emotion.audio.encodings import TELEPHONE_RATE, compressed, through_telephone
from speech_emotion.audio.loudness import amplitude_ratio
from speech_emotion.audio.noise import add_noise, as_loud_as, mix, pink_noise, random_numbers
from speech_emotion.base.errors import PipelineError
from speech_emotion.data.manifest import read_shards

TELEPHONE_BAND_END = 3400.0
"""Upper edge of the band of "g711" and "gsm", in Hz (ITU-T G.712)."""

QUIETER = 20.0
"""How much softer a lower gain records, in dB."""

BABBLE_VOICES = 6

HUM = {50.0: 1.0, 150.0: 0.3, 250.0: 0.1}
"""Amplitudes of the mains and of its overtones, by frequency in Hz."""

ROOMS: dict[str, tuple[float, float]] = {"room": (0.4, 0.0), "far_room": (0.7, -6.0)}
"""Reverberation time in s and ratio of the direct sound to what the room adds, in dB: a desk in an
office, and the other end of a living room."""

CLIPPED = 12.0
"""How many times louder than full scale a recording's peak would be, were it not clipped."""

OPUS = 12.0
"""Bit rate of a voice message, in kbit/s."""


AMONG_PEOPLE = ("talker20", "talker10", "babble20", "babble10")
"""Conditions in which other people talk."""

BYSTANDERS = 100
"""As many of their recordings are enough: some minutes."""

DEEPER = 0.8
"""Every other one is played at so many times its speed, which makes a man of a woman."""


def read_bystanders(recordings: Path, identities: Collection[str], rate: int) -> list[np.ndarray]:
    """The audio of people who neither train nor are tested.

    Parameters
    ----------
    recordings : Path
        The merged dataset.
    identities : collection of str
        Ids of their recordings.
    rate : int
        Sample rate to bring them to, in Hz.

    Returns
    -------
    list of np.ndarray [shape=(n,), float32]

    Raises
    ------
    PipelineError
        If there are none.
    """
    if not identities:
        raise PipelineError(
            f"the conditions {', '.join(AMONG_PEOPLE)} need neutral recordings of a corpus that "
            "neither trains nor is tested, and there are none: leave one out of the recipe's "
            "split.train in benchmarks/params.yaml."
        )
    chosen = set(sorted(identities, key=lambda one: zlib.crc32(one.encode()))[:BYSTANDERS])
    found: list[np.ndarray] = []
    for shard in read_shards(recordings):
        if not chosen.isdisjoint(one.id for one in shard.utterances):
            for utterance, _, content in shard:
                if utterance.id in chosen:
                    samples, own_rate = decode(content)
                    speed = DEEPER if len(found) % 2 else 1.0
                    found.append(soxr.resample(mix_down(samples), speed * own_rate, rate))
    return found


def degrade(
    condition: Condition,
    bystanders: Sequence[np.ndarray],
    samples: np.ndarray,
    sample_rate: int,
    identity: str,
) -> np.ndarray:
    """Bring a recording into a condition, its length and rate kept.

    Parameters
    ----------
    condition : str
        One of `Condition` but "as_recorded" and "with_variants".
    bystanders : sequence of np.ndarray [shape=(m,), float32]
        Recordings of people who neither train nor are tested, at the same rate: they talk in
        "talker" and "babble".
    samples : np.ndarray [shape=(n,), float32]
        Mono, full scale 1.
    sample_rate : int
        In Hz.
    identity : str
        The recording's id, which seeds its noise.

    Returns
    -------
    np.ndarray [shape=(n,), float32]
    """
    seed = f"{identity}_{condition}"
    kind, ratio = condition.rstrip("0123456789"), condition[len(condition.rstrip("0123456789")) :]
    length = len(samples)
    if kind == "noise":
        return add_noise(samples, float(ratio), seed)
    if kind == "pink":
        return mix(samples, pink_noise(length, seed), float(ratio))
    if kind == "talker":
        return mix(samples, _talking(1, bystanders, length, seed), float(ratio))
    if kind == "babble":
        return mix(samples, _talking(BABBLE_VOICES, bystanders, length, seed), float(ratio))
    if kind == "hum":
        return mix(samples, _hum(length, sample_rate), float(ratio))
    if condition in ROOMS:
        return in_a_room(samples, sample_rate, *ROOMS[condition], seed)
    match condition:
        case "quieter":
            return samples * np.float32(amplitude_ratio(-QUIETER))
        case "telephone":  # without its lower edge and its coding
            return limit_band(samples, sample_rate, TELEPHONE_RATE / 2)
        case "g711":
            return through_telephone(samples, sample_rate, "ULAW", TELEPHONE_BAND_END)
        case "gsm":
            return through_telephone(samples, sample_rate, "GSM610", TELEPHONE_BAND_END)
        case "opus":
            return compressed(samples, sample_rate, "opus", OPUS)
        case "clipping":
            highest = np.abs(samples).max() / CLIPPED
            return np.clip(samples, -highest, highest)
    raise ValueError(f"{condition!r} is none of {', '.join(get_args(Condition))}")


def in_a_room(
    samples: np.ndarray, sample_rate: int, reverberation: float, direct: float, seed: str
) -> np.ndarray:
    """A recording as it sounds in a room, as loud as it was; no room twice.

    The room's answer is noise that decays exponentially (Polack, "La transmission de l'énergie
    sonore dans les salles", 1988).

    Parameters
    ----------
    reverberation : float
        Reverberation time T60: in how many s a sound falls by 60 dB.
    direct : float
        How loud the direct sound is beside all that the room adds, in dB.
    """
    random = random_numbers(seed)
    time = np.arange(round(reverberation * sample_rate)) / sample_rate
    response = random.standard_normal(len(time)) * 10 ** (-3 * time / reverberation)
    response *= amplitude_ratio(-direct) / np.sqrt(np.sum(np.square(response)))
    response[0] = 1
    return as_loud_as(samples, oaconvolve(samples, response)[: len(samples)].astype(np.float32))


def _talking(voices: int, bystanders: Sequence[np.ndarray], length: int, seed: str) -> np.ndarray:
    """So many people at once, equally loud, each saying one thing after another."""
    random = random_numbers(seed)
    talk = np.zeros(length, np.float32)
    for _ in range(voices):
        strand: list[np.ndarray] = []
        while sum(map(len, strand)) < length:
            strand.append(bystanders[int(random.integers(len(bystanders)))])
        voice = np.roll(np.concatenate(strand), random.integers(length))[:length]
        talk += voice / np.sqrt(np.mean(np.square(voice)) + np.finfo(np.float32).tiny)
    return talk


def _hum(length: int, sample_rate: int) -> np.ndarray:
    time = np.arange(length) / sample_rate
    waves = [loudness * np.sin(2 * np.pi * pitch * time) for pitch, loudness in HUM.items()]
    return np.sum(waves, axis=0).astype(np.float32)
