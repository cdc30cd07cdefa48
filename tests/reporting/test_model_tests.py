"""The table of tests that a model passes or fails: each against a case counted by hand."""

import json

import numpy as np
import pandas as pd
import pytest

from speech_emotion.audio.disturbances import DISTURBANCES
from speech_emotion.reporting.model_tests import (
    ModelTest,
    as_markdown,
    as_page,
    model_tests,
    summary,
)

LABELS = ("neutral", "happy", "sad")
EACH = 20
"""Recordings of each emotion by each sex."""


def table(sexes: tuple[str, ...] = ("female", "male")) -> pd.DataFrame:
    """By each sex `EACH` recordings of every emotion, in this order."""
    return pd.DataFrame(
        {
            "id": [f"{place}" for place in range(len(sexes) * len(LABELS) * EACH)],
            "emotion": np.tile(np.repeat(LABELS, EACH), len(sexes)),
            "speaker": np.repeat([f"speaker {place}" for place in range(len(sexes))], 3 * EACH),
            "sex": np.repeat(sexes, len(LABELS) * EACH),
        }
    )


def all_right(recordings: pd.DataFrame) -> np.ndarray:
    return recordings["emotion"].to_numpy(str)


def wrong(predicted: np.ndarray, places: range | list[int]) -> np.ndarray:
    """The same predictions with another class at some places."""
    after = dict(zip(LABELS, LABELS[1:] + LABELS[:1], strict=True))
    changed = predicted.copy()
    changed[places] = [after[one] for one in changed[places]]
    return changed


def by_name(rows: list[ModelTest]) -> dict[str, ModelTest]:
    named = {row.test: row for row in rows}
    assert len(named) == len(rows)
    return named


