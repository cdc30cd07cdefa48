"""Mel-frequency cepstral coefficients by frame, with librosa's defaults."""

import numpy as np
import soxr
from pydantic import Field

from speech_emotion.audio.spectra import POWER_FLOOR, cosine_basis, mel_bank, spectrogram
from speech_emotion.params.section import Section

FRAMED = True

DTYPE = np.float32
"""Cepstra reach -1000, where float16 steps would be 0.5."""

FFT_SIZE = 2048
HOP_LENGTH = 512
MELS = 128
DYNAMIC_RANGE = 80.0
"""librosa's defaults, which the original recipe used: in samples, in samples, bands, in dB."""


class Params(Section):
    """How the coefficients are made, and their mean over time.

    Attributes
    ----------
    sample_rate : int
        That the audio is resampled to first, in Hz.
    coefficients : int
        How many, from the zeroth on.
    """

    sample_rate: int = Field(default=16000, ge=4000)
    coefficients: int = Field(default=40, ge=1, le=128)


def compute(samples: np.ndarray, sample_rate: int, params: Params) -> np.ndarray:
    """The coefficients [shape=(frames, coefficients)]."""
    rate = params.sample_rate
    if sample_rate != rate:
        samples = soxr.resample(samples, sample_rate, rate)
    power = spectrogram(samples, FFT_SIZE, FFT_SIZE, HOP_LENGTH)
    bank = mel_bank(rate, FFT_SIZE, MELS, 0.0, rate / 2, True)
    decibel = 10 * np.log10(np.maximum(power @ bank, np.float32(POWER_FLOOR)))
    decibel = np.maximum(decibel, decibel.max() - np.float32(DYNAMIC_RANGE))
    return decibel @ cosine_basis(MELS, params.coefficients)
