"""Whether two models differ by more than chance: paired by speaker, and right as often as said."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score

from speech_emotion.reporting.comparison import Comparison, compare

LABELS = ("calm", "angry")
EACH = 10
"""Recordings of each emotion by each speaker."""


def predictions(hits: np.ndarray) -> pd.DataFrame:
    """A table of predictions.

    Parameters
    ----------
    hits : np.ndarray [shape=(speakers, 2), int]
        How many recordings of each emotion are recognised, out of `EACH`.
    """
    rows = []
    for speaker, by_emotion in enumerate(hits):
        for truth, right in enumerate(by_emotion):
            for place in range(EACH):
                predicted = truth if place < right else 1 - truth
                rows.append(
                    {
                        "id": f"{speaker}-{truth}-{place}",
                        "speaker": f"{speaker:02d}",
                        "sex": "female",
                        "corpus": "ours",
                        "truth": LABELS[truth],
                        "predicted": LABELS[predicted],
                        LABELS[0]: 1.0 - predicted,
                        LABELS[1]: float(predicted),
                    }
                )
    return pd.DataFrame(rows)


def compared(first: np.ndarray, second: np.ndarray) -> Comparison:
    found = compare(predictions(first), predictions(second))
    assert isinstance(found, Comparison)
    return found


def hits(speakers: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two models of the same worth: speakers differ in how hard they are, for both alike."""
    random = np.random.default_rng(seed)
    ease = random.beta(6, 4, size=(speakers, 1))
    first, second = (random.binomial(EACH, ease, size=(speakers, 2)) for _ in range(2))
    return first, second


def test_the_same_answers_are_no_difference() -> None:
    first, _ = hits(12, seed=0)
    found = compared(first, first)
    assert (found.recordings, found.speakers, found.answered_alike) == (240, 12, 240)
    for one in found.differences.values():
        assert (one.value, one.low, one.high) == (0, 0, 0)
        assert one.more_than_chance is False


def test_speakers_that_are_hard_for_both_hide_no_difference() -> None:
    """What one scores of speakers varies by 80 points, what the other gains on them does not."""
    first = np.array([[place % 9, place % 9] for place in range(18)])
    found = compared(first, first + 1)
    gain = found.differences["uar"]
    assert (gain.value, gain.low, gain.high) == pytest.approx((0.1, 0.1, 0.1))
    assert gain.more_than_chance
    assert found.method == "bootstrap over speakers"
    assert found.by_speaker["second"].to_numpy() == pytest.approx(
        found.by_speaker["first"].to_numpy() + 0.1
    )


def test_the_second_is_better_where_the_difference_is_above_zero() -> None:
    first, second = np.full((12, 2), 9), np.full((12, 2), 5)
    assert compared(first, second).differences["uar"].value == pytest.approx(-0.4)
    assert compared(second, first).differences["accuracy"].value == pytest.approx(0.4)


def test_the_interval_is_that_of_drawing_speakers_with_all_their_recordings() -> None:
    first, second = (predictions(one) for one in hits(12, seed=3))
    found = compare(first, second)
    assert isinstance(found, Comparison)
    random = np.random.default_rng(1)
    rows = [np.flatnonzero(first["speaker"] == speaker) for speaker in sorted(set(first.speaker))]
    for name, score in (("uar", balanced_accuracy_score), ("accuracy", accuracy_score)):
        draws = []
        for _ in range(1000):
            drawn = np.concatenate([rows[one] for one in random.integers(0, 12, 12)])
            scores = [
                score(one["truth"][drawn], one["predicted"][drawn]) for one in (first, second)
            ]
            draws.append(scores[1] - scores[0])
        one = found.differences[name]
        assert [one.low, one.high] == pytest.approx(np.quantile(draws, [0.025, 0.975]), abs=0.01)


def test_few_speakers_get_a_student_interval_over_their_differences() -> None:
    first, second = np.array([[8, 8], [6, 6], [5, 5]]), np.array([[9, 9], [5, 5], [8, 8]])
    found = compared(first, second)
    # differences .1, -.1, .3: mean .1, standard deviation .2, t(.975; 2 degrees) 4.302653
    half = 4.302653 * 0.2 / np.sqrt(3)
    gain = found.differences["uar"]
    assert (gain.low, gain.high) == pytest.approx((0.1 - half, 0.1 + half), abs=1e-5)
    assert found.method == "Student-t over speakers"


def test_chance_looks_like_more_about_as_often_as_the_level_says() -> None:
    wrong = sum(
        bool(compared(*hits(20, seed)).differences["uar"].more_than_chance) for seed in range(120)
    )
    assert wrong / 120 <= 0.12  # 20 clusters undercover a little; recordings would give a quarter


def test_speakers_that_nobody_told_give_no_interval() -> None:
    first, second = (predictions(one).assign(speaker="") for one in hits(12, seed=0))
    found = compare(first, second)
    assert isinstance(found, Comparison)
    assert found.differences["uar"].more_than_chance is None
    assert found.method == "none where speakers are unknown"


def test_only_recordings_that_both_were_tested_on_count() -> None:
    first, second = (predictions(one) for one in hits(12, seed=0))
    found = compare(first[first["speaker"] < "08"], second[second["speaker"] >= "04"])
    assert isinstance(found, Comparison)
    assert (found.recordings, found.speakers) == (80, 4)
    assert list(found.by_speaker.index) == ["04", "05", "06", "07"]


def test_what_can_not_be_paired_is_said() -> None:
    first, second = (predictions(one) for one in hits(12, seed=0))
    assert compare(first[first["speaker"] < "06"], second[second["speaker"] >= "06"]) == (
        "No recording was tested in both: their test speakers are others."
    )
    assert compare(first, second.rename(columns={"calm": "quiet"})) == (
        "They tell apart other emotions: calm, angry against quiet, angry."
    )
