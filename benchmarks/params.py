"""benchmarks/params.yaml as typed, validated sections: the recordings and the items."""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field

from speech_emotion.base.errors import PipelineError
from speech_emotion.params.ingest import IngestParams
from speech_emotion.params.section import Section, check, read_sections

FILE = Path("benchmarks/params.yaml")

Condition = Literal[
    "as_recorded",
    "quieter",
    "telephone",
    "noise20",
    "noise10",
    "pink20",
    "babble20",
    "babble10",
    "talker20",
    "talker10",
    "hum20",
    "hum10",
    "room",
    "far_room",
    "g711",
    "gsm",
    "opus",
    "clipping",
    "with_variants",
]


class SourceParams(IngestParams):
    """Where the recordings come from, and whether they may be synthetic (in tests only)."""

    synthetic: bool


class Setting(Section):
    """What an item measures.

    Attributes
    ----------
    protocol : str
        A protocol of the ``split`` section; or "tuning", emobox6 among the actors of its folds 1
        to 4 alone; or "across", all of one corpus to train on and the speech of another to test,
        the emotions being those that both have.
    parts : int
        How many folds "random" makes.
    material : list of str or None
        Under "random", what is split, in place of the recipe's ``split.train``.
    conditions : tuple of str
        In what state the test recordings are recognised.
    augmented : str or None
        "after_split" or "before_split" lets every variant train as a recording of its own, as
        projects do that augment into a folder of files; "before_split" also deals out variants
        as if they were recordings, which leaks. None trains on one variant of each recording
        per epoch.
    disturbed : bool
        Whether what the model takes every recording for is kept too, as recorded and under each of
        `speech_emotion.audio.disturbances.DISTURBANCES`.
    known_voice : bool
        Whether the recordings are also recognised with their speaker's voice known from a few
        others, in every case of `benchmarks.known_voices.CASES`.
    """

    protocol: Literal[
        "emobox6", "luna_jimenez5", "leave_one_speaker_out", "random", "tuning", "across"
    ]
    parts: int = Field(default=5, ge=2)
    material: list[str] | None = None
    conditions: tuple[Condition, ...] = ("as_recorded",)
    augmented: Literal["after_split", "before_split"] | None = None
    disturbed: bool = False
    known_voice: bool = False


class Item(Section):
    """One stage of benchmarks/dvc.yaml: what it measures, and on what it is run."""

    setting: Setting
    recipes: tuple[str, ...]
    seeds: tuple[int, ...]
    folds: tuple[int | str, ...]
    speakers: tuple[int, ...] = ()
    """Training speakers, where their number is what varies."""


def load_source(section: str, path: Path = FILE) -> SourceParams:
    """Where recordings come from; the paths in the file are relative to the file's folder."""
    params = check(read_sections(path).get(section), SourceParams, f"{path}: {section}")
    sources = tuple(Path(os.path.normpath(path.parent / one)) for one in params.sources)
    return params.model_copy(update={"sources": sources})


def load_setting(name: str, path: Path = FILE) -> Setting:
    """What an item measures; its lists of recipes, seeds and folds are no part of it."""
    item = named("items", name, path)
    setting = item.get("setting") if isinstance(item, dict) else None
    return check(setting, Setting, f"{path}: items.{name}.setting")


def load_items(path: Path = FILE) -> dict[str, Item]:
    """Every item by its name, in the order of the file."""
    items = read_sections(path).get("items")
    names = list(items) if isinstance(items, dict) else []
    return {
        name: check(named("items", name, path), Item, f"{path}: items.{name}") for name in names
    }


def named(section: str, name: str, path: Path) -> object:
    """An entry of a section by its name, as yet unchecked."""
    entries = read_sections(path).get(section)
    if not isinstance(entries, dict) or name not in entries:
        known = ", ".join(entries) if isinstance(entries, dict) else "nothing"
        raise PipelineError(f"{path}: {section} has no {name!r}, it has {known}.")
    found: object = entries[name]
    return found
