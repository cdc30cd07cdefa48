"""benchmarks/params.yaml as typed, validated sections: front ends and recipes."""

from pathlib import Path

from benchmarks.params import FILE, Setting, named
from speech_emotion.audio.variants import AugmentParams
from speech_emotion.features import FeaturizeParams
from speech_emotion.params.clean import CleanParams
from speech_emotion.params.section import Section, check
from speech_emotion.params.split import SplitParams
from speech_emotion.params.train import TrainParams


class FrontEnd(Section):
    """From recordings to features, as the sections of the root params.yaml.

    Attributes
    ----------
    corpora : tuple of str or None
        Whose recordings get features, where not all are needed; None for all.
    clean, augment, featurize : Section
        As there.
    """

    corpora: tuple[str, ...] | None = None
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


def load_front_end(name: str, path: Path = FILE) -> FrontEnd:
    """A front end by its name."""
    return check(named("front_ends", name, path), FrontEnd, f"{path}: front_ends.{name}")


def load_recipe(name: str, path: Path = FILE) -> Recipe:
    """A recipe by its name."""
    return check(named("recipes", name, path), Recipe, f"{path}: recipes.{name}")


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
    if setting.protocol == "across":
        trained, tested = fold.split("-")
        values |= {
            "protocol": "cross_corpus",
            "fold": 1,
            "train": [trained],
            "test": [f"{tested}/speech"],
        }
    return check(values, SplitParams, f"{FILE}: split")
