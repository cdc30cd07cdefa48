"""Test recordings in a worse state: softer, resampled to a telephone's rate, with noise.

A recording is degraded before the front end, as one that reaches a recogniser would be: it is
trimmed, cleaned and featurized in that state.
"""

import numpy as np

from benchmarks.params import Condition
from speech_emotion.audio.band import limit_band
from speech_emotion.audio.noise import add_noise, mix, pink_noise

TELEPHONE_RATE = 8000
"""Sample rate of narrow-band telephony (ITU-T G.711), in Hz; its lower edge and its coding are left
out."""

QUIETER = 20.0
"""How much softer a lower gain records, in dB."""

WHITE: dict[Condition, float] = {"noise20": 20.0, "noise10": 10.0}
"""White noise by condition: signal-to-noise ratio in dB, over the whole recording."""

PINK = 20.0
"""The same of pink noise, which nothing is trained on: rooms and traffic are nearer to it."""


def degrade(
    condition: Condition, samples: np.ndarray, sample_rate: int, identity: str
) -> np.ndarray:
    """Bring a recording into a condition, its length and rate kept.

    Parameters
    ----------
    condition : str
        "quieter", "telephone", "noise20", "noise10" or "pink20".
    samples : np.ndarray [shape=(n,), float32]
        Mono, full scale 1.
    sample_rate : int
        In Hz.
    identity : str
        The recording's id, which seeds its noise.
    """
    if condition == "quieter":
        return samples * np.float32(10 ** (-QUIETER / 20))
    if condition == "telephone":
        return limit_band(samples, sample_rate, TELEPHONE_RATE / 2)
    if condition == "pink20":
        return mix(samples, pink_noise(len(samples), f"{identity}_{condition}"), PINK)
    return add_noise(samples, WHITE[condition], f"{identity}_{condition}")
