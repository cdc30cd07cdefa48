"""What stands out of a dataset is found, and nothing that isn't there is told of it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from explored import EXCHANGED, LONG, NOISY, OF, QUIET, TWIN

from speech_emotion.base.errors import PipelineError
from speech_emotion.data.corpora.ravdess import EMOTIONS
from speech_emotion.features.functionals import Params, functional_names
from speech_emotion.reporting.exploration import (
    MEASURES,
    Measured,
    identical,
    loudness_and_noise,
    measured,
    open_functionals,
    outliers,
)
from speech_emotion.reporting.exploration_model import (
    GROUPS,
    Judgement,
    doubted,
    judge,
    misunderstood,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found(explored: Path) -> Measured:
    return measured(explored)


@pytest.fixture(scope="module")
def judgement(explored: Path) -> Judgement:
    store = open_functionals(explored / "features")
    assert not isinstance(store, str)
    return judge(store, EMOTIONS)


@pytest.mark.parametrize("ratio", [10, 20, 40])
def test_speech_in_noise_is_as_loud_and_as_noisy_as_it_was_made(ratio: float) -> None:
    random = np.random.default_rng(0)
    speech = 0.1 * random.standard_normal(16000)
    noise = 0.1 * 10 ** (-ratio / 20) * random.standard_normal(24000)
    samples = noise.copy()
    samples[4000:20000] += speech
    loudness, estimated = loudness_and_noise(samples.astype(np.float32), 16000)
    assert loudness == pytest.approx(10 * np.log10(0.01 * (1 + 10 ** (-ratio / 10))), abs=0.3)
    assert estimated == pytest.approx(ratio, abs=1.5)


def test_silence_and_an_even_tone_have_numbers_too() -> None:
    silent_around = np.zeros(16000, np.float32)
    silent_around[4000:12000] = 0.1
    for samples in (silent_around, np.sin(np.arange(16000)).astype(np.float32)):
        assert np.isfinite(loudness_and_noise(samples, 16000)).all()


def test_every_recording_has_every_number(found: Measured) -> None:
    assert found.remarks == ()
    table = found.recordings
    assert table[list(MEASURES)].notna().all(axis=None)
    assert (table["sound"] <= table["duration"] + 0.001).all()
    by_sex = table.groupby("sex")["pitch"].median().to_dict()
    assert 80 < by_sex["male"] < by_sex["female"] < 300


def test_what_was_made_soft_long_or_noisy_is_an_outlier(found: Measured) -> None:
    far = outliers(found.recordings)
    first = far.drop_duplicates("measure").set_index("measure").to_dict("index")
    assert first["loudness"]["id"] == QUIET
    assert first["loudness"]["score"] < -3.5
    assert first["duration"]["id"] == LONG
    assert first["duration"]["value"] > 7 * first["duration"]["median"]
    assert NOISY in set(far.loc[(far["measure"] == "snr") & (far["score"] < 0), "id"])
    assert len(far) < 0.2 * len(found.recordings)


def test_recordings_of_equal_samples_are_found(found: Measured) -> None:
    [group] = identical(found.recordings)
    assert set(group["id"]) == {TWIN, OF}


def test_exchanged_labels_are_doubted_for_the_right_emotion(judgement: Judgement) -> None:
    doubts = doubted(judgement)
    by_id = doubts.set_index("id").to_dict("index")
    for recording, *emotions in zip(EXCHANGED, ("sad", "angry"), ("angry", "sad"), strict=True):
        assert [by_id[recording][one] for one in ("emotion", "taken_for")] == emotions
    assert set(EXCHANGED) <= set(doubts["id"].iloc[:6])
    assert len(doubts) < 0.1 * len(judgement.recordings)


def test_a_speaker_unlike_the_others_is_told_apart_from_wrong_labels(
    judgement: Judgement,
) -> None:
    """All that one speaker did surprised is taken for fear: that is no wrong label."""
    recordings, labels = judgement.recordings, judgement.labels
    turned = ((recordings["speaker"] == "02") & (recordings["emotion"] == "surprised")).to_numpy()
    probabilities = judgement.probabilities.copy()
    probabilities[turned] = np.eye(len(labels))[labels.index("fearful")] * 0.99 + 0.01 / len(labels)
    changed = replace(judgement, probabilities=probabilities)
    assert not set(doubted(changed)["id"]) & set(recordings.loc[turned, "id"])
    unlike = misunderstood(changed)
    [found] = unlike[(unlike["speaker"] == "02") & (unlike["emotion"] == "surprised")].to_dict(
        "records"
    )
    assert found["taken_for"] == "fearful"
    assert found["recognised"] == 0
    assert found["recordings"] == turned.sum()


def test_nobody_is_judged_by_a_model_that_heard_the_speaker(
    judgement: Judgement, explored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other labels of one speaker change nothing in what is said of that speaker."""
    store = open_functionals(explored / "features")
    assert not isinstance(store, str)
    of_speaker = (judgement.recordings["speaker"] == "03").to_numpy()
    turned = dict(zip(EMOTIONS, (*EMOTIONS[1:], EMOTIONS[0]), strict=True))
    rows = store.manifest["speaker"] == "03"
    store.manifest.loc[rows, "emotion"] = store.manifest.loc[rows, "emotion"].map(turned)
    monkeypatch.setattr(
        "speech_emotion.reporting.exploration_model.speaker_folds",
        lambda recordings, folds, seed: {
            one: 1 + int(one) % folds for one in set(recordings["speaker"])
        },
    )
    changed = judge(store, EMOTIONS).probabilities[of_speaker]
    store.manifest.loc[rows, "emotion"] = judgement.recordings.loc[of_speaker, "emotion"].to_numpy()
    np.testing.assert_allclose(changed, judge(store, EMOTIONS).probabilities[of_speaker], atol=1e-5)


def test_each_functional_is_of_one_group_and_what_it_is_worth_has_an_interval(
    judgement: Judgement,
) -> None:
    tracks = [track for group in GROUPS.values() for track in group]
    assert len(tracks) == len(set(tracks))
    names = functional_names(Params(convolutions=8))
    beginnings = {name.split(".")[0] for name in names}
    assert set(tracks) <= beginnings
    assert all(one.startswith("convolution_") for one in beginnings - set(tracks))
    worth = judgement.worth
    assert worth["values"].sum() == len(names)
    assert (worth["low"] < worth["drop"]).all()
    assert (worth["drop"] < worth["high"]).all()
    assert worth["drop"].max() > 0


def test_what_is_missing_is_said_with_what_makes_it(explored: Path, tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="run `dvc repro rename_merge`"):
        measured(tmp_path)
    (tmp_path / "merged").symlink_to(explored / "merged")
    found = measured(tmp_path)
    assert [remark.split(": ")[1].split("`")[1] for remark in found.remarks] == [
        "dvc repro clean",
        "dvc repro featurize",
    ]
    assert found.recordings["pitch"].isna().all()
    assert isinstance(outliers(found.recordings), pd.DataFrame)