def everything(predicted: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Every disturbance, none of which changes a prediction."""
    return {name: (predicted, np.arange(len(predicted))) for name in DISTURBANCES}


def test_a_perfect_model_passes_everything() -> None:
    recordings = table()
    predicted = all_right(recordings)
    rows = model_tests(recordings, predicted, everything(predicted), LABELS)
    assert all(row.passed for row in rows)
    assert not any(row.reason for row in rows)
    named = by_name(rows)
    assert named["UAR"].value == 1
    assert named["unchanged predictions, gain"].value == 1
    assert named["change of UAR, babble"].value == 0
    # UAR; for each sex its UAR and the recalls; 18 disturbances, six of which may cost UAR
    assert len(rows) == 1 + 2 * (1 + len(LABELS)) + 18 + 6
    assert [row.group for row in rows[:2]] == ["correctness", "fairness"]


def test_each_bound_is_the_published_one() -> None:
    recordings = table()
    predicted = all_right(recordings)
    rows = by_name(model_tests(recordings, predicted, everything(predicted), LABELS))
    demanded = {
        "UAR": "at least 0.5",
        "UAR of female speakers against all": "within ±0.075",
        "recall of sad of male speakers against all": "within ±0.175",
        "unchanged predictions, clipping": "at least 0.95",
        "unchanged predictions, music": "at least 0.9",
        "unchanged predictions, position": "at least 0.8",
        "unchanged predictions, low-quality phone": "at least 0.5",
        "change of UAR, coughing": "at least -0.05",
        "change of UAR, low-quality phone": "at least -0.05",
    }
    assert {test: rows[test].bound for test in demanded} == demanded
    assert not any("change of UAR, position" in test or "gain" in test[:15] for test in rows)


def test_uar_is_the_mean_of_the_recalls_and_fails_below_a_half() -> None:
    recordings = table()
    # recalls 1, 0.5 and 0 of neutral, happy and sad
    predicted = np.tile(["neutral"] * 20 + ["happy"] * 10 + ["sad"] * 10 + ["neutral"] * 20, 2)
    [row, *_] = model_tests(recordings, predicted, {}, LABELS)
    assert (row.value, row.passed) == (0.5, True)
    predicted[20] = "sad"
    [row, *_] = model_tests(recordings, predicted, {}, LABELS)
    assert row.value == pytest.approx((1 + 19 / 40 + 0) / 3, abs=1e-6)
    assert row.passed is False


@pytest.mark.parametrize(("mistaken", "passed"), [(7, True), (8, False)])
def test_recall_of_one_sex_may_lie_so_far_off(mistaken: int, passed: bool) -> None:
    recordings = table()
    predicted = wrong(all_right(recordings), range(EACH, EACH + mistaken))  # happy women
    rows = by_name(model_tests(recordings, predicted, {}, LABELS))
    # 1 - mistaken / 20 of the women, 1 - mistaken / 40 of all
    female = rows["recall of happy of female speakers against all"]
    male = rows["recall of happy of male speakers against all"]
    assert female.value == pytest.approx(-mistaken / 40)
    assert male.value == pytest.approx(mistaken / 40)
    assert (female.passed, male.passed) == (passed, passed)
    assert rows["recall of sad of female speakers against all"].value == 0
    assert rows["UAR of female speakers against all"].value == pytest.approx(
        -mistaken / 120, abs=1e-6
    )


@pytest.mark.parametrize(("mistaken", "passed"), [(3, True), (4, False)])
def test_uar_of_one_sex_may_lie_so_far_off(mistaken: int, passed: bool) -> None:
    recordings = table()
    women = [emotion * EACH + place for emotion in range(3) for place in range(mistaken)]
    rows = by_name(model_tests(recordings, wrong(all_right(recordings), women), {}, LABELS))
    row = rows["UAR of female speakers against all"]
    assert row.value == pytest.approx(-mistaken / 40)
    assert row.passed is passed


def test_speakers_of_unknown_sex_are_left_out_of_fairness() -> None:
    recordings = table(("female", "male", ""))
    predicted = wrong(all_right(recordings), range(120, 180))
    rows = by_name(model_tests(recordings, predicted, {}, LABELS))
    assert rows["UAR"].value == pytest.approx(2 / 3, abs=1e-6)
    assert rows["UAR of male speakers against all"].value == 0


@pytest.mark.parametrize(
    ("sexes", "reason"),
    [
        (("",), "no speaker is known to be female or male"),
        (("male", ""), "no speaker is known to be female"),
        (("female",), "no speaker is known to be male"),
    ],
)
def test_fairness_needs_both_sexes(sexes: tuple[str, ...], reason: str) -> None:
    recordings = table(sexes)
    rows = model_tests(recordings, all_right(recordings), {}, LABELS)
    fairness = [row for row in rows if row.group == "fairness"]
    assert len(fairness) == 1, "one row says so for all"
    for row in fairness:
        assert (row.value, row.passed, row.reason) == (None, None, reason)
    assert rows[0].passed is True


def test_one_recording_of_a_class_is_too_few() -> None:
    recordings = table()
    # of the women, one sad recording is left
    kept = recordings[(recordings.index < 41) | (recordings.index >= 60)].reset_index(drop=True)
    rows = by_name(model_tests(kept, all_right(kept), {}, LABELS))
    assert rows["UAR"].passed is True
    for test in ("recall of sad of female speakers", "UAR of female speakers"):
        row = rows[f"{test} against all"]
        assert (row.value, row.passed) == (None, None)
        assert row.reason == "fewer than 2 recordings of sad"
    assert rows["recall of sad of male speakers against all"].passed is True
    assert rows["recall of happy of female speakers against all"].passed is True
    # and one of all
    kept = recordings[(recordings.index < 41) | (recordings["emotion"] != "sad")]
    kept = kept.reset_index(drop=True)
    rows = by_name(model_tests(kept, all_right(kept), {}, LABELS))
    assert rows["UAR"].reason == "fewer than 2 recordings of sad"


def test_a_sex_that_lacks_a_class_is_not_compared_over_fewer_classes() -> None:
    recordings = table()
    kept = recordings[(recordings.index < 40) | (recordings.index >= 60)].reset_index(drop=True)
    rows = by_name(model_tests(kept, all_right(kept), {}, LABELS))
    assert rows["UAR of female speakers against all"].reason == "fewer than 2 recordings of sad"
    assert rows["UAR of male speakers against all"].passed is True


def test_a_class_that_nobody_expressed_does_not_count() -> None:
    recordings = table()
    kept = recordings[recordings["emotion"] != "sad"].reset_index(drop=True)
    rows = by_name(model_tests(kept, all_right(kept), {}, LABELS))
    assert rows["UAR"].value == 1
    assert rows["UAR of female speakers against all"].passed is True
    assert rows["recall of sad of male speakers against all"].passed is None


@pytest.mark.parametrize(
    ("name", "most"),
    [("gain", 6), ("babble", 12), ("other room", 24), ("low-quality phone", 60)],
)
def test_so_many_predictions_may_change(name: str, most: int) -> None:
    recordings = table()  # 120
    predicted = all_right(recordings)
    for changed, passed in ((most, True), (most + 1, False)):
        then = wrong(predicted, range(changed))
        disturbed = {name: (then, np.arange(120))}
        row = by_name(model_tests(recordings, predicted, disturbed, LABELS))[
            f"unchanged predictions, {name}"
        ]
        assert row.value == pytest.approx(1 - changed / 120, abs=1e-6)
        assert row.passed is passed
        assert row.group == DISTURBANCES[name].group


def test_a_prediction_that_changes_for_the_better_has_changed_too() -> None:
    recordings = table()
    predicted = wrong(all_right(recordings), range(30))
    disturbed = {"music": (all_right(recordings), np.arange(120))}
    rows = by_name(model_tests(recordings, predicted, disturbed, LABELS))
    assert rows["unchanged predictions, music"].passed is False
    change = rows["change of UAR, music"]
    assert change.value == pytest.approx((20 / 40 + 10 / 40) / 3, abs=1e-6)
    assert change.passed is True


@pytest.mark.parametrize(("lost", "passed"), [(6, True), (7, False)])
def test_uar_may_fall_by_a_twentieth(lost: int, passed: bool) -> None:
    recordings = table()
    # recalls 0.8 before: at the bound the difference is 0.75 - 0.8, less than -0.05 in its last bit
    before = wrong(all_right(recordings), [e * EACH + n for e in range(6) for n in range(4)])
    more = [(n % 3) * EACH + 4 + n // 3 for n in range(lost)]
    disturbed = {"white noise": (wrong(before, more), np.arange(120))}
    row = by_name(model_tests(recordings, before, disturbed, LABELS))["change of UAR, white noise"]
    assert row.value == pytest.approx(-lost / 120, abs=1e-6)
    assert row.passed is passed


def test_a_disturbance_is_compared_over_its_own_recordings() -> None:
    recordings = table()
    predicted = wrong(all_right(recordings), range(60, 120))  # no man is understood
    places = np.arange(59, -1, -1)  # the women, backwards
    disturbed = {"babble": (predicted[places], places)}
    rows = by_name(model_tests(recordings, predicted, disturbed, LABELS))
    assert rows["UAR"].value == 0.5
    assert rows["unchanged predictions, babble"].value == 1
    assert rows["change of UAR, babble"].value == 0


def test_too_few_disturbed_recordings_are_said() -> None:
    recordings = table()
    predicted = all_right(recordings)
    places = np.array([0, 1, 20])
    nothing = np.array([], int)
    disturbed = {"music": (predicted[places], places), "gain": (predicted[nothing], nothing)}
    rows = by_name(model_tests(recordings, predicted, disturbed, LABELS))
    assert rows["unchanged predictions, music"].passed is True
    assert rows["change of UAR, music"].reason == "fewer than 2 recordings of happy"
    assert rows["unchanged predictions, gain"].reason == "no recordings"


def test_the_table_reads_as_it_should() -> None:
    rows = [
        ModelTest("correctness", "UAR", 0.71234, "at least 0.5", True, ""),
        ModelTest("fairness", "UAR of men", -0.08, "within ±0.075", False, ""),
        ModelTest("fairness", "recall of sad", None, "within ±0.175", None, "no women"),
    ]
    assert as_markdown(rows) == (
        "| test | measured | demanded | result |\n"
        "|---|---|---|---|\n"
        "| UAR | 0.712 | at least 0.5 | pass |\n"
        "| UAR of men | -0.080 | within ±0.075 | FAIL |\n"
        "| recall of sad |  | within ±0.175 | not measured: no women |\n"
    )


def test_the_summary_is_json_and_counts_every_row_once() -> None:
    recordings = table(("male",))
    predicted = all_right(recordings)
    wrong = np.full(len(predicted), LABELS[0])
    disturbed = everything(predicted) | {"babble": (wrong, np.arange(len(wrong)))}
    rows = model_tests(recordings, predicted, disturbed, LABELS)
    counts = summary(rows)
    assert json.loads(json.dumps(counts, allow_nan=False)) == counts
    assert counts["passed"] + counts["failed"] + counts["not_measured"] == len(rows)
    assert set(counts["failing"]) == {"unchanged predictions, babble", "change of UAR, babble"}
    assert counts["not_measured"] == sum("speakers against all" in row.test for row in rows)
    assert list(counts["disturbed"]) == list(DISTURBANCES)
    values = {row.test: row.value for row in rows}
    for name, one in counts["disturbed"].items():
        assert one["unchanged"] == values[f"unchanged predictions, {name}"]
        assert one.get("uar_change") == values.get(f"change of UAR, {name}")
    assert counts["disturbed"]["babble"]["uar_change"] < -0.5
    page = as_page(rows, "A model", 12)
    assert f"A model. {counts['passed']} passed, 2 failed" in page
    assert "tried on 12 recordings" in page
    assert all(f"| {name} | {one.description} |" in page for name, one in DISTURBANCES.items())
