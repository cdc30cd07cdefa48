"""The reported numbers: checked against scikit-learn, by hand and by simulation."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, recall_score

from speech_emotion.base.errors import PipelineError
from speech_emotion.data.corpora.ravdess import EMOTIONS
from speech_emotion.data.manifest import corpus_names
from speech_emotion.reporting.scoring import (
    Metric,
    accuracy,
    bootstrap_interval,
    calibration_error,
    coverage,
    score,
    uar,
)


def recordings(truth: np.ndarray, speakers: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "emotion": np.array(EMOTIONS)[truth],
            "speaker": [f"{speaker:02d}" for speaker in speakers],
            "sex": np.where(speakers % 2 == 0, "female", "male"),
            "corpus": np.where(speakers > 24, "tess", "ravdess"),
        }
    )


def certain(predicted: np.ndarray) -> np.ndarray:
    return np.eye(len(EMOTIONS))[predicted]


def sample(speakers: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True classes, probabilities that lean to them, and speakers of 400 recordings."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, 8, 400)
    probabilities = random.dirichlet(np.ones(8), 400)
    probabilities[np.arange(400), truth] += 0.3
    return (
        truth,
        probabilities / probabilities.sum(axis=1, keepdims=True),
        random.integers(1, speakers + 1, 400),
    )


@pytest.mark.parametrize("absent", [[], [1], [1, 7]])
def test_metrics_agree_with_scikit_learn(absent: list[int]) -> None:
    truth, probabilities, speakers = sample(26)
    kept = ~np.isin(truth, absent)
    truth, probabilities, speakers = truth[kept], probabilities[kept], speakers[kept]
    predicted = probabilities.argmax(axis=1)
    table = recordings(truth, speakers)
    result = score(table, probabilities, EMOTIONS)
    present = np.unique(truth)
    recalls = recall_score(truth, predicted, labels=present, average=None)
    assert result["uar"] == pytest.approx(recalls.mean(), abs=1e-6)
    if not absent:
        assert result["uar"] == pytest.approx(balanced_accuracy_score(truth, predicted), abs=1e-6)
    assert result["accuracy"] == pytest.approx(accuracy_score(truth, predicted), abs=1e-6)
    assert result["macro_f1"] == pytest.approx(
        f1_score(truth, predicted, average="macro"), abs=1e-6
    )
    assert list(result["recall"]) == list(EMOTIONS)
    for emotion, recall in zip(present, recalls, strict=True):
        assert result["recall"][EMOTIONS[emotion]] == pytest.approx(recall, abs=1e-6)
    assert [EMOTIONS.index(name) for name, value in result["recall"].items() if value is None] == (
        absent
    )
    for column in ("speaker", "sex", "corpus"):
        expected = pd.Series(truth == predicted).groupby(table[column]).mean()
        assert result[f"accuracy_by_{column}"] == pytest.approx(expected.to_dict(), abs=1e-6)


@pytest.mark.parametrize(("speakers", "with_intervals"), [(24, True), (2, False)])
def test_each_sex_is_scored_as_if_it_were_all(speakers: int, with_intervals: bool) -> None:
    truth, probabilities, who = sample(speakers)
    table = recordings(truth, who)
    table.loc[:9, ["sex", "speaker"]] = ""
    found = score(table, probabilities, EMOTIONS)["uar_by_sex"]
    assert list(found) == ["unknown", "female", "male"]
    for sex in ("female", "male"):
        chosen = (table["sex"] == sex).to_numpy()
        alone = score(table[chosen], probabilities[chosen], EMOTIONS)
        assert found[sex] == {
            "uar": alone["uar"],
            **alone["interval"]["uar"],
            "speakers": speakers // 2,
            "recordings": chosen.sum(),
        }
        assert (found[sex]["low"] is not None) == with_intervals
    assert found["unknown"]["speakers"] == 0
    assert found["unknown"]["low"] is None


def test_headline_metrics_come_first_and_all_is_json() -> None:
    truth, probabilities, speakers = sample(24)
    result = score(recordings(truth, speakers), probabilities.astype(np.float32), EMOTIONS)
    assert list(result)[:3] == ["uar", "accuracy", "macro_f1"]
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_few_speakers_get_a_student_interval_over_their_scores() -> None:
    # two classes, ten recordings of each a speaker, hits as below: UARs .7, .85, .55
    truth, predicted, speakers = [], [], []
    for speaker, hits in enumerate([(8, 6), (10, 7), (5, 6)], start=1):
        for emotion, right in enumerate(hits):
            truth += [emotion] * 10
            predicted += [emotion] * right + [1 - emotion] * (10 - right)
            speakers += [speaker] * 10
    table = recordings(np.array(truth), np.array(speakers))
    result = score(table, certain(np.array(predicted)), EMOTIONS)
    # mean .7, standard deviation .15, t(.975; 2 degrees of freedom) 4.302653
    half = 4.302653 * 0.15 / np.sqrt(3)
    assert result["interval"]["uar"] == {
        "low": pytest.approx(0.7 - half, abs=1e-6),
        "high": 1.0,  # 1.0726 is more than a recall can be
    }
    assert result["interval"]["method"] == "Student-t over speakers"
    assert result["interval"]["speakers"] == 3


def test_one_speaker_gets_no_interval() -> None:
    truth, probabilities, speakers = sample(1)
    interval = score(recordings(truth, speakers), probabilities, EMOTIONS)["interval"]
    assert interval["uar"] == interval["accuracy"] == interval["macro_f1"]
    assert interval["uar"] == {"low": None, "high": None}
    assert (interval["speakers"], interval["method"]) == (1, "none for one speaker")


@pytest.mark.parametrize(
    ("speakers", "method"),
    [
        (2, "Student-t over speakers"),
        (9, "Student-t over speakers"),
        (10, "bootstrap over speakers"),
        (24, "bootstrap over speakers"),
    ],
)
def test_number_of_speakers_decides_the_method(speakers: int, method: str) -> None:
    truth, probabilities, who = sample(speakers)
    result = score(recordings(truth, who), probabilities, EMOTIONS)
    assert (result["interval"]["method"], result["interval"]["speakers"]) == (method, speakers)
    for metric in ("uar", "accuracy", "macro_f1"):
        interval = result["interval"][metric]
        assert 0 <= interval["low"] < result[metric] < interval["high"] <= 1


def test_bootstrap_agrees_with_one_that_resamples_recordings_of_speakers() -> None:
    truth, probabilities, speakers = sample(12)
    predicted = probabilities.argmax(axis=1)
    interval = score(recordings(truth, speakers), probabilities, EMOTIONS)["interval"]["uar"]
    random = np.random.default_rng(1)
    rows = [np.flatnonzero(speakers == speaker) for speaker in range(1, 13)]
    draws = []
    for _ in range(1000):
        drawn = np.concatenate([rows[speaker] for speaker in random.integers(0, 12, 12)])
        draws.append(balanced_accuracy_score(truth[drawn], predicted[drawn]))
    assert [interval["low"], interval["high"]] == pytest.approx(
        np.quantile(draws, [0.025, 0.975]), abs=0.01
    )


@pytest.mark.parametrize("metric", [uar, accuracy])
def test_bootstrap_covers_the_truth_about_as_often_as_it_says(metric: Metric) -> None:
    random = np.random.default_rng(2)
    covered = 0
    for _ in range(300):
        # speakers differ in how well they are understood, by 60 % on average, in both classes
        skill = random.beta(6, 4, size=24)
        hits = random.binomial(30, skill[:, None], size=(24, 2))
        confusion = np.zeros((24, 2, 2), dtype=int)
        confusion[:, [0, 1], [0, 1]] = hits
        confusion[:, [0, 1], [1, 0]] = 30 - hits
        interval = bootstrap_interval(metric, confusion)
        low, high = interval["low"], interval["high"]
        assert low is not None
        assert high is not None
        covered += low <= 0.6 <= high
    # 24 clusters undercover a little; resampling recordings would cover about half
    assert 0.88 <= covered / 300 <= 0.99


def test_calibration_error_by_hand() -> None:
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.34, 0.66], [0.75, 0.25]])
    correct = np.array([True, False, True, False])
    # bins of width 1/15: .9 and .9 (accuracy .5, gap .4), .66 (gap .34), .75 (gap .75)
    assert calibration_error(probabilities, correct) == pytest.approx(
        (2 * 0.4 + 0.34 + 0.75) / 4, abs=1e-12
    )
    # confidences in one bin are averaged before they are compared: .61 and .65, accuracy .5
    probabilities = np.array([[0.61, 0.39], [0.65, 0.35]])
    assert calibration_error(probabilities, np.array([True, False])) == pytest.approx(0.13)


def test_coverage_by_hand() -> None:
    probabilities = np.array([[0.9, 0.1], [0.12, 0.88], [0.4, 0.6], [0.75, 0.25]])
    curve = coverage(probabilities, np.array([True, True, False, True]))
    rows = dict(
        zip(curve["at_least"], zip(curve["coverage"], curve["accuracy"], strict=True), strict=True)
    )
    assert rows[0.0] == (1, 0.75)
    assert rows[0.6] == (1, 0.75), "at least, not more than"
    assert rows[0.65] == (0.75, 1)
    assert rows[0.9] == (0.25, 1)
    assert 0.95 not in rows, "nothing is as sure"


def test_certain_predictions_are_calibrated_when_right() -> None:
    assert calibration_error(certain(np.arange(8)), np.ones(8, bool)) == 0
    assert calibration_error(certain(np.arange(8)), np.zeros(8, bool)) == 1


def test_a_model_that_diverged_is_refused() -> None:
    truth, probabilities, speakers = sample(4)
    probabilities[3, 2] = np.nan
    with pytest.raises(PipelineError, match="not finite numbers, so its training diverged"):
        score(recordings(truth, speakers), probabilities, EMOTIONS)


def test_names_say_which_corpora_are_synthetic() -> None:
    table = pd.DataFrame(
        {"corpus": ["tess", "ravdess", "ravdess"], "synthetic": [False, True, True]}
    )
    assert corpus_names(table) == "synthetic ravdess, tess"
