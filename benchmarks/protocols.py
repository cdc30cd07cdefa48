"""Who trains and who is tested in a benchmark: the pipeline's own splits and what is made of them.

Only the setting "before_split" puts variants of one recording into two parts, to show what that
does.
"""

import pandas as pd

from benchmarks.params import Setting
from benchmarks.recipes import Recipe, split_params
from speech_emotion.base.errors import PipelineError
from speech_emotion.data.corpora.ravdess import EMOTIONS
from speech_emotion.data.splits import TEST_CORPUS, TEST_SPEAKERS, draw_speakers, split

ACROSS = "across"
"""Train on one corpus and test on another; a fold is called by both, such as ravdess-tess."""

TUNING_FOLDS = (1, 2, 3, 4)
"""The folds of emobox6 whose actors choices may be made on; those of the others are in nothing."""


def parts(
    manifest: pd.DataFrame,
    setting: Setting,
    recipe: Recipe,
    fold: str,
    speakers: int | None = None,
) -> pd.Series:
    """Say of every utterance what it is for.

    Parameters
    ----------
    manifest : pd.DataFrame
        As in `speech_emotion.data.splits.split`.
    setting : Setting
        What the item measures.
    recipe : Recipe
        What trains, and which variants.
    fold : str
        Which part is tested.
    speakers : int or None
        Let no more than this many speakers train, women and men in turn.

    Returns
    -------
    pd.Series
        With the manifest's index: "train", "validation", "test" or "unused".
    """
    if setting.protocol == ACROSS:
        found = split(manifest, split_params(setting, recipe, fold))
        return found.where(manifest["emotion"].isin(classes(manifest, setting, fold)), "unused")
    if setting.protocol == "tuning":
        of_tuning = manifest[~manifest["speaker"].isin(_kept_for_the_end())]
        _require_tuning_fold(fold)
    else:
        of_tuning = manifest
    params = split_params(setting, recipe, fold)
    if setting.augmented == "before_split":
        found = split(as_recordings(of_tuning), params)
    else:
        found = split(of_tuning, params)
    found = found.reindex(manifest.index, fill_value="unused")
    if recipe.variants is not None:
        left_out = ~manifest["variant"].isin(["original", *recipe.variants])
        found[left_out & (found == "train")] = "unused"
    if speakers is not None:
        train = found == "train"
        kept = _fewer(manifest[train], speakers, f"{recipe.split.seed}/{fold}")
        found[train & ~manifest["speaker"].isin(kept)] = "unused"
    return found


def classes(manifest: pd.DataFrame, setting: Setting, fold: str) -> tuple[str, ...]:
    """What the models of a fold tell apart: RAVDESS' emotions, or those of them that two share."""
    if setting.protocol != ACROSS:
        return EMOTIONS
    corpora = (set(manifest.loc[manifest["corpus"] == one, "emotion"]) for one in fold.split("-"))
    shared = set.intersection(*corpora)
    return tuple(emotion for emotion in EMOTIONS if emotion in shared)


def as_recordings(manifest: pd.DataFrame) -> pd.DataFrame:
    """The manifest with every variant as a recording of its own, as where sources are forgotten."""
    return manifest.assign(source_id=manifest["id"], variant="original")


def _kept_for_the_end() -> set[str]:
    folds = TEST_SPEAKERS["emobox6"]
    return {speaker for fold in folds if fold not in TUNING_FOLDS for speaker in folds[fold]}


def _require_tuning_fold(fold: str) -> None:
    if fold not in map(str, TUNING_FOLDS):
        raise PipelineError(
            f"the protocol tuning has the folds {', '.join(map(str, TUNING_FOLDS))} of emobox6, "
            f"not {fold}: the actors of the others are kept for the end."
        )


def _fewer(training: pd.DataFrame, count: int, seed: str) -> list[str]:
    """Some of the training speakers of the test corpus, the fewer always among the more."""
    of_corpus = training[training["corpus"] == TEST_CORPUS]
    known = of_corpus["speaker"].nunique()
    if count > known:
        raise PipelineError(
            f"{count} training speakers are asked for, but this fold has {known}: lower "
            f"items.*.speakers in benchmarks/params.yaml."
        )
    return draw_speakers(of_corpus, count, seed)
