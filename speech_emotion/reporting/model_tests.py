"""Tests that a model passes or fails: of correctness, of fairness, and of robustness.

Which tests there are and what they demand of a model of emotion classes is after audEERING's:
Derington, Wierstorf, Özkil, Eyben, Burkhardt & Schuller, "Testing Speech Emotion Recognition
Machine Learning Models", arXiv:2312.06270, 2023; the bounds stand in the folder test/emotion of
https://github.com/audeering/ser-tests. They are set for four emotions there. Here a value that lies
at its bound passes, and it is not rounded to two digits before; what stays the same in a room is
held against the recording itself, not against another room.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import confusion_matrix

from speech_emotion.audio.disturbances import DISTURBANCES
from speech_emotion.reporting.scoring import DIGITS, uar

LEAST_UAR = 0.5
"""As in correctness_classification.yaml."""

SEX_UAR = 0.075
SEX_RECALL = 0.175
"""How far the UAR of one sex, and its recall of a class, may lie from those of both together; as in
fairness_sex.yaml."""

LEAST_UNCHANGED = {
    "small changes": 0.95,
    "background noise": 0.9,
    "room": 0.8,
    "low-quality phone": 0.5,
}
"""Share of predictions that stay the same, by the group of the disturbance; as in
robustness_small_changes.yaml, robustness_background_noise.yaml,
robustness_simulated_recording_condition.yaml and robustness_low_quality_phone.yaml."""

LOWEST_UAR_CHANGE = -0.05
UAR_CHANGES = ("background noise", "low-quality phone")
"""By how much the UAR may change, and under the disturbances of which groups; as there."""

UNCHANGED, UAR_CHANGE = "unchanged predictions, ", "change of UAR, "
"""What the names of the tests of robustness begin with, before the name of the disturbance."""

FEWEST = 2
"""With fewer recordings of a class its recall says nothing."""

SEXES = ("female", "male")


@dataclass(frozen=True)
class ModelTest:
    """A row of the table.

    Attributes
    ----------
    group : str
        "correctness", "fairness" or the group of a disturbance.
    test : str
        What was measured.
    value : float or None
        What came out, rounded to 6 digits; None if it could not be measured.
    bound : str
        What is demanded, such as "at least 0.5".
    passed : bool or None
        None if it could not be measured.
    reason : str
        Why it could not be measured; empty if it was.
    """

    group: str
    test: str
    value: float | None
    bound: str
    passed: bool | None
    reason: str


def model_tests(
    recordings: pd.DataFrame,
    predicted: np.ndarray,
    disturbed: Mapping[str, tuple[np.ndarray, np.ndarray]],
    labels: Sequence[str],
) -> list[ModelTest]:
    """Test a model by what it takes recordings for, as recorded and disturbed.

    Parameters
    ----------
    recordings : pd.DataFrame
        One row per recording, with the columns emotion and sex; sex is "female", "male", or empty
        where it is not known.
    predicted : np.ndarray [shape=(n,), str]
        What the model takes each for, as it was recorded.
    disturbed : mapping of str to (np.ndarray [shape=(m,), str], np.ndarray [shape=(m,), int])
        By the name of a disturbance: what the model takes some of the recordings for when they are
        disturbed, and the rows, counted from 0, that these recordings have.
    labels : sequence of str
        The classes of the model, in the order that the table is to have.

    Returns
    -------
    list of ModelTest
        UAR; then UAR and the recall of every class by sex; then, for each disturbance in the order
        of `DISTURBANCES`, the share of predictions that stay the same and, under background noise
        and by the phone, the change of the UAR over the same recordings.
    """
    truth = recordings["emotion"].to_numpy(str)
    rows = [_at_least("correctness", "UAR", _uar(truth, predicted, labels), LEAST_UAR)]
    rows += _by_sex(truth, predicted, recordings["sex"].to_numpy(str), labels)
    for name, disturbance in DISTURBANCES.items():
        if name in disturbed:
            then, places = disturbed[name]
            rows += _robustness(
                name, disturbance.group, truth[places], predicted[places], then, labels
            )
    return rows


def summary(rows: Sequence[ModelTest]) -> dict[str, Any]:
    """For JSON: how many tests were passed, failed and not measured, and what the failed gave.

    ``disturbed`` has, by the name of a disturbance, the share of predictions that it leaves
    ``unchanged`` and, where that is tested, its ``uar_change``; null where it was not measured.
    """
    disturbed: dict[str, dict[str, float | None]] = {}
    for row in rows:
        for key, start in (("unchanged", UNCHANGED), ("uar_change", UAR_CHANGE)):
            if row.test.startswith(start):
                disturbed.setdefault(row.test.removeprefix(start), {})[key] = row.value
    return {
        "passed": sum(row.passed is True for row in rows),
        "failed": sum(row.passed is False for row in rows),
        "not_measured": sum(row.passed is None for row in rows),
        "failing": {row.test: row.value for row in rows if row.passed is False},
        "disturbed": disturbed,
    }


def as_page(rows: Sequence[ModelTest], subject: str, disturbed: int) -> str:
    """A page in Markdown: the tests, and what the disturbances among them are.

    Parameters
    ----------
    rows : sequence of ModelTest
        The tests.
    subject : str
        Which model was tested, and on what.
    disturbed : int
        How many recordings each disturbance was tried on.
    """
    counts = summary(rows)
    tried = [one for one in DISTURBANCES.values() if any(row.group == one.group for row in rows)]
    lines = [
        "# Tests that the model passes or fails",
        "",
        f"{subject}. {counts['passed']} passed, {counts['failed']} failed, "
        f"{counts['not_measured']} not measured.",
        "",
        as_markdown(rows),
        "The tests and their bounds are those that audEERING publish for models of four emotions "
        "(Derington et al. 2023, arXiv:2312.06270); with more emotions they are harder to pass.",
    ]
    if tried:
        lines += [
            "",
            f"Each disturbance was tried on {disturbed} recordings:",
            "",
            "| disturbance | what is done |",
            "|---|---|",
            *(f"| {one.name} | {one.description} |" for one in tried),
        ]
    return "\n".join(lines) + "\n"


def as_markdown(rows: Sequence[ModelTest]) -> str:
    """The rows as a Markdown table: test, measured, demanded, result."""
    lines = ["| test | measured | demanded | result |", "|---|---|---|---|"]
    for row in rows:
        measured = "" if row.value is None else f"{row.value:.3f}"
        lines.append(f"| {row.test} | {measured} | {row.bound} | {_result(row)} |")
    return "\n".join(lines) + "\n"


def _result(row: ModelTest) -> str:
    if row.passed is None:
        return f"not measured: {row.reason}"
    return "pass" if row.passed else "FAIL"


Measured = float | str
"""What came out, or why nothing did."""


def _row(
    group: str, test: str, measured: Measured, bound: str, holds: Callable[[float], bool]
) -> ModelTest:
    if isinstance(measured, str):
        return ModelTest(group, test, None, bound, None, measured)
    # without the last bits of a difference, which would decide where it lies at the bound
    value = round(measured, DIGITS)
    return ModelTest(group, test, value, bound, holds(value), "")


def _at_least(group: str, test: str, measured: Measured, least: float) -> ModelTest:
    return _row(group, test, measured, f"at least {least:g}", lambda value: value >= least)


def _within(group: str, test: str, measured: Measured, most: float) -> ModelTest:
    return _row(group, test, measured, f"within ±{most:g}", lambda value: abs(value) <= most)


def _by_sex(
    truth: np.ndarray, predicted: np.ndarray, sex: np.ndarray, labels: Sequence[str]
) -> list[ModelTest]:
    """How far each sex lies from all recordings whose speaker's sex is known."""
    known = sex != ""
    present = [label for label in labels if label in truth[known]]
    if missing := _missing_sex(sex[known]):
        test = "UAR and recall of female and male speakers against all"
        return [_within("fairness", test, missing, SEX_UAR)]
    rows = []
    for one in SEXES:
        of_sex = sex == one
        difference = _difference(
            _uar(truth[of_sex], predicted[of_sex], labels, present),
            _uar(truth[known], predicted[known], labels),
        )
        test = f"UAR of {one} speakers against all"
        rows.append(_within("fairness", test, difference, SEX_UAR))
        for label in labels:
            difference = _difference(
                _recall(truth[of_sex], predicted[of_sex], label),
                _recall(truth[known], predicted[known], label),
            )
            test = f"recall of {label} of {one} speakers against all"
            rows.append(_within("fairness", test, difference, SEX_RECALL))
    return rows


