"""From a cleaned waveform to the features that networks take.

Prediction runs this without the rest of the pipeline: NumPy and soxr are enough, unless Whisper is
asked for. librosa is the oracle in its tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import soxr

from stages.lib import whisper
from stages.lib.functionals import functionals
from stages.lib.spectra import cosine_basis, mel_bank, spectrogram

if TYPE_CHECKING:
    from stages.lib.params.featurize import FeaturizeParams

MFCC_FFT_SIZE = 2048
MFCC_HOP_LENGTH = 512
MFCC_MELS = 128
MFCC_DYNAMIC_RANGE = 80.0
"""librosa's defaults for MFCC, which the original recipe used; the range is in dB."""

POWER_FLOOR = 1e-10
"""Added to (log-mel) or least (MFCC) power before the logarithm; -100 dB of a full-scale bin."""


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
    "functionals": Kind(
        framed=False,
        dtype=np.float32,
        compute=lambda samples, sample_rate, params: functionals(
            samples, sample_rate, params.functionals.convolutions
        ),
    ),
    # 100 bytes by dimension, layer and second: float32 would double what is large already
    "whisper": Kind(framed=True, dtype=np.float16, compute=whisper_frames),
}
