"""How loud a sound must be to stand out of a recording's own noise."""

import numpy as np

FLOOR_PERCENTILE = 10
"""The noise floor is what this percentage of a recording's amplitudes over time stays under."""


def amplitude_ratio(decibels: float) -> float:
    """What an amplitude is multiplied by to change it by so many dB."""
    return float(10 ** (decibels / 20))


def noise_floor(amplitudes: np.ndarray) -> float:
    """The noise floor of a recording, an amplitude like those over time that it is taken from."""
    return float(np.percentile(amplitudes, FLOOR_PERCENTILE))


def threshold_in_noise(
    peak: float, floor: float, above_floor: float, loud: float | None = None
) -> float:
    """The amplitude above which sound stands out of noise.

    Parameters
    ----------
    peak, floor : float
        The greatest of a recording's amplitudes over time, and their `noise_floor`.
    above_floor : float
        How far above the floor sound lies, in dB.
    loud : float or None
        What is less than this below the peak, in dB, is sound even so: a recording without a pause
        shows no floor.
    """
    threshold = floor * amplitude_ratio(above_floor)
    return threshold if loud is None else min(threshold, peak * amplitude_ratio(-loud))
