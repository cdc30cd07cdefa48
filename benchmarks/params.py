"""benchmarks/params.yaml as typed, validated sections: front ends, recipes and items."""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field

from stages.lib.errors import PipelineError
from stages.lib.params.augment import AugmentParams
from stages.lib.params.clean import CleanParams
from stages.lib.params.featurize import FeaturizeParams
from stages.lib.params.ingest import IngestParams
from stages.lib.params.loader import Section, check, read_sections
from stages.lib.params.split import SplitParams
from stages.lib.params.train import TrainParams

FILE = Path("benchmarks/params.yaml")

Condition = Literal[
    "as_recorded", "quieter", "telephone", "noise20", "noise10", "pink20", "with_variants"
]


class SourceParams(IngestParams):
    """Where the recordings come from, and whether they may be synthetic (in tests only)."""

    synthetic: bool


class FrontEnd(Section):
    """From recordings to features, as the sections of the root params.yaml."""

    clean: CleanParams
    augment: AugmentParams
    featurize: FeaturizeParams


class RecipeSplit(Section):
    """What of the ``split`` section belongs to a recipe; the rest is the item's."""

    train: list[str]
    validation_speakers: int
    validation_share: float
    seed: int


class Recipe(Section):
    """How a model is made of features.

    Attributes
    ----------
    front_end : str
        The front end's name.
    variants : tuple of str or None
        Names of the front end's variants that train, None for all that there are.
    split : RecipeSplit
        What trains, and what is held out of it for validation.
    train : TrainParams
        How it trains.
    """

    front_end: str
    variants: tuple[str, ...] | None
    split: RecipeSplit
    train: TrainParams


class Setting(Section):
    """What an item measures.

    Attributes
    ----------
    protocol : str
        A protocol of the ``split`` section, or "tuning": emobox6 among the actors of its folds 1
        to 4 alone.
    parts : int
        How many folds "random" makes.
    material : list of str or None
        Under "random", what is split, in place of the recipe's ``split.train``.
    conditions : tuple of str
        In what state the test recordings are recognised.
    augmented : str or None
        "after_split" or "before_split" lets every variant train as a recording of its own, as
        projects do that augment into a folder of files; "before_split" also deals out variants
        as if they were recordings, which leaks. None trains on one variant a recording an epoch.
    """

    protocol: Literal["emobox6", "luna_jimenez5", "leave_one_speaker_out", "random", "tuning"]
    parts: int = Field(default=5, ge=2)
    material: list[str] | None = None
    conditions: tuple[Condition, ...] = ("as_recorded",)
    augmented: Literal["after_split", "before_split"] | None = None


class Item(Section):
    """One stage of benchmarks/dvc.yaml: what it measures, and on what it is run."""

    setting: Setting
    recipes: tuple[str, ...]
    seeds: tuple[int, ...]
    folds: tuple[int | str, ...]
    speakers: tuple[int, ...] = ()
    """Training speakers, where their number is what varies."""


def load_source(path: Path = FILE) -> SourceParams:
    """Where the recordings come from; the path in the file is relative to the file's folder."""
    params = check(read_sections(path).get("ingest"), SourceParams, f"{path}: ingest")
    source = Path(os.path.normpath(path.parent / params.source))
    return params.model_copy(update={"source": source})


def load_front_end(name: str, path: Path = FILE) -> FrontEnd:
    """A front end by its name."""
    return check(_named("front_ends", name, path), FrontEnd, f"{path}: front_ends.{name}")


def load_recipe(name: str, path: Path = FILE) -> Recipe:
    """A recipe by its name."""
    return check(_named("recipes", name, path), Recipe, f"{path}: recipes.{name}")


def load_setting(name: str, path: Path = FILE) -> Setting:
    """What an item measures; its lists of recipes, seeds and folds are no part of it."""
    item = _named("items", name, path)
    setting = item.get("setting") if isinstance(item, dict) else None
    return check(setting, Setting, f"{path}: items.{name}.setting")


def load_items(path: Path = FILE) -> dict[str, Item]:
    """Every item by its name, in the order of the file."""
    items = read_sections(path).get("items")
    names = list(items) if isinstance(items, dict) else []
    return {
        name: check(_named("items", name, path), Item, f"{path}: items.{name}") for name in names
    }


def split_params(setting: Setting, recipe: Recipe, fold: str) -> SplitParams:
    """The ``split`` section of a fold, as the root pipeline would have it."""
    values = {
        **recipe.split.model_dump(),
        "protocol": "emobox6" if setting.protocol == "tuning" else setting.protocol,
        "folds": setting.parts,
        "fold": fold,
    }
    if setting.material is not None:
        values["train"] = setting.material
    return check(values, SplitParams, f"{FILE}: split")


def _named(section: str, name: str, path: Path) -> object:
    entries = read_sections(path).get(section)
    if not isinstance(entries, dict) or name not in entries:
        known = ", ".join(entries) if isinstance(entries, dict) else "nothing"
        raise PipelineError(f"{path}: {section} has no {name!r}, it has {known}.")
    found: object = entries[name]
    return found
