"""Labels are the user's: what counts as what, and what nothing trains, is decided here alone."""

from typing import Any

import pandas as pd
import pytest
from manifests import MINIATURE
from training_params import LABELS

from speech_emotion.base.errors import PipelineError
from speech_emotion.data.corpora.ravdess import EMOTIONS
from speech_emotion.data.task import Task, set_task
from speech_emotion.params.labels import LabelParams
from speech_emotion.params.section import check
from speech_emotion.params.split import SplitParams


def task(manifest: pd.DataFrame = MINIATURE, changes: Any = None, **split: Any) -> Task:
    section = {
        "protocol": "emobox6",
        "fold": 1,
        "train": ["ravdess/speech", "ravdess/song"],
        "validation_speakers": 2,
        "validation_share": 0.1,
        "seed": 0,
        **split,
    }
    labels = {"map": {**LABELS["map"], **(changes or {})}}
    return set_task(manifest, SplitParams(**section), LabelParams(**labels))


def test_by_default_the_classes_are_the_words() -> None:
    found = task()
    assert found.labels == EMOTIONS
    assert found.manifest["emotion"].equals(MINIATURE["emotion"])
    assert found.remarks == ()
    assert found.left_out == {}


def test_a_class_takes_in_what_is_mapped_to_it_and_null_leaves_out() -> None:
    found = task(changes={"calm": "neutral", "disgust": None})
    assert found.labels == ("neutral", "happy", "sad", "angry", "fearful", "surprised")
    calm = MINIATURE["emotion"] == "calm"
    assert set(found.manifest.loc[calm, "emotion"]) == {"neutral"}
    disgust = MINIATURE["emotion"] == "disgust"
    assert set(found.manifest.loc[disgust, "part"]) == {"unused"}
    before = task()
    assert found.manifest.loc[~disgust, "part"].equals(before.manifest.loc[~disgust, "part"])


def test_rows_hold_variants_only_where_they_are_asked_for() -> None:
    found = task()
    for part in ("train", "validation", "test"):
        alone = found.manifest.iloc[found.rows(part)]
        both = found.manifest.iloc[found.rows(part, with_variants=True)]
        assert set(alone["variant"]) == {"original"}
        assert set(both["part"]) == {part} and len(both) == 2 * len(alone)


def test_a_class_that_nothing_trains_is_no_class_and_what_has_it_is_left_out_aloud() -> None:
    found = task(
        protocol="cross_corpus",
        train=["tess"],
        test=["ravdess/speech"],
        validation_speakers=0,
    )
    assert found.labels == tuple(one for one in EMOTIONS if one != "calm")
    calm = (MINIATURE["emotion"] == "calm") & (MINIATURE["variant"] == "original")
    spoken = calm & (MINIATURE["corpus"] == "ravdess") & (MINIATURE["channel"] == "speech")
    assert found.left_out == {"calm": int(spoken.sum())}
    assert set(found.manifest.loc[MINIATURE["emotion"] == "calm", "part"]) == {"unused"}
    assert "left out, since nothing trains their class: 48 of calm" in found.remarks[0]


def test_an_emotion_without_a_place_is_named_with_what_to_do() -> None:
    manifest = MINIATURE.replace({"emotion": {"calm": "boredom"}})
    with pytest.raises(PipelineError, match=r"boredom \(\d+\).*'\+labels\.map\.boredom=CLASS'"):
        task(manifest)
    # what no part uses may be called anything
    unused = MINIATURE["corpus"] == "tess"
    task(MINIATURE.assign(emotion=MINIATURE["emotion"].mask(unused, "odd")))


def test_fewer_than_two_classes_are_refused() -> None:
    only = MINIATURE[MINIATURE["emotion"] == "sad"]
    with pytest.raises(PipelineError, match="the training recordings have one class, sad"):
        task(only)


def test_a_test_set_without_a_class_that_trains_is_refused() -> None:
    is_tess = MINIATURE["corpus"] == "tess"
    manifest = MINIATURE[is_tess == (MINIATURE["emotion"] == "sad")]
    with pytest.raises(PipelineError, match="has one of the classes that train"):
        task(manifest, protocol="cross_corpus", train=["ravdess"], test=["tess"])


def test_a_class_of_few_speakers_is_named() -> None:
    few = (MINIATURE["emotion"] != "disgust") | MINIATURE["speaker"].isin(["01", "02"])
    found = task(MINIATURE[few], protocol="speakers", folds=5)
    assert [one for one in found.remarks if "disgust is heard from 2 speakers only" in one]


def test_ravdess_without_its_song_goes_on_with_a_remark() -> None:
    found = task(MINIATURE[MINIATURE["channel"] == "speech"])
    assert "names ravdess/song, which the data do not have: going on without" in found.remarks[0]


@pytest.mark.parametrize(
    ("values", "reported"),
    [
        ({"a": "x"}, "at least 2"),
        ({"a": "x", "b": "x"}, "expected 2 to 30 different classes"),
        ({"a": "x", "b": None}, "expected 2 to 30 different classes"),
        ({str(n): str(n) for n in range(31)}, "expected 2 to 30 different classes"),
        ({"a": "x ", "b": "y"}, "without white space"),
        ({True: "x", "b": "y"}, "use quotes"),
    ],
)
def test_bad_labels_are_named(values: dict[str, Any], reported: str) -> None:
    with pytest.raises(PipelineError, match=reported):
        check({"map": values}, LabelParams, "params.yaml: labels")


def test_emotions_may_be_numbers() -> None:
    params = check({"map": {1: "sad", 2: "happy"}}, LabelParams, "labels")
    assert params.map == {"1": "sad", "2": "happy"}
    assert params.classes == ("sad", "happy")
