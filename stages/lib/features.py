"""From a cleaned waveform to the features that networks take.

Prediction runs this without the rest of the pipeline: NumPy and soxr are enough, unless Whisper is
asked for. librosa is the oracle in its tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import soxr

try:
    from scipy.fft import rfft  # several rows at once: twice as fast
except ImportError:
    from numpy.fft import rfft

from stages.lib import whisper

if TYPE_CHECKING:
    from stages.lib.params.featurize import FeaturizeParams

MFCC_FFT_SIZE = 2048
MFCC_HOP_LENGTH = 512
MFCC_MELS = 128
MFCC_DYNAMIC_RANGE = 80.0
"""librosa's defaults for MFCC, which the original recipe used; the range is in dB."""

POWER_FLOOR = 1e-10
"""Added to (log-mel) or least (MFCC) power before the logarithm; -100 dB of a full-scale bin."""

SLANEY_LINEAR_STEP = 200 / 3
SLANEY_BREAK = 1000.0
SLANEY_LOG_STEP = np.log(6.4) / 27
"""Slaney's mel scale (Auditory Toolbox, 1998): linear in Hz to the break, logarithmic above."""


@dataclass(frozen=True)
class Kind:
    """A kind of feature: how it is computed and stored.

    Attributes
    ----------
    framed : bool
        True for [frames, ...], such as [frames, bands], False for one vector an utterance.
    dtype : type
        What it is stored as.
    compute : callable
        (samples, sample rate in Hz, params) -> array.
    """

    framed: bool
    dtype: type[np.floating]
    compute: Callable[[np.ndarray, int, FeaturizeParams], np.ndarray]


def featurize(
    samples: np.ndarray, sample_rate: int, params: FeaturizeParams
) -> dict[str, np.ndarray]:
    """All features of an utterance that the params ask for, by kind, as they are stored.

    Parameters
    ----------
    samples : np.ndarray [shape=(n,), float32]
        Cleaned audio, full scale 1.
    sample_rate : int
        In Hz.
    params : FeaturizeParams
        Which kinds, and how.
    """
    return {
        kind: KINDS[kind].compute(samples, sample_rate, params).astype(KINDS[kind].dtype)
        for kind in params.kinds
    }


def log_mel(samples: np.ndarray, sample_rate: int, params: FeaturizeParams) -> np.ndarray:
    """Natural logarithm of mel power [shape=(frames, mels)]."""
    settings = params.log_mel
    power = spectrogram(samples, settings.fft_size, settings.window_length, settings.hop_length)
    bank = mel_bank(
        sample_rate, settings.fft_size, settings.mels, settings.low, settings.high, False
    )
    return np.log(power @ bank + np.float32(POWER_FLOOR))


def mfcc(samples: np.ndarray, sample_rate: int, params: FeaturizeParams) -> np.ndarray:
    """Mel-frequency cepstral coefficients [shape=(frames, coefficients)]."""
    settings = params.mfcc
    if sample_rate != settings.sample_rate:
        samples = soxr.resample(samples, sample_rate, settings.sample_rate)
    power = spectrogram(samples, MFCC_FFT_SIZE, MFCC_FFT_SIZE, MFCC_HOP_LENGTH)
    rate = settings.sample_rate
    bank = mel_bank(rate, MFCC_FFT_SIZE, MFCC_MELS, 0.0, rate / 2, True)
    decibel = 10 * np.log10(np.maximum(power @ bank, np.float32(POWER_FLOOR)))
    decibel = np.maximum(decibel, decibel.max() - np.float32(MFCC_DYNAMIC_RANGE))
    return decibel @ cosine_basis(MFCC_MELS, settings.coefficients)


def mfcc_mean(samples: np.ndarray, sample_rate: int, params: FeaturizeParams) -> np.ndarray:
    """Mean over time of the MFCC [shape=(coefficients,)], the original recipe's feature."""
    return mfcc(samples, sample_rate, params).mean(axis=0)


def whisper_frames(samples: np.ndarray, sample_rate: int, params: FeaturizeParams) -> np.ndarray:
    """Embeddings of a Whisper encoder [shape=(frames, layers, dimensions)], 50 frames a second."""
    return whisper.embed(samples, sample_rate, params.whisper)


