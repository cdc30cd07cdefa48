"""Recordings of a narrower band, such as a telephone's."""

import numpy as np
import soxr


def limit_band(samples: np.ndarray, sample_rate: int, highest: float) -> np.ndarray:
    """Take away what lies above a frequency, by resampling; length and rate are kept.

    Parameters
    ----------
    samples : np.ndarray [shape=(n,), float32]
        Mono, full scale 1.
    sample_rate : int
        In Hz.
    highest : float
        In Hz.
    """
    narrow = soxr.resample(samples, sample_rate, 2 * highest)
    return of_length(soxr.resample(narrow, 2 * highest, sample_rate), len(samples))


def of_length(samples: np.ndarray, length: int) -> np.ndarray:
    """Samples cut, or with zeros behind: resampling there and back ends a little off."""
    kept = samples[:length]
    return np.pad(kept, (0, length - len(kept)))
