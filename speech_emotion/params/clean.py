"""The ``clean`` section of params.yaml."""

from typing import Self

from pydantic import Field, model_validator

from speech_emotion.params.section import Section


class TrimParams(Section):
    """What counts as silence, by the moving average of the absolute signal.

    Attributes
    ----------
    window : float
        Length of the moving average, in s.
    below_peak : float or None
        Silence lies this many dB or more below the envelope's own peak.
    below : float or None
        Silence lies below this amplitude (full scale 1) instead, however loud the recording.
    above_floor : float or None
        Silence is also what lies less than this many dB above the recording's own noise floor;
        None trusts the other threshold in noise as well.
    margin : float
        Kept before the first and after the last sound, in s.
    max_pause : float or None
        Longer pauses inside are shortened to this, in s; None keeps them.
    """

    window: float = Field(gt=0, le=1)
    below_peak: float | None = Field(gt=0)
    below: float | None = Field(gt=0, lt=1)
    above_floor: float | None = Field(gt=0)
    margin: float = Field(ge=0)
    max_pause: float | None = Field(ge=0)

    @model_validator(mode="after")
    def _one_threshold(self) -> Self:
        if (self.below_peak is None) == (self.below is None):
            raise ValueError("expected a value for one of below_peak and below, null for the other")
        return self


class CleanParams(Section):
    """How a recording is cleaned.

    Attributes
    ----------
    sample_rate : int
        Of the cleaned audio, in Hz.
    noise_reduction : bool
        Spectral gating by noisereduce (Sainburg et al. 2020), stationary noise.
    noise_reduction_strength : float
        Share of the noise to take away, 0 to 1.
    trim : TrimParams
        What counts as silence.
    level : float or None
        Root mean square that every recording is brought to, in dB below full scale (negative);
        None keeps the loudness as recorded.
    """

    sample_rate: int = Field(ge=4000, le=48000)
    noise_reduction: bool
    noise_reduction_strength: float = Field(gt=0, le=1)
    trim: TrimParams
    level: float | None = Field(lt=0)