KINDS = {
    # ln power lies in -23 to 10, where float16 steps are 0.016 at most (0.07 dB)
    "log_mel": Kind(framed=True, dtype=np.float16, compute=log_mel),
    # cepstra reach -1000, where float16 steps would be 0.5
    "mfcc": Kind(framed=True, dtype=np.float32, compute=mfcc),
    "mfcc_mean": Kind(framed=False, dtype=np.float32, compute=mfcc_mean),
    # 100 bytes by dimension, layer and second: float32 would double what is large already
    "whisper": Kind(framed=True, dtype=np.float16, compute=whisper_frames),
}


def spectrogram(
    samples: np.ndarray, fft_size: int, window_length: int, hop_length: int
) -> np.ndarray:
    """Power spectrogram [shape=(1 + n // hop, fft_size // 2 + 1), float32].

    Hann windows centred on multiples of the hop, zeros beyond the ends.
    """
    windowed = frames(samples, window_length, hop_length) * hann(window_length)
    # where in a longer transform the window stands decides phases only
    spectrum = rfft(windowed, fft_size, axis=1)
    return np.square(spectrum.real) + np.square(spectrum.imag)


def frames(samples: np.ndarray, size: int, hop_length: int) -> np.ndarray:
    """Frames [shape=(1 + n // hop, size)] centred on multiples of the hop, zeros beyond."""
    padded = np.zeros(len(samples) + size, np.float32)
    first = (size + 1) // 2
    padded[first : first + len(samples)] = samples
    return np.lib.stride_tricks.sliding_window_view(padded, size)[::hop_length]


@lru_cache(maxsize=64)
def hann(length: int) -> np.ndarray:
    """Periodic Hann window [shape=(length,), float32]."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    return window.astype(np.float32)


@lru_cache(maxsize=8)
def mel_bank(
    sample_rate: int, fft_size: int, mels: int, low: float, high: float, normalised: bool
) -> np.ndarray:
    """Triangular filters on Slaney's mel scale [shape=(fft_size // 2 + 1, mels), float32].

    Parameters
    ----------
    sample_rate : int
        In Hz.
    fft_size : int
        In samples.
    mels : int
        Number of filters.
    low, high : float
        Lower edge of the first and upper edge of the last filter, in Hz.
    normalised : bool
        True for filters of equal area, False for a peak of 1.
    """
    bins = np.fft.rfftfreq(fft_size, 1 / sample_rate)
    edges = mel_to_hz(np.linspace(hz_to_mel(low), hz_to_mel(high), mels + 2))
    rising = (bins[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    bank = np.maximum(0, np.minimum(rising, falling))
    if normalised:
        bank *= 2 / (edges[2:] - edges[:-2])
    return bank.astype(np.float32)


def hz_to_mel(frequency: float) -> float:
    """Slaney's mel of a frequency in Hz."""
    if frequency < SLANEY_BREAK:
        return frequency / SLANEY_LINEAR_STEP
    return (
        SLANEY_BREAK / SLANEY_LINEAR_STEP
        + float(np.log(frequency / SLANEY_BREAK)) / SLANEY_LOG_STEP
    )


def mel_to_hz(mel: np.ndarray) -> np.ndarray:
    """Frequency in Hz of each of Slaney's mels."""
    above = mel - SLANEY_BREAK / SLANEY_LINEAR_STEP
    bent = SLANEY_BREAK * np.exp(SLANEY_LOG_STEP * above)
    return np.where(above < 0, mel * SLANEY_LINEAR_STEP, bent)


@lru_cache(maxsize=8)
def cosine_basis(size: int, coefficients: int) -> np.ndarray:
    """Orthonormal discrete cosine transform, type II [shape=(size, coefficients), float32]."""
    phase = np.pi * np.outer(np.arange(size) + 0.5, np.arange(coefficients)) / size
    basis = np.cos(phase) * np.sqrt(2 / size)
    basis[:, 0] /= np.sqrt(2)
    return basis.astype(np.float32)
