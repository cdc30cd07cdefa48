"""The ``featurize`` section of params.yaml."""

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from stages.lib.params.loader import Section

FeatureKind = Literal["log_mel", "functionals", "mfcc", "mfcc_mean", "whisper"]


class LogMelParams(Section):
    """Frames of the log-mel spectrogram.

    Attributes
    ----------
    fft_size, window_length, hop_length : int
        In samples; the window is a Hann window, centred in the transform.
    mels : int
        Bands of the filter bank (Slaney's mel scale, no normalisation).
    low, high : float
        Edges of the filter bank, in Hz.
    """

    fft_size: int = Field(ge=16)
    window_length: int = Field(ge=2)
    hop_length: int = Field(ge=1)
    mels: int = Field(ge=1)
    low: float = Field(ge=0)
    high: float = Field(gt=0)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.window_length > self.fft_size:
            raise ValueError(
                f"window_length {self.window_length} is longer than fft_size {self.fft_size}"
            )
        if self.low >= self.high:
            raise ValueError(f"low {self.low:g} is not below high {self.high:g}")
        return self


class FunctionalsParams(Section):
    """Statistics of an utterance over time.

    Attributes
    ----------
    convolutions : int
        Random filters of each of the five dilations; 0 for statistics of the tracks alone. No
        more than 500, since `functionals_lda` inverts a covariance of all values: 1.3 GB then.
    """

    convolutions: int = Field(ge=0, le=500)


class MfccParams(Section):
    """Mel-frequency cepstral coefficients with librosa's defaults (128 mels, FFT 2048, hop 512).

    Attributes
    ----------
    sample_rate : int
        That the audio is resampled to first, in Hz.
    coefficients : int
        How many, from the zeroth on.
    """

    sample_rate: int = Field(ge=4000)
    coefficients: int = Field(ge=1, le=128)


class WhisperParams(Section):
    """Embeddings of a pretrained Whisper encoder, through KerasHub.

    Attributes
    ----------
    preset : str
        A local folder that KerasHub wrote, ``hf://OWNER/NAME``, a Kaggle handle, or one of
        KerasHub's own names, such as "whisper_small_multi".
    revision : str or None
        Commit (Hugging Face), version (Kaggle) or SHA-256 (folder) that the preset must have.
        None takes what there is; the features say which it was.
    layers : int or str
        "last"; "all", for a network that learns how to weigh them; or the number of one, 0 for
        what goes into the first.
    """

    preset: str = Field(min_length=1)
    revision: str | None
    layers: int | str

    @field_validator("layers", mode="before")
    @classmethod
    def _last_all_or_one(cls, layers: object) -> object:
        if layers in ("last", "all") or (type(layers) is int and layers >= 0):
            return layers
        raise ValueError("expected last, all or the number of a layer, 0 or more")


class FeaturizeParams(Section):
    """Which kinds of features are made, and how each is."""

    kinds: tuple[FeatureKind, ...] = Field(min_length=1)
    log_mel: LogMelParams
    functionals: FunctionalsParams
    mfcc: MfccParams
    whisper: WhisperParams

    @model_validator(mode="after")
    def _all_different(self) -> Self:
        if len(set(self.kinds)) < len(self.kinds):
            raise ValueError(f"kinds {', '.join(self.kinds)} lists one more than once")
        return self
