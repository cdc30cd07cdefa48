"""What knowing a voice is worth: scores after a few recordings of each test speaker, unlabelled."""

from collections.abc import Iterator, Mapping

import numpy as np
from sklearn.metrics import confusion_matrix

from speech_emotion.data.feature_subset import FeatureSubset
from speech_emotion.networks import Features
from speech_emotion.reporting.scoring import DIGITS, uar
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
    scores: dict[str, float | None] = {"0": _uar(probabilities, test)}
    for count in COUNTS:
        measured = None
        if voices and count <= most:
            found = [
                _uar(
                    trained.probabilities(
                        _with_known_voices(test, probabilities, speakers, voices, count, draw)
                    ),
                    test,
                )
                for draw in range(DRAWS)
            ]
            measured = round(float(np.mean(found)), DIGITS)
        scores[str(count)] = measured
    return scores


def _with_known_voices(
    test: FeatureSubset,
    probabilities: np.ndarray,
    speakers: np.ndarray,
    voices: Mapping[str, Voices],
    count: int,
    seed: int,
) -> Iterator[Features]:
    """Every test recording, its voice taken off as others of the speaker tell it."""
    draw = np.random.default_rng((count, seed))
    for place, speaker in enumerate(speakers):
        others = np.flatnonzero(speakers == speaker)
        others = others[others != place]
        if not speaker or not len(others):
            yield test[place]
            continue
        known = draw.choice(others, min(count, len(others)), replace=False)
        voice = KnownVoice().joined_by(
            [test[int(one)] for one in known], list(probabilities[known]), voices
        )
        yield voice.taken_off(test[place])


def _uar(probabilities: np.ndarray, test: FeatureSubset) -> float:
    predicted = probabilities.argmax(axis=1)
    counts = confusion_matrix(test.classes, predicted, labels=range(len(test.labels)))
    return round(float(uar(counts)), DIGITS)
