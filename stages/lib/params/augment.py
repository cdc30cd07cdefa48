"""The ``augment`` section of params.yaml."""

from typing import Self

from pydantic import Field, model_validator

from stages.lib.params.loader import Section


class Variant(Section):
    """One way to make a new utterance of a recording: exactly one of the three.

    Attributes
    ----------
    pitch : float or None
        Shift in semitones, up (+) or down (-), duration kept.
    stretch : float or None
        Speed: 0.5 lasts twice as long, 2 half as long, pitch kept.
    noise : float or None
        White noise at this signal-to-noise ratio, in dB.
    """

    pitch: float | None = Field(default=None, ge=-24, le=24)
    stretch: float | None = Field(default=None, ge=0.25, le=4)
    noise: float | None = Field(default=None, ge=-20, le=80)

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(value is not None for value in (self.pitch, self.stretch, self.noise)) != 1:
            raise ValueError("expected exactly one of pitch, stretch and noise")
        return self

    @property
    def name(self) -> str:
        """As in the manifest and behind the id of the source, such as "pitch-2.5"."""
        if self.pitch is not None:
            return f"pitch{self.pitch:+g}"
        return f"stretch{self.stretch:g}" if self.stretch is not None else f"noise{self.noise:g}"


class AugmentParams(Section):
    """Which variants are made of every recording, beside the recording itself."""

    variants: tuple[Variant, ...]

    @model_validator(mode="after")
    def _all_different(self) -> Self:
        names = [variant.name for variant in self.variants]
        doubled = {name for name in names if names.count(name) > 1}
        if doubled:
            raise ValueError(f"{', '.join(sorted(doubled))} is listed more than once")
        return self
