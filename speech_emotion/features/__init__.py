"""From cleaned audio to the features that networks take: one module per kind, found by its name.

A module of this folder is a kind of feature, and its name is the kind's. It holds

- ``FRAMED``: True for [frames, ...], such as [frames, bands], False for one vector per utterance;
- ``DTYPE``: what it is stored as;
- ``compute(samples, sample_rate, params)``: the features of mono samples [n], float32, full
  scale 1;
- ``Params``, if it has options: its section below ``featurize`` in params.yaml, with defaults;
- ``SECTION``, if it shares the section of another kind: that kind's name;
- ``prepare(params, sample_rate)``, if the options must be checked against the sample rate of the
  audio (Hz) or completed, before the features of a whole dataset are made with them;
- ``encoder(params)``, if a trained Keras model computes them: that model, which the export stage
  writes as LiteRT beside the network. ``preset`` of the params may then be such a file, or one of
  ONNX, and ``CREDIT`` names the model, its authors and its licence.

Prediction imports this folder without the rest of the pipeline: at import, NumPy, soxr and pydantic
must be enough. librosa is the oracle in the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import numpy as np
from pydantic import (
    Field,
    SerializeAsAny,
    create_model,
    field_validator,
    model_serializer,
    model_validator,
)

from speech_emotion.base.discovery import modules
from speech_emotion.params.section import Section


@dataclass(frozen=True)
class Kind:
    """A kind of feature: how it is computed and stored.

    Attributes
    ----------
    framed : bool
        True for [frames, ...], such as [frames, bands], False for one vector per utterance.
    dtype : type
        What it is stored as.
    compute : callable
        (samples, sample rate in Hz, its params) -> array.
    section : str
        The key of its params below ``featurize``.
    params : type
        What its params must satisfy.
    prepare : callable
        (its params, sample rate in Hz) -> params, checked and complete.
    encoder : callable or None
        (its params) -> the Keras model that computes it, where one does.
    credit : str
        Whose model that is.
    """

    framed: bool
    dtype: type[np.floating]
    compute: Callable[[np.ndarray, int, Any], np.ndarray]
    section: str
    params: type[Section]
    prepare: Callable[[Any, int], Any]
    encoder: Callable[[Any], Any] | None
    credit: str


def _kind(name: str, module: ModuleType) -> Kind:
    return Kind(
        framed=module.FRAMED,
        dtype=module.DTYPE,
        compute=module.compute,
        section=getattr(module, "SECTION", name),
        params=getattr(module, "Params", Section),
        prepare=getattr(module, "prepare", lambda params, sample_rate: params),
        encoder=getattr(module, "encoder", None),
        credit=getattr(module, "CREDIT", ""),
    )


KINDS: dict[str, Kind] = {name: _kind(name, module) for name, module in modules(__name__).items()}

_FIELDS: dict[str, Any] = {kind.section: (kind.params | None, None) for kind in KINDS.values()}
_Sections = create_model("_Sections", __base__=Section, **_FIELDS)


class FeaturizeParams(Section):
    """Which kinds of features are made, and how each is.

    In the file the sections stand beside ``kinds``, each under the name of its kind. Those of the
    kinds in use have their defaults where they are left out; others need not be there.

    Attributes
    ----------
    kinds : tuple of str
        Names of `KINDS`.
    sections : dict of str to Section
        The params by section, in the order of the file.
    """

    kinds: tuple[str, ...] = Field(min_length=1)
    sections: dict[str, SerializeAsAny[Section]]

    @classmethod
    def keys(cls) -> dict[str, Any]:
        return {"kinds": tuple, **{kind.section: kind.params for kind in KINDS.values()}}

    @model_validator(mode="before")
    @classmethod
    def _gathered(cls, values: Any) -> Any:
        """Check each section by its kind; a fault is reported under the section's own key."""
        if not isinstance(values, dict):
            return values
        sections = {key: value for key, value in values.items() if key != "kinds"}
        kinds = values.get("kinds")
        in_use = [n for n in KINDS if n in kinds] if isinstance(kinds, list | tuple) else []
        for name in in_use:
            # a key with nothing but comments below it holds null
            if sections.get(KINDS[name].section) is None:
                sections[KINDS[name].section] = {}
        checked = _Sections.model_validate(sections)
        gathered = {key: getattr(checked, key) for key in sections}
        return {
            **({"kinds": values["kinds"]} if "kinds" in values else {}),
            "sections": {key: section for key, section in gathered.items() if section is not None},
        }

    @field_validator("kinds")
    @classmethod
    def _known_and_different(cls, kinds: tuple[str, ...]) -> tuple[str, ...]:
        for name in kinds:
            if name not in KINDS:
                raise ValueError(f"{name!r} is no kind of feature: expected {', '.join(KINDS)}")
        if len(set(kinds)) < len(kinds):
            raise ValueError(f"{', '.join(kinds)} lists one more than once")
        return kinds

    @model_serializer
    def _beside_kinds(self) -> dict[str, Any]:
        return {"kinds": self.kinds, **self.sections}

    def of(self, kind: str) -> Any:
        """The params of a kind, as its module declares them."""
        return self.sections[KINDS[kind].section]

    def only(self, kinds: Iterable[str]) -> Self:
        """The params of some of the kinds."""
        return self.model_copy(update={"kinds": tuple(kinds)})

    def with_encoder(self, kind: str, path: Path) -> Self:
        """The params with the encoder of a kind read from a LiteRT or ONNX file."""
        section = self.of(kind).model_copy(update={"preset": str(path)})
        return self.model_copy(update={"sections": {**self.sections, KINDS[kind].section: section}})

    def prepared(self, sample_rate: int) -> Self:
        """The params with those of each kind in use checked and complete.

        Parameters
        ----------
        sample_rate : int
            Of the cleaned audio, in Hz.

        Raises
        ------
        PipelineError
            If a kind can't be made with its params.
        """
        changed = {
            KINDS[name].section: KINDS[name].prepare(self.of(name), sample_rate)
            for name in self.kinds
        }
        return self.model_copy(update={"sections": {**self.sections, **changed}})


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
        name: KINDS[name].compute(samples, sample_rate, params.of(name)).astype(KINDS[name].dtype)
        for name in params.kinds
    }
