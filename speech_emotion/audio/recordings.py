"""Recordings of any format, rate, channel count and length, read in blocks and mixed down."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile

from speech_emotion.audio.codec import (
    CUT_SHORT,
    UNKNOWN_DURATION,
    Channels,
    check_rate,
    frames_announced,
    mix_down,
    require_sound,
    step_of,
    undecodable,
)
from speech_emotion.audio.phone_formats import converted, format_of
from speech_emotion.audio.wav_header import WavHeader, read_header
from speech_emotion.base.errors import AudioError

BLOCK = 1.0
"""Audio that is decoded at once, in s."""

MOST_CHANNELS = 64
"""An array of more columns does not have them for channels."""

MOST_ROWS = 8
"""Nor does an array of more rows than this have them for channels: it may be features."""

LEAST_COLUMNS = 16
"""Fewer columns may be channels beside few rows. Sound cards give chunks from 16 samples on."""


@dataclass(frozen=True)
class Recording:
    """Audio that comes in blocks.

    Attributes
    ----------
    sample_rate : int
        In Hz.
    duration : float or None
        In s; None where it is not known before the end.
    channels : int
        Of the source.
    step : float
        The smallest that its format can hold, as `speech_emotion.audio.codec.is_silent` takes it.
    blocks : iterator of np.ndarray [shape=(n,), float32]
        One channel, or all mixed down as `speech_emotion.audio.codec.Channels` says, full scale 1.
        Raises an
        `AudioError` for samples that are no sound (`speech_emotion.audio.codec.require_sound`) and
        for a file that ends too early.
    remark : str or None
        What the user should know of a file that is not quite as it should be.
    """

    sample_rate: int
    duration: float | None
    channels: int
    step: float
    blocks: Iterator[np.ndarray]
    remark: str | None = None


@contextmanager
def opened(source: Path | BinaryIO, channel: int | None = None) -> Iterator[Recording]:
    """Open an audio file, or read a seekable stream of its bytes from its start.

    Parameters
    ----------
    source : Path or BinaryIO
        What libsndfile reads or, where FFmpeg is installed, phones make.
    channel : int or None
        The only one to read, the first being 1; None mixes them down.

    Raises
    ------
    AudioError
        If it can't be read, is no audio file, not a whole one, or at too low a rate, or has no such
        channel.
    """
    try:
        with source.open("rb") if isinstance(source, Path) else nullcontext(source) as file:
            header = read_header(file)
            if header.is_cut_short:
                raise AudioError(CUT_SHORT)
            with _readable(source, header) as (readable, remark):
                mixed, channels = _mixing(readable, channel)
                readable.seek(0)
                with soundfile.SoundFile(readable) as audio:
                    check_rate(audio.samplerate)
                    known = audio.frames / audio.samplerate < UNKNOWN_DURATION
                    yield Recording(
                        audio.samplerate,
                        audio.frames / audio.samplerate if known else None,
                        channels,
                        step_of(audio.subtype),
                        _blocks(audio, mixed),
                        remark,
                    )
    except soundfile.LibsndfileError as error:
        raise undecodable(error) from None
    except OSError as error:
        raise AudioError(f"can't be read: {error.strerror or error}") from None


def from_array(samples: np.ndarray, sample_rate: int, channel: int | None = None) -> Recording:
    """A recording of samples in memory.

    Parameters
    ----------
    samples : np.ndarray [shape=(n,), (n, channels) or (channels, n)]
        As `as_channels` takes them.
    sample_rate : int
        In Hz.
    channel : int or None
        As for `opened`.

    Raises
    ------
    AudioError
        If they are not samples in one of these forms, or at too low a rate, or without such a
        channel.
    """
    check_rate(sample_rate)
    every = as_channels(samples)
    mono = _picked(every, channel)
    require_sound(mono)
    step = round(BLOCK * sample_rate)
    blocks = (mono[start : start + step] for start in range(0, len(mono), step))
    step_of_type = 1 / _full_scale(samples.dtype)
    duration = len(mono) / sample_rate
    return Recording(sample_rate, duration, every.shape[1], step_of_type, blocks)


def as_channels(samples: np.ndarray) -> np.ndarray:
    """Samples in any of the forms that libraries give them in, as [shape=(n, channels), float32].

    Parameters
    ----------
    samples : np.ndarray [shape=(n,), (n, channels) or (channels, n)]
        Floating point with full scale 1, or integers with the full scale of their type. What has at
        most `MOST_ROWS` rows, `LEAST_COLUMNS` columns, and four times as many columns as rows, has
        channels first.

    Raises
    ------
    AudioError
        If they are not samples in one of these forms.
    """
    if samples.ndim not in (1, 2) or not (
        np.issubdtype(samples.dtype, np.floating) or np.issubdtype(samples.dtype, np.signedinteger)
    ):
        raise AudioError(
            f"has the type {samples.dtype} and the shape {samples.shape}: expected samples "
            "[n], [n, channels] or [channels, n], floating point or signed integers"
        )
    if samples.ndim == 1:
        samples = samples[:, None]
    rows, columns = samples.shape
    if 0 < rows <= MOST_ROWS and columns >= max(LEAST_COLUMNS, 4 * rows):
        samples = samples.T
    elif columns > MOST_CHANNELS:
        raise AudioError(
            f"has the shape {samples.shape}: expected samples [n], [n, channels] with at most "
            f"{MOST_CHANNELS} channels, or [channels, n] with at most {MOST_ROWS}"
        )
    if np.issubdtype(samples.dtype, np.signedinteger):
        samples = samples / np.float32(_full_scale(samples.dtype))
    return np.ascontiguousarray(samples, np.float32)


def _full_scale(kind: np.dtype) -> float:
    """Steps from 0 to full scale of a type of samples; those of floating point are countless."""
    is_integer = np.issubdtype(kind, np.signedinteger)
    return -float(np.iinfo(kind).min) if is_integer else np.inf


@contextmanager
def _readable(source: Path | BinaryIO, header: WavHeader) -> Iterator[tuple[BinaryIO, str | None]]:
    """What libsndfile can read of a source, and what the user should know of it."""
    try:
        with soundfile.SoundFile(header.file):
            form = None
    except soundfile.LibsndfileError:
        form = format_of(header.file)
        if form is None:
            raise
    header.file.seek(0)
    if form is None:
        yield header.file, header.remark
    else:
        with converted(source, form) as found:
            yield found


def _mixing(file: BinaryIO, channel: int | None) -> tuple[Callable[[np.ndarray], np.ndarray], int]:
    """What makes one channel of a file's [n, channels] -> [n], and how many there are.

    To mix several, the file is read once for it.
    """
    file.seek(0)
    with soundfile.SoundFile(file) as audio:
        if channel is not None or audio.channels == 1:
            return partial(_picked, channel=channel), audio.channels
        heard = Channels()
        while len(samples := _next_block(audio)):
            heard.add(samples)
        return heard.mixed, audio.channels


def _picked(samples: np.ndarray, channel: int | None) -> np.ndarray:
    """One channel of [n, channels] -> [n], the first being 1; None for the only one."""
    count = samples.shape[1]
    if channel is None:
        return mix_down(samples)
    if not 1 <= channel <= count:
        raise AudioError(f"has {count} channel{'s' * (count > 1)}: there is no channel {channel}")
    return np.ascontiguousarray(samples[:, channel - 1])


def _blocks(
    file: soundfile.SoundFile, mixed: Callable[[np.ndarray], np.ndarray]
) -> Iterator[np.ndarray]:
    read = 0
    while len(samples := _next_block(file)):
        read += len(samples)
        require_sound(samples)
        yield mixed(samples)
    if read < frames_announced(file):
        raise AudioError(CUT_SHORT)


def _next_block(file: soundfile.SoundFile) -> np.ndarray:
    """The next `BLOCK` of a file [n, channels], less at its end, then nothing."""
    return file.read(round(BLOCK * file.samplerate), dtype="float32", always_2d=True)
