"""A long recording as windows over time."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import soxr

from speech_emotion.audio.recordings import Recording

SHORTEST_WINDOW = 0.01
"""In s."""


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
        if not SHORTEST_WINDOW <= value < np.inf:
            raise ValueError(
                f"{name} is {value:g} s: expected a number of at least {SHORTEST_WINDOW:g}"
            )


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
