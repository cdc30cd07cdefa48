"""Fundamental frequency and periodicity of speech, by autocorrelation. NumPy only."""

from functools import lru_cache

import numpy as np

from speech_emotion.audio.spectra import hann

LOWEST, HIGHEST = 62.0, 615.0
"""Range of the fundamental, in Hz."""

CANDIDATES = 120
"""Candidate periods, evenly spaced on a logarithmic scale: 36 an octave."""

OCTAVE_COST = 0.04
"""Taken from a candidate's autocorrelation for each octave that its period is longer.

Multiples of the true period correlate as well as it does; after Boersma (1993), "Accurate
short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a sampled
sound", as is the division by the autocorrelation of the window.
"""

CONTEXT = 9
"""Frames over which candidates are compared, so that single frames don't jump by an octave."""


def track_pitch(
    power: np.ndarray, sample_rate: int, fft_size: int, window_length: int
) -> tuple[np.ndarray, np.ndarray]:
    """Follow the fundamental through a spectrogram.

    Parameters
    ----------
    power : np.ndarray [shape=(frames, bins), float32]
        Power of the lowest bins of frames under a Hann window of ``window_length`` samples in a
        transform of ``fft_size``, which must hold the window and the longest period.
    sample_rate : int
        In Hz.
    fft_size, window_length : int
        In samples.

    Returns
    -------
    pitch : np.ndarray [shape=(frames,), float32]
        Base-2 logarithm of the fundamental in Hz; of meaning only where a frame is periodic.
    periodicity : np.ndarray [shape=(frames,), float32]
        Autocorrelation at that period, under 1; of noise about 0.2, of a clear voice above 0.8.
    """
    octaves = _octaves()
    basis = _autocorrelation_basis(power.shape[1], sample_rate, fft_size, window_length)
    correlation = (power @ basis) / (power @ basis[:, :1] + np.float32(1e-12))
    correlation = correlation[:, 1:]
    score = _moving_mean(correlation + np.float32(OCTAVE_COST) * octaves, CONTEXT)
    best = np.clip(score.argmax(axis=1), 1, CANDIDATES - 2)
    frame = np.arange(len(power))
    before, at, after = (correlation[frame, best + step] for step in (-1, 0, 1))
    bend = np.minimum(before - 2 * at + after, np.float32(-1e-6))
    offset = np.clip((before - after) / (2 * bend), -1, 1)
    step = octaves[1] - octaves[0]
    periodicity = np.clip(at - (before - after) * offset / 4, 0, np.float32(0.999))
    return octaves[best] + step * offset, periodicity


@lru_cache(maxsize=1)
def _octaves() -> np.ndarray:
    """Base-2 logarithm of the candidate frequencies in Hz, falling."""
    return np.linspace(np.log2(HIGHEST), np.log2(LOWEST), CANDIDATES, dtype=np.float32)


@lru_cache(maxsize=4)
def _autocorrelation_basis(
    bins: int, sample_rate: int, fft_size: int, window_length: int
) -> np.ndarray:
    """From power to autocorrelation at lag 0 and at each candidate period [shape=(bins, 1 + 120)].

    Less the window's own fading: a cosine transform, read at lags between samples too.
    """
    lags = np.concatenate([[0.0], sample_rate / 2.0 ** _octaves().astype(float)])
    window = hann(window_length).astype(float)
    own = np.correlate(window, window, "full")
    own = own[window_length - 1 :] / own[window_length - 1]
    cosines = np.cos(2 * np.pi * np.outer(np.arange(bins), lags) / fft_size)
    cosines[1:] *= 2  # the other half of the spectrum
    return (cosines / np.interp(lags, np.arange(window_length), own)).astype(np.float32)


def _moving_mean(values: np.ndarray, width: int) -> np.ndarray:
    """Centred mean along the first axis; at the ends the first and last row count repeatedly."""
    padded = np.pad(values, ((width // 2 + 1, width // 2), (0, 0)), mode="edge")
    total = np.cumsum(padded, axis=0)
    return (total[width:] - total[:-width]) / np.float32(width)
