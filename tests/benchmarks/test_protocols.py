"""Who trains in a benchmark: a leak here would make a table that compares with others a lie."""

from typing import Any

import pandas as pd
import pytest
from conftest import ROOT
from manifests import MINIATURE, rows

from benchmarks.params import Setting, load_items
from benchmarks.protocols import as_recordings, classes, parts
from benchmarks.recipes import Recipe, load_recipe
from speech_emotion.base.errors import PipelineError
from speech_emotion.data.manifest import COLUMNS

PARAMS = ROOT / "benchmarks" / "params.yaml"
ITEMS = load_items(PARAMS)
FOLDS_5_AND_6 = {"02", "15", "16", "18", "06", "13", "17", "22"}
TUNING = {
    "1": {"01", "11", "20", "21"},
    "2": {"04", "10", "12", "14"},
    "3": {"08", "09", "19", "23"},
    "4": {"03", "05", "07", "24"},
}


def recipe(name: str = "best", **changes: Any) -> Recipe:
    return load_recipe(name, PARAMS).model_copy(update=changes)


def table(part: pd.Series) -> pd.DataFrame:
    return MINIATURE.assign(part=part)


def with_emodb() -> pd.DataFrame:
    """Two speakers of a third corpus beside the others, with four of the emotions."""
    words = ("neutral", "happy", "sad", "angry")
    added = [
        row
        for speaker, sex in (("emodb-03", "male"), ("emodb-08", "female"))
        for emotion in words
        for row in rows("emodb", "speech", speaker, sex, emotion, take=0, variants=1)
    ]
    extra = pd.DataFrame(added, columns=list(COLUMNS))
    return pd.concat([MINIATURE, extra], ignore_index=True)


@pytest.mark.parametrize("name", [item for item in ITEMS if item.startswith("tuning")])
@pytest.mark.parametrize("fold", TUNING)
def test_tuning_never_touches_the_actors_of_folds_5_and_6(name: str, fold: str) -> None:
    for used in ITEMS[name].recipes:
        found = table(parts(MINIATURE, ITEMS[name].setting, recipe(used), fold))
        assert set(found.loc[found["speaker"].isin(FOLDS_5_AND_6), "part"]) == {"unused"}
        assert set(found.loc[found["part"] == "test", "speaker"]) == TUNING[fold]
        trained = set(found.loc[found["part"] == "train", "speaker"]) - {"25", "26"}
        assert trained == set().union(*TUNING.values()) - TUNING[fold]
        assert set(found["part"]) == {"train", "test", "unused"}


@pytest.mark.parametrize("fold", ["5", "6"])
def test_tuning_has_no_fold_of_those_actors(fold: str) -> None:
    with pytest.raises(PipelineError, match="the actors of the others are kept for the end"):
        parts(MINIATURE, Setting(protocol="tuning"), recipe(), fold)


@pytest.mark.slow
@pytest.mark.parametrize("name", ITEMS)
def test_no_test_speaker_trains_and_only_the_leak_parts_variants(name: str) -> None:
    item, manifest = ITEMS[name], with_emodb()
    for used in item.recipes:
        for fold in map(str, item.folds):
            found = manifest.assign(part=parts(manifest, item.setting, recipe(used), fold))
            in_use = found[found["part"] != "unused"]
            assert {"train", "test"} == set(in_use["part"])
            by_speaker = in_use.groupby("speaker")["part"].nunique().max()
            by_recording = in_use.groupby("source_id")["part"].nunique().max()
            assert by_speaker == (2 if item.setting.protocol == "random" else 1)
            assert by_recording == (2 if name == "leak_random_before" else 1)


@pytest.mark.parametrize(
    ("fold", "told_apart"),
    [
        ("ravdess-tess", ["neutral", "happy", "sad", "angry", "fearful", "disgust", "surprised"]),
        ("tess-emodb", ["neutral", "happy", "sad", "angry"]),
    ],
)
def test_across_corpora_one_trains_and_the_other_is_tested(
    fold: str, told_apart: list[str]
) -> None:
    manifest, setting = with_emodb(), ITEMS["across_best"].setting
    found = manifest.assign(part=parts(manifest, setting, recipe(), fold))
    trained, tested = fold.split("-")
    assert set(found.loc[found["part"] == "train", "corpus"]) == {trained}
    test = found[found["part"] == "test"]
    assert (set(test["corpus"]), set(test["channel"])) == ({tested}, {"speech"})
    assert list(classes(manifest, setting, fold)) == told_apart
    assert set(found.loc[found["part"] != "unused", "emotion"]) == set(told_apart)


def test_the_two_leak_items_differ_in_nothing_but_the_split() -> None:
    after, before = ITEMS["leak_random_after"], ITEMS["leak_random_before"]
    assert after.recipes == before.recipes
    assert after.setting.parts == before.setting.parts
    assert after.setting.protocol == before.setting.protocol


def test_forgetting_sources_keeps_rows_and_speakers() -> None:
    forgotten = as_recordings(MINIATURE)
    assert (forgotten["source_id"] == MINIATURE["id"]).all()
    assert set(forgotten["variant"]) == {"original"}
    assert (forgotten["speaker"] == MINIATURE["speaker"]).all()


@pytest.mark.parametrize("fold", ["1", "4"])
def test_fewer_speakers_are_balanced_and_nested(fold: str) -> None:
    setting = Setting(protocol="emobox6")
    everybody = table(parts(MINIATURE, setting, recipe(), fold))
    before: set[str] = set()
    for count in (4, 8, 12, 16, 20):
        found = table(parts(MINIATURE, setting, recipe(), fold, count))
        train = found[found["part"] == "train"]
        speakers = set(train["speaker"])
        assert len(speakers) == count
        assert before < speakers
        if count <= 16:
            assert sum(int(speaker) % 2 for speaker in speakers) == count / 2
        assert set(train["channel"]) == {"speech", "song"}
        assert (found["part"] == "test").equals(everybody["part"] == "test")
        before = speakers
    assert found["part"].equals(everybody["part"])
    with pytest.raises(PipelineError, match="21 training speakers are asked for"):
        parts(MINIATURE, setting, recipe(), fold, 21)


def test_only_the_variants_named_train() -> None:
    setting = Setting(protocol="emobox6")
    named = table(parts(MINIATURE, setting, recipe(variants=("pitch0",)), "1"))
    none = table(parts(MINIATURE, setting, recipe(variants=()), "1"))
    assert set(named.loc[named["part"] == "train", "variant"]) == {"original", "pitch0"}
    assert set(none.loc[none["part"] == "train", "variant"]) == {"original"}