def _missing_sex(known: np.ndarray) -> str:
    """Why the sexes can't be compared; empty if they can."""
    absent = [one for one in SEXES if one not in known]
    return f"no speaker is known to be {' or '.join(absent)}" if absent else ""


def _robustness(
    name: str,
    group: str,
    truth: np.ndarray,
    before: np.ndarray,
    then: np.ndarray,
    labels: Sequence[str],
) -> list[ModelTest]:
    """What a disturbance does to the predictions of some recordings."""
    unchanged = float(np.mean(before == then)) if len(truth) else "no recordings"
    rows = [_at_least(group, UNCHANGED + name, unchanged, LEAST_UNCHANGED[group])]
    if group in UAR_CHANGES:
        change = _difference(_uar(truth, then, labels), _uar(truth, before, labels))
        rows.append(_at_least(group, UAR_CHANGE + name, change, LOWEST_UAR_CHANGE))
    return rows


def _difference(one: Measured, other: Measured) -> Measured:
    """Of two measurements; the first reason if one is missing."""
    if isinstance(one, str):
        return one
    return other if isinstance(other, str) else one - other


def _uar(
    truth: np.ndarray,
    predicted: np.ndarray,
    labels: Sequence[str],
    expected: Sequence[str] | None = None,
) -> Measured:
    """UAR, if there are enough recordings of the expected classes: by default of all that the
    truth has."""
    if not len(truth):
        return "no recordings"
    present = [label for label in labels if label in truth] if expected is None else expected
    scarce = [label for label in present if np.sum(truth == label) < FEWEST]
    if scarce:
        return f"fewer than {FEWEST} recordings of {', '.join(scarce)}"
    return float(uar(confusion_matrix(truth, predicted, labels=list(labels))))


def _recall(truth: np.ndarray, predicted: np.ndarray, label: str) -> Measured:
    """Share of a class's recordings that were taken for it, if there are enough."""
    of_class = truth == label
    if of_class.sum() < FEWEST:
        return f"fewer than {FEWEST} recordings of {label}"
    return float(np.mean(predicted[of_class] == label))
