"""Random convolutions of an utterance's tracks: how bands and voice move together. NumPy only.

After ROCKET and MiniRocket (Dempster, Petitjean and Webb, 2020; Dempster, Schmidt and Webb, 2021):
what thousands of trained filters would find in a few hundred recordings, random ones find as well,
and a linear classifier of their statistics learns from few speakers. Here each filter spans a few
neighbouring mel bands, as the first layer of a 2-D network would, and some of them a track of the
voice besides.
"""

from functools import lru_cache
from itertools import combinations
from random import Random

import numpy as np

TAPS = 9
PATTERNS = tuple(combinations(range(TAPS), 3))
"""Which three taps weigh 2, where the six others weigh -1: MiniRocket's 84 kernels.

They sum to zero, so that what is the same all the time, such as loudness or a microphone's colour,
adds nothing. Where nothing moves at all, as in digital silence, the share above 0 is rounding.
"""

DILATIONS = (1, 2, 4, 8, 16)
"""Frames from tap to tap: at a hop of 10 ms, kernels of 90 ms to 1.3 s."""

WIDEST = 5
"""Most neighbouring bands that a filter takes."""

WITH_VOICE = 0.4
"""Share of the filters that take a track of the voice as well."""

THRESHOLDS = (-1.0, 0.0, 1.0)
"""Pooling takes the share of the time above each, in typical deviations of a filter's output."""

SEED = 1


def convolutions(bands: np.ndarray, voice: np.ndarray, count: int) -> np.ndarray:
    """Statistics over time of random convolutions [shape=(5 * 4 * count,), float32].

    By dilation: the shares of the time above -1, 0 and 1, and the maximum, of every filter.

    Parameters
    ----------
    bands : np.ndarray [shape=(bands, frames), float32]
        Neighbouring frequency bands, such as log-mel, each divided by its typical deviation.
    voice : np.ndarray [shape=(tracks, frames), float32]
        Tracks of the voice, divided likewise.
    count : int
        Filters by dilation.
    """
    tracks = np.concatenate([bands, voice], dtype=np.float32)
    frames = tracks.shape[1]
    margin = TAPS // 2 * DILATIONS[-1]
    padded = np.pad(tracks, ((0, 0), (margin, margin)), mode="edge")
    values = []
    for dilation, filters in zip(DILATIONS, _filters(len(bands), len(voice), count), strict=True):
        starts = margin + dilation * (np.arange(TAPS) - TAPS // 2)
        taps = np.concatenate([padded[:, start : start + frames] for start in starts])
        outputs = filters @ taps
        values += [
            np.count_nonzero(outputs > threshold, axis=1) / frames for threshold in THRESHOLDS
        ]
        values.append(outputs.max(axis=1))
    return np.concatenate(values, dtype=np.float32)


def convolution_names(count: int) -> list[str]:
    """The name of every value of `convolutions`, in order."""
    statistics = [f"time_above_{threshold:g}" for threshold in THRESHOLDS] + ["maximum"]
    return [
        f"convolution_{number}.dilation_{dilation}.{statistic}"
        for dilation in DILATIONS
        for statistic in statistics
        for number in range(1, count + 1)
    ]


@lru_cache(maxsize=2)
def _filters(bands: int, voice: int, count: int) -> list[np.ndarray]:
    """By dilation, weights of every tap of every track [shape=(count, 9 * (bands + voice))]."""
    # of all generators, the standard library's alone promises the same numbers in every version
    draw = Random(SEED)
    return [
        np.stack([_filter(draw, number, bands, voice) for number in range(count)])
        # outputs of longer kernels vary more, by what was measured on speech
        / np.float32(2.7 * dilation**0.3)
        for dilation in DILATIONS
    ]


def _filter(draw: Random, number: int, bands: int, voice: int) -> np.ndarray:
    """The weights of one filter [shape=(9 * (bands + voice),), float32]."""
    weights = np.zeros((TAPS, bands + voice), np.float32)
    width = 1 + _below(draw, min(WIDEST, bands))
    first = _below(draw, bands - width + 1)
    across = np.ones(width)
    if draw.random() < 0.5:  # a difference between its lower and its upper bands
        across[(width + 1) // 2 :] = -1
    kernel = _kernel(number % len(PATTERNS))
    weights[:, first : first + width] = np.outer(kernel, across) / np.sqrt(width)
    if draw.random() < WITH_VOICE:
        sign = 1 if draw.random() < 0.5 else -1
        weights[:, bands + _below(draw, voice)] = sign * _kernel(_below(draw, len(PATTERNS)))
    return weights.ravel()


def _kernel(pattern: int) -> np.ndarray:
    kernel = np.full(TAPS, -1.0)
    kernel[list(PATTERNS[pattern])] = 2
    return kernel


def _below(draw: Random, bound: int) -> int:
    return int(draw.random() * bound)
