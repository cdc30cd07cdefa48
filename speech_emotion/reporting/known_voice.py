"""What knowing a voice is worth: scores after a few recordings of each test speaker, unlabelled."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from speech_emotion.data.feature_subset import FeatureSubset
from speech_emotion.networks import Features
from speech_emotion.reporting.scoring import DIGITS, uar_of
from speech_emotion.training.trained_model import TrainedModel
from speech_emotion.training.voices import KnownVoice, Voices

COUNTS = (1, 4, 16)
"""Recordings of a speaker that are known."""

DRAWS = 3
"""Times that they are drawn anew for every tested recording."""


def known_voice_scores(
    trained: TrainedModel,
    voices: Mapping[str, Voices],
    test: FeatureSubset,
    probabilities: np.ndarray,
) -> dict[str, float | None]:
    """UAR by the number of recordings of the speaker that are known, 0 first.

    They are drawn from the test recordings of the speaker, without the one that is tested and
    whatever they are of; the draws are averaged. A speaker who has fewer of them has all others
    known; a number that nobody has is left open.

    Parameters
    ----------
    trained : TrainedModel
        The model.
    voices : mapping of str to Voices
        Of the voices that trained it; with none, all but the first is left open.
    test : FeatureSubset
        The test recordings.
    probabilities : np.ndarray [shape=(n, labels)]
        What the model gave for them.
    """
    speakers = test.manifest["speaker"].to_numpy()
    most = int(test.manifest["speaker"].value_counts().drop("", errors="ignore").max() or 0) - 1
    scores: dict[str, float | None] = {"0": uar_of(probabilities, test.classes)}

    def others(place: int) -> np.ndarray:
        return others_of_speaker(speakers, place)

    for count in COUNTS:
        measured = None
        if voices and count <= most:
            found = [
                trained.probabilities(
                    with_known_voices(test, test, probabilities, others, voices, (count, draw))
                )
                for draw in range(DRAWS)
            ]
            measured = float(np.mean([uar_of(one, test.classes) for one in found]))
            measured = round(measured, DIGITS)
        scores[str(count)] = measured
    return scores


def others_of_speaker(speakers: np.ndarray, place: int) -> np.ndarray:
    """The places of a speaker's recordings but one; of nobody's, where the speaker is unknown."""
    found = np.flatnonzero(speakers == speakers[place]) if speakers[place] else np.array([], int)
    return found[found != place]


def with_known_voices(
    tested: Sequence[Features] | FeatureSubset,
    heard: Sequence[Features] | FeatureSubset,
    probabilities: np.ndarray,
    choices: Callable[[int], np.ndarray],
    voices: Mapping[str, Voices],
    count_and_draw: tuple[int, int],
) -> Iterator[Features]:
    """Every tested recording, a voice taken off as a few recordings tell it.

    Parameters
    ----------
    tested : sequence of dict
        The features of every tested recording, by kind.
    heard : sequence of dict
        The features of the recordings that tell of voices.
    probabilities : np.ndarray [shape=(heard, labels)]
        What the model, as it was trained, makes of those.
    choices : callable
        From the place of a tested recording to the places in ``heard`` that are drawn from. Where
        there are fewer than asked for, all are taken; where there are none, nothing is taken off.
    voices : mapping of str to Voices
        Of the voices that trained the model.
    count_and_draw : tuple of int
        How many are drawn without replacement, and a number that makes each draw another.
    """
    draw = np.random.default_rng(count_and_draw)
    for place in range(len(tested)):
        known = choices(place)
        if len(known):
            known = draw.choice(known, min(count_and_draw[0], len(known)), replace=False)
        voice = KnownVoice().joined_by(
            [heard[int(one)] for one in known], list(probabilities[known]), voices
        )
        yield voice.taken_off(tested[place])
