"""Variants of a recording that training may learn from: one module per kind, found by its name.

A module of this folder is a kind of variant, and its name is the kind's. It holds

- ``LOWEST``, ``HIGHEST`` and ``UNIT``: which amounts can be asked for;
- ``FORMAT``, if amounts have a sign in names: the format of an amount there;
- ``BEFORE_CLEANING = True``, if it is made of the recording as it came, mixed down and resampled,
  and cleaned afterwards, as a recording that reaches a recogniser would be: noise or a room decide
  where silence is trimmed. Others are made of the cleaned recording;
- ``make(original, amount)``: the variant's samples [shape=(m,), float32] of an `Original`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Self

import numpy as np
from pydantic import Field, model_serializer, model_validator

from speech_emotion.audio.noise import random_numbers
from speech_emotion.audio.vocoder import Analysis, analyse
from speech_emotion.base.discovery import modules
from speech_emotion.params.clean import CleanParams
from speech_emotion.params.section import Section

KINDS: dict[str, Any] = dict(modules(__name__))
"""The modules by name."""


@dataclass(frozen=True)
class Original:
    """What variants are made of.

    Attributes
    ----------
    id : str
        The recording's id, which seeds what is random: neither order nor number of workers matter.
    samples : np.ndarray [shape=(n,), float32]
        Mono, full scale 1.
    sample_rate : int
        In Hz.
    others : sequence of np.ndarray [shape=(m,), float32]
        Other recordings of the same speaker, at the same rate.
    """

    id: str
    samples: np.ndarray
    sample_rate: int
    others: Sequence[np.ndarray] = ()

    @cached_property
    def analysis(self) -> Analysis:
        """Its short-time spectrum, computed once for all variants that need it."""
        return analyse(self.samples)


class Variant(Section):
    """One way to make a new utterance of a recording; in the file ``{kind: amount}``.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    amount : float
        How much, in the kind's unit.
    """

    kind: str
    amount: float

    @classmethod
    def keys(cls) -> dict[str, Any]:
        return dict.fromkeys(KINDS, float)

    @model_validator(mode="before")
    @classmethod
    def _from_the_file(cls, values: Any) -> Any:
        if not isinstance(values, dict) or len(values) != 1 or not values.keys() <= KINDS.keys():
            raise ValueError(f"expected exactly one of {', '.join(KINDS)}")
        [(kind, amount)] = values.items()
        return {"kind": kind, "amount": amount}

    @model_validator(mode="after")
    def _possible(self) -> Self:
        kind = KINDS[self.kind]
        if not kind.LOWEST <= self.amount <= kind.HIGHEST:
            raise ValueError(f"expected {kind.LOWEST:g} to {kind.HIGHEST:g} {kind.UNIT}")
        return self

    @model_serializer
    def _as_in_the_file(self) -> dict[str, float]:
        return {self.kind: self.amount}

    @property
    def before_cleaning(self) -> bool:
        """Whether it is made of the recording as it came, and cleaned afterwards."""
        return getattr(KINDS[self.kind], "BEFORE_CLEANING", False)

    @property
    def name(self) -> str:
        """As in the manifest and behind the id of the source, such as "pitch-2p5".

        Without a dot, at which readers of WebDataset split names.
        """
        amount = format(self.amount, getattr(KINDS[self.kind], "FORMAT", "g"))
        return self.kind + amount.replace(".", "p")


class AugmentParams(Section):
    """Which variants are made of recordings, beside the recordings themselves.

    Attributes
    ----------
    variants : tuple of Variant
        Those that there are.
    per_recording : int or None
        How many of them each recording gets, drawn for it; None for all.
    """

    variants: tuple[Variant, ...] = ()
    per_recording: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _all_different(self) -> Self:
        names = [variant.name for variant in self.variants]
        repeated = {name for name in names if names.count(name) > 1}
        if repeated:
            raise ValueError(f"{', '.join(sorted(repeated))} is listed more than once")
        return self

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if self.per_recording is not None and self.per_recording > len(self.variants):
            raise ValueError(
                f"per_recording is {self.per_recording}, but there are {len(self.variants)} "
                "variants to draw from"
            )
        return self

    def drawn_for(self, identity: str) -> tuple[Variant, ...]:
        """The variants that a recording gets, in the order of the file; the id seeds the draw."""
        if self.per_recording is None:
            return self.variants
        draw = random_numbers(f"{identity}_variants")
        drawn = draw.choice(len(self.variants), self.per_recording, replace=False)
        return tuple(self.variants[place] for place in sorted(drawn.tolist()))


class AugmentingParams(Section):
    """The sections of params.yaml that decide what variants are made."""

    augment: AugmentParams
    clean: CleanParams


def make_variant(variant: Variant, original: Original) -> np.ndarray:
    """Make a variant of a recording.

    Parameters
    ----------
    variant : Variant
        Which.
    original : Original
        The recording, cleaned, or as it came where the variant is made before cleaning.

    Returns
    -------
    np.ndarray [shape=(m,), float32]
        m = n but for a stretch by s or a speed of s, where m is about n / s.
    """
    made: np.ndarray = KINDS[variant.kind].make(original, variant.amount)
    return made
