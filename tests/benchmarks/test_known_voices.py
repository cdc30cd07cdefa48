"""From which recordings a voice is known in each case of the benchmarks."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pytest

from benchmarks.known_voices import CASES, Case, recognise_known
from speech_emotion.networks import Features
from speech_emotion.reporting.known_voice import DRAWS
from speech_emotion.training.voices import Voices

SPEAKERS = ("01", "02", "03")
RECORDINGS = pd.DataFrame(
    {"speaker": speaker, "emotion": emotion}
    for speaker in SPEAKERS
    for emotion in ("neutral", "angry")
    for _ in range(3)
)
VALUES = RECORDINGS["speaker"].astype(int) * 100 + (RECORDINGS["emotion"] == "angry") * 10
UTTERANCES = [{"functionals": np.array([value], float)} for value in VALUES]
EXACT = Voices(
    lowest=np.array([-1e6]),
    highest=np.array([1e6]),
    materials=np.array([[0.0]]),
    emotions=np.zeros((1, 2, 1)),
    between=np.array([1e12]),
    within=np.array([1e-12]),
)
"""Voices that differ so much more than recordings that the mean of those is taken off whole."""


def taken_off(case: Case, recordings: pd.DataFrame = RECORDINGS) -> np.ndarray | None:
    """The mean of the recordings by which each voice is known [draws, recordings]."""
    seen: list[np.ndarray] = []

    def predict(utterances: Iterable[Features]) -> np.ndarray:
        seen.append(np.array([one["functionals"][0] for one in utterances]))
        return np.full((len(seen[-1]), 2), 0.5)

    utterances = UTTERANCES[: len(recordings)]
    found = recognise_known(
        case, recordings, utterances, utterances, predict, {"functionals": EXACT}
    )
    if found is None:
        return None
    assert len(found) == DRAWS
    heard, *left = seen
    return heard - np.stack(left)


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.emotion in (None, *RECORDINGS["emotion"])],
    ids=lambda case: case.name,
)
def test_a_voice_is_known_from_the_recordings_that_the_case_names(case: Case) -> None:
    means = taken_off(case)
    assert means is not None
    own = RECORDINGS["speaker"].astype(int).to_numpy() * 100
    if case.of_another:
        assert not np.any(np.abs(means - own) < 50)
    elif case.emotion:
        np.testing.assert_allclose(means - own, 10 if case.emotion == "angry" else 0, atol=1e-3)
    elif case.count == 1:
        assert set(np.round(means - own).ravel()) == {0, 10}
    elif case.count > 4:  # all others, of which 3 are not of the emotion of the tested one
        is_angry = (RECORDINGS["emotion"] == "angry").to_numpy()
        np.testing.assert_allclose(
            means - own, np.broadcast_to(np.where(is_angry, 4, 6), means.shape)
        )


def test_a_case_needs_another_speaker() -> None:
    alone = RECORDINGS[RECORDINGS["speaker"] == "01"]
    assert taken_off(Case(4, of_another=True), alone) is None
    assert taken_off(Case(4), alone) is not None
