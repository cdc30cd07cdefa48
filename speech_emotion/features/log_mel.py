"""Frames of the log-mel spectrogram."""

from typing import Self

import numpy as np
from pydantic import Field, model_validator

from speech_emotion.audio.spectra import POWER_FLOOR, mel_bank, spectrogram
from speech_emotion.base.errors import PipelineError
from speech_emotion.params.section import Section

FRAMED = True

DTYPE = np.float16
"""ln power lies in -23 to 10, where float16 steps are 0.016 at most (0.07 dB)."""


class Params(Section):
    """How the spectrogram is made.

    Attributes
    ----------
    fft_size, window_length, hop_length : int
        In samples; the window is a Hann window, centred in the transform.
    mels : int
        Bands of the filter bank (Slaney's mel scale, no normalisation).
    low, high : float
        Edges of the filter bank, in Hz.
    """

    fft_size: int = Field(default=1024, ge=16)
    window_length: int = Field(default=640, ge=2)
    hop_length: int = Field(default=256, ge=1)
    mels: int = Field(default=64, ge=1)
    low: float = Field(default=50.0, ge=0)
    high: float = Field(default=8000.0, gt=0)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.window_length > self.fft_size:
            raise ValueError(
                f"window_length {self.window_length} is longer than fft_size {self.fft_size}"
            )
        if self.low >= self.high:
            raise ValueError(f"low {self.low:g} is not below high {self.high:g}")
        return self


def prepare(params: Params, sample_rate: int) -> Params:
    """Raise a `PipelineError` if the filter bank reaches beyond half the sample rate, in Hz."""
    if params.high > sample_rate / 2:
        raise PipelineError(
            f"params.yaml: featurize.log_mel.high is {params.high:g} Hz: expected at most half of "
            f"clean.sample_rate, {sample_rate / 2:g} Hz."
        )
    return params


def compute(samples: np.ndarray, sample_rate: int, params: Params) -> np.ndarray:
    """Natural logarithm of mel power [shape=(frames, mels)]."""
    power = spectrogram(samples, params.fft_size, params.window_length, params.hop_length)
    bank = mel_bank(sample_rate, params.fft_size, params.mels, params.low, params.high, False)
    return np.log(power @ bank + np.float32(POWER_FLOOR))
