"""From a decoded recording to a clean one: mix down, resample, denoise, trim, level.

Prediction runs this without the rest of the pipeline: NumPy and soxr only, and noisereduce where
it is switched on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import soxr

from speech_emotion.audio.codec import FULL_SCALE, MIN_DURATION, mix_down, quantise
from speech_emotion.audio.loudness import amplitude_ratio, noise_floor, threshold_in_noise

if TYPE_CHECKING:
    from speech_emotion.params.clean import CleanParams, TrimParams

GATING_FRAME = 1024
"""Frame of the spectral gating, in samples; noisereduce's default."""

LOUD = 10.0
"""What is less than this under the envelope's peak, in dB, is never taken for noise: a recording
without a pause shows no floor."""


def clean(samples: np.ndarray, sample_rate: int, params: CleanParams) -> tuple[np.ndarray, bool]:
    """Clean a decoded recording: mono, resampled, centred, denoised, trimmed, levelled.

    Parameters
    ----------
    samples : np.ndarray [shape=(n, channels)]
        Full scale is 1.
    sample_rate : int
        In Hz.
    params : CleanParams
        How.

    Returns
    -------
    cleaned : np.ndarray [shape=(m,), float32]
        At ``params.sample_rate``, in 16-bit steps.
    rescued : bool
        True if less than `MIN_DURATION` would have been left, and the loudest part was kept.
    """
    mono = mix_down(samples)
    if sample_rate != params.sample_rate:
        mono = soxr.resample(mono, sample_rate, params.sample_rate)
    mono = mono - mono.mean()
    if params.noise_reduction:
        mono = reduce_noise(mono, params.sample_rate, params.noise_reduction_strength)
    cleaned, rescued = trim(mono, params.sample_rate, params.trim)
    if params.level is not None:
        cleaned = level(cleaned, params.level)
    return quantise(cleaned), rescued


def reduce_noise(samples: np.ndarray, sample_rate: int, strength: float) -> np.ndarray:
    """Spectral gating with a noise floor that does not change in time (noisereduce, stationary).

    Less than one frame of `GATING_FRAME` samples says nothing of its noise and stays as it is.
    """
    if len(samples) < GATING_FRAME:
        return samples
    import noisereduce  # slow to import, and prediction may have to do without it

    # by default it also transforms 30,000 zeros at either end, twice the work for a short clip,
    # and works in chunks; without any zeros it loses what does not fill its last frame
    return noisereduce.reduce_noise(
        y=samples,
        sr=sample_rate,
        stationary=True,
        prop_decrease=strength,
        n_fft=GATING_FRAME,
        padding=GATING_FRAME,
        chunk_size=len(samples),
    ).astype(np.float32)


def envelope(samples: np.ndarray, width: int) -> np.ndarray:
    """Centred moving average of the absolute signal over ``width`` samples [shape=(n,)].

    At the ends it averages over the samples that there are.
    """
    before, count = width // 2, len(samples)
    after = width - before
    # sums up to each place, standing still beyond the ends
    total = np.zeros(count + width)
    np.cumsum(np.abs(samples), out=total[before + 1 : before + 1 + count])
    total[before + 1 + count :] = total[before + count]
    middle = np.arange(count)
    averaged = np.minimum(middle + after, count) - np.maximum(middle - before, 0)
    return (total[width:] - total[:count]) / averaged


def trim(samples: np.ndarray, sample_rate: int, params: TrimParams) -> tuple[np.ndarray, bool]:
    """Cut silence at the ends, and shorten long pauses where asked for.

    Returns what is left and whether the rule had to be broken: where less than `MIN_DURATION`
    would be left, the loudest stretch of that length is kept instead.
    """
    width = max(round(params.window * sample_rate), 1)
    loudness = envelope(samples, width)
    shortest = min(round(MIN_DURATION * sample_rate), len(samples))
    peak = loudness.max()
    if params.below_peak is not None:
        threshold = peak * amplitude_ratio(-params.below_peak)
    else:
        threshold = params.below
    if params.above_floor is not None:
        # neighbours say nearly the same: a few values per window are enough
        floor = noise_floor(loudness[:: max(width // 10, 1)])
        threshold = max(threshold, threshold_in_noise(peak, floor, params.above_floor, LOUD))
    sound = np.flatnonzero(loudness >= threshold)
    if len(sound):
        margin = round(params.margin * sample_rate)
        start, stop = max(sound[0] - margin, 0), min(sound[-1] + 1 + margin, len(samples))
        kept = samples[start:stop]
        if params.max_pause is not None:
            longest = round(params.max_pause * sample_rate)
            kept = kept[in_no_pause(sound - start, len(kept), longest)]
        if len(kept) >= shortest:
            return kept, False
    loudest = int(envelope(samples, shortest).argmax())
    start = min(max(loudest - shortest // 2, 0), len(samples) - shortest)
    return samples[start : start + shortest], True


def in_no_pause(sound: np.ndarray, length: int, longest: int) -> np.ndarray:
    """Which samples stay where the middle of every pause longer than ``longest`` goes.

    Parameters
    ----------
    sound : np.ndarray [shape=(m,), int]
        Indices of samples that are not silent, ascending.
    length : int
        Of the recording, in samples.
    longest : int
        Length that pauses are shortened to, in samples.

    Returns
    -------
    np.ndarray [shape=(length,), bool]
    """
    keep = np.ones(length, bool)
    for gap in np.flatnonzero(np.diff(sound) - 1 > longest):
        first, last = sound[gap] + 1, sound[gap + 1]
        keep[first + (longest + 1) // 2 : last - longest // 2] = False
    return keep


def level(samples: np.ndarray, target: float) -> np.ndarray:
    """Bring the root mean square to ``target`` dB full scale, or as near as the peak allows."""
    peak = np.abs(samples).max()
    if peak == 0:
        return samples
    loudness = np.sqrt(np.mean(np.square(samples), dtype=np.float64))
    gain = min(amplitude_ratio(target) / loudness, (1 - 1 / FULL_SCALE) / peak)
    return samples * np.float32(gain)
