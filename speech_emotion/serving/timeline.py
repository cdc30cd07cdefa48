"""A long recording as windows over time, and what in them is speech."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import soxr

from speech_emotion.audio.loudness import amplitude_ratio, noise_floor, threshold_in_noise
from speech_emotion.audio.recordings import Recording

FRAME = 0.01
"""Frames whose level is measured, in s."""

SOFTEST = -70.0
"""Nothing softer is speech, in dB full scale (root mean square of a frame)."""

BELOW_LOUDEST = 35.0
"""Nothing that far below the loudest frame is speech, in dB; the default of clean.trim."""

ABOVE_FLOOR = 8.0
"""Nothing within these dB of the noise floor of the audible frames is speech. Steady noise, however
loud, stays within 4 dB of its own."""

LEAST_SPEECH = 0.2
"""A window with less than this above all three has no speech, in s; or half of a shorter window."""


@dataclass(frozen=True)
class Piece:
    """A window's audio.

    Attributes
    ----------
    start, end : float
        In s from the start of the recording.
    samples : np.ndarray [shape=(n,), float32]
        At the rate that was asked for.
    """

    start: float
    end: float
    samples: np.ndarray


def check_windows(window: float, hop: float) -> None:
    """Raise a `ValueError` unless windows of that length, and so far apart, in s, can be made."""
    for name, value in (("window", window), ("hop", hop)):
        if not FRAME <= value < np.inf:
            raise ValueError(f"{name} is {value:g} s: expected a number of at least {FRAME:g}")


def pieces(recording: Recording, sample_rate: int, window: float, hop: float) -> Iterator[Piece]:
    """Cut a recording into overlapping windows, with no more than a window of it in memory.

    Where they leave no gaps, the last one ends with the recording and may be shorter.

    Parameters
    ----------
    recording : Recording
        What to cut.
    sample_rate : int
        What to resample to, in Hz.
    window, hop : float
        Length of the windows, and from one start to the next, in s.
    """
    length = round(window * sample_rate)
    held, first, number, reached = np.zeros(0, np.float32), 0, 0, 0
    for block, is_last in _resampled(recording, sample_rate):
        held = np.concatenate([held, block])
        end = first + len(held)
        while (start := round(number * hop * sample_rate)) + length <= end or (
            is_last and reached < end and start < end
        ):
            held, first = held[start - first :], start
            reached = min(start + length, end)
            yield Piece(start / sample_rate, reached / sample_rate, held[:length])
            number += 1


def frame_amplitudes(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """Root mean square of every whole frame of `FRAME` s [shape=(frames,), float32]."""
    length = round(FRAME * sample_rate)
    frames = samples[: len(samples) // length * length].reshape(-1, length)
    return np.sqrt(np.square(frames, dtype=np.float32).mean(axis=1))


def speech_threshold(reference: np.ndarray) -> float:
    """The amplitude above which a frame is taken for speech, judged by what surrounds it.

    A simple rule by level, since it must cost next to nothing: it separates speech from silence and
    from steady noise, not from music or from a slamming door.

    Parameters
    ----------
    reference : np.ndarray [shape=(frames,)]
        Amplitudes of all frames that are known of the recording.
    """
    softest = amplitude_ratio(SOFTEST)
    audible = reference[reference > softest]
    if not len(audible):
        return softest
    peak = float(audible.max())
    return max(
        softest,
        peak * amplitude_ratio(-BELOW_LOUDEST),
        threshold_in_noise(peak, noise_floor(audible), ABOVE_FLOOR),
    )


def has_speech(amplitudes: np.ndarray, threshold: float) -> bool:
    """Whether enough frames of a window, by their amplitudes, are louder than a threshold."""
    least = min(LEAST_SPEECH / FRAME, len(amplitudes) / 2)
    return bool(len(amplitudes) and (amplitudes > threshold).sum() >= least)


def _resampled(recording: Recording, sample_rate: int) -> Iterator[tuple[np.ndarray, bool]]:
    """Blocks at another rate, each with whether it is the last."""
    if recording.sample_rate == sample_rate:
        for block in recording.blocks:
            yield block, False
        yield np.zeros(0, np.float32), True
        return
    stream = soxr.ResampleStream(recording.sample_rate, sample_rate, 1, dtype="float32")
    for block in recording.blocks:
        yield stream.resample_chunk(block), False
    yield stream.resample_chunk(np.zeros(0, np.float32), last=True), True
