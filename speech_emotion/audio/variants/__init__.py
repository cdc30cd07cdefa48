"""Variants of a recording that training may learn from: one module per kind, found by its name.

A module of this folder is a kind of variant, and its name is the kind's. It holds

- ``LOWEST``, ``HIGHEST`` and ``UNIT``: which amounts can be asked for;
- ``FORMAT``, if amounts have a sign in names: the format of an amount there;
- ``make(original, amount)``: the variant's samples [shape=(m,), float32] of an `Original`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from pydantic import model_serializer, model_validator

from speech_emotion.audio.vocoder import Analysis, analyse
from speech_emotion.base.discovery import modules
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
    def name(self) -> str:
        """As in the manifest and behind the id of the source, such as "pitch-2p5".

        Without a dot, at which readers of WebDataset split names.
        """
        amount = format(self.amount, getattr(KINDS[self.kind], "FORMAT", "g"))
        return self.kind + amount.replace(".", "p")


class AugmentParams(Section):
    """Which variants are made of every recording, beside the recording itself."""

    variants: tuple[Variant, ...] = ()

    @model_validator(mode="after")
    def _all_different(self) -> Self:
        names = [variant.name for variant in self.variants]
        repeated = {name for name in names if names.count(name) > 1}
        if repeated:
            raise ValueError(f"{', '.join(sorted(repeated))} is listed more than once")
        return self


def make_variants(original: Original, variants: Iterable[Variant]) -> Iterator[np.ndarray]:
    """Make the variants of a recording, one after the other.

    Yields
    ------
    np.ndarray [shape=(m,), float32]
        m = n but for a stretch by s or a speed of s, where m is about n / s.
    """
    for variant in variants:
        yield KINDS[variant.kind].make(original, variant.amount)
