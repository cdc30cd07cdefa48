"""Recordings of any format, rate, channel count and length, read in blocks and mixed down."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile

from speech_emotion.audio.codec import (
    UNKNOWN_DURATION,
    check_rate,
    is_cut_short,
    mix_down,
    require_sound,
    step_of,
)
from speech_emotion.base.errors import AudioError

BLOCK = 1.0
"""Audio that is decoded at once, in s."""


@dataclass(frozen=True)
class Recording:
    """Audio that comes in blocks.

    Attributes
    ----------
    sample_rate : int
        In Hz.
    duration : float or None
        In s; None where it is not known before the end.
    step : float
        The smallest that its format can hold, as `speech_emotion.audio.codec.is_silent` takes it.
    blocks : iterator of np.ndarray [shape=(n,), float32]
        The channels' mean, full scale 1. Raises an `AudioError` for samples that are no sound
        (`speech_emotion.audio.codec.require_sound`) and for a file that ends too early.
    """

    sample_rate: int
    duration: float | None
    step: float
    blocks: Iterator[np.ndarray]


@contextmanager
def opened(source: Path | BinaryIO) -> Iterator[Recording]:
    """Open an audio file, or read a seekable stream of its bytes from its start.

    Raises
    ------
    AudioError
        If it can't be read, is no audio file, not a whole one, or at too low a rate.
    """
    try:
        with source.open("rb") if isinstance(source, Path) else nullcontext(source) as file:
            file.seek(0)
            start = file.read(8)
            if is_cut_short(start, file.seek(0, 2)):
                raise AudioError("is cut short: its header announces more")
            file.seek(0)
            with soundfile.SoundFile(file) as audio:
                check_rate(audio.samplerate)
                known = audio.frames / audio.samplerate < UNKNOWN_DURATION
                announced = audio.frames if known else 0
                yield Recording(
                    audio.samplerate,
                    audio.frames / audio.samplerate if known else None,
                    step_of(audio.subtype),
                    _blocks(audio, announced),
                )
    except soundfile.LibsndfileError as error:
        raise AudioError(f"can't be decoded: {error.error_string}") from None
    except OSError as error:
        raise AudioError(f"can't be read: {error.strerror or error}") from None


def from_array(samples: np.ndarray, sample_rate: int) -> Recording:
    """A recording of samples in memory.

    Parameters
    ----------
    samples : np.ndarray [shape=(n,) or (n, channels)]
        Floating point with full scale 1, or integers with the full scale of their type.
    sample_rate : int
        In Hz.

    Raises
    ------
    AudioError
        If they are not samples in one of these forms, or at too low a rate.
    """
    check_rate(sample_rate)
    mono = as_mono(samples)
    require_sound(mono)
    step = round(BLOCK * sample_rate)
    blocks = (mono[start : start + step] for start in range(0, len(mono), step))
    return Recording(sample_rate, len(mono) / sample_rate, 1 / _full_scale(samples.dtype), blocks)


def as_mono(samples: np.ndarray) -> np.ndarray:
    """The channels' mean [shape=(n,), float32] of samples [n] or [n, channels], full scale 1."""
    if samples.ndim not in (1, 2) or not (
        np.issubdtype(samples.dtype, np.floating) or np.issubdtype(samples.dtype, np.signedinteger)
    ):
        raise AudioError(
            f"has the type {samples.dtype} and the shape {samples.shape}: expected samples "
            "[n] or [n, channels], floating point or signed integers"
        )
    if np.issubdtype(samples.dtype, np.signedinteger):
        samples = samples / np.float32(_full_scale(samples.dtype))
    samples = samples.astype(np.float32, copy=False)
    return samples if samples.ndim == 1 else mix_down(samples)


def _full_scale(kind: np.dtype) -> float:
    """Steps from 0 to full scale of a type of samples; those of floating point are countless."""
    is_integer = np.issubdtype(kind, np.signedinteger)
    return -float(np.iinfo(kind).min) if is_integer else np.inf


def _blocks(file: soundfile.SoundFile, announced: int) -> Iterator[np.ndarray]:
    read = 0
    step = round(BLOCK * file.samplerate)
    while len(samples := file.read(step, dtype="float32", always_2d=True)):
        read += len(samples)
        require_sound(samples)
        yield as_mono(samples)
    if read < announced:
        raise AudioError("is cut short: its header announces more")
