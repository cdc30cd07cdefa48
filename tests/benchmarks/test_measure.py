"""A training of the benchmarks: who and what it counts, whatever the item asks for."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from feature_folders import SPEAKERS, write_features
from training_params import BASELINE

from benchmarks.measure import measure
from benchmarks.params import Setting
from benchmarks.recipes import Recipe, RecipeSplit
from benchmarks.results import Run
from speech_emotion.data.corpora.ravdess import EMOTIONS
from speech_emotion.params.train import TrainParams

pytestmark = pytest.mark.slow

RECIPE = Recipe(
    front_end="default",
    variants=None,
    split=RecipeSplit(train=["ravdess/speech"], validation_speakers=0, validation_share=0, seed=0),
    train=TrainParams(**{**BASELINE, "epochs": 2}),
)
RECORDINGS = 8
"""Of a speaker, one an emotion; each has one variant besides."""


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("features")
    write_features(folder)
    return folder


def measured(
    features: Path, fold: str, speakers: int | None = None, **setting: Any
) -> dict[str, Any]:
    of = Run(item="any", recipe="any", seed=1, fold=fold, speakers=speakers)
    return measure(of, Setting(**setting), RECIPE, features, features / "not read")


def counted(result: dict[str, Any], condition: str = "as_recorded") -> int:
    return int(np.sum(list(result["confusion"][condition].values())))


def test_variants_train_and_originals_are_tested(features: Path) -> None:
    result = measured(features, "04", protocol="leave_one_speaker_out")
    recordings = RECORDINGS * (len(SPEAKERS) - 1)
    assert result["trained_on"] == {
        "speakers": len(SPEAKERS) - 1,
        "recordings": recordings,
        "utterances": 2 * recordings,
    }
    assert list(result["confusion"]["as_recorded"]) == ["04"]
    assert counted(result) == RECORDINGS
    assert result["epochs"] == 2
    assert result["synthetic"] is True


def test_few_speakers_train_for_as_many_steps(features: Path) -> None:
    result = measured(features, "04", speakers=2, protocol="leave_one_speaker_out")
    assert result["trained_on"]["speakers"] == 2
    assert result["epochs"] == 5  # of 16 recordings, for 2 of 40
    assert counted(result) == RECORDINGS


def test_augmenting_after_the_split_tests_originals(features: Path) -> None:
    result = measured(features, "04", protocol="leave_one_speaker_out", augmented="after_split")
    assert result["trained_on"]["utterances"] == 2 * RECORDINGS * (len(SPEAKERS) - 1)
    assert counted(result) == RECORDINGS


def test_augmenting_before_the_split_tests_variants_too(features: Path) -> None:
    conditions = ("as_recorded", "with_variants")
    result = measured(
        features, "1", protocol="random", parts=2, augmented="before_split", conditions=conditions
    )
    everything = 2 * RECORDINGS * len(SPEAKERS)
    in_test = counted(result, "with_variants")
    assert result["trained_on"]["utterances"] + in_test == everything
    assert 0 < counted(result) < in_test


def test_across_corpora_the_emotions_that_both_have_are_told_apart(
    features: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(features, tmp_path / "features"))
    manifest = pd.read_csv(folder / "manifest.csv", dtype=str)
    of_tess = manifest["speaker"].isin(["05", "06"])
    manifest.loc[of_tess, "corpus"] = "tess"
    manifest.loc[of_tess & (manifest["emotion"] == "calm"), "emotion"] = "boredom"
    manifest.to_csv(folder / "manifest.csv", index=False)
    result = measured(folder, "ravdess-tess", protocol="across")
    assert result["labels"] == [one for one in EMOTIONS if one != "calm"]
    assert set(result["confusion"]["as_recorded"]) == {"05", "06"}
    assert counted(result) == 2 * (RECORDINGS - 1)
    assert result["trained_on"]["speakers"] == 4
    assert result["trained_on"]["recordings"] == 4 * (RECORDINGS - 1)
    assert 1 / 7 < result["confidence"] < 1 and 0 <= result["calibration_error"] < 1
    assert "labels" not in measured(features, "04", protocol="leave_one_speaker_out")
