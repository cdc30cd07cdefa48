"""What a model makes of test recordings whose voices it knows from a few others.

Knowing a voice helps where the recordings are of the speaker and of mixed emotions. The other cases
are what may go wrong: all of one emotion, of somebody else, from a telephone or in noise.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from benchmarks.params import Condition
from speech_emotion.data.corpora.ravdess import EMOTIONS
from speech_emotion.data.feature_subset import FeatureSubset
from speech_emotion.networks import Features
from speech_emotion.reporting.known_voice import DRAWS, others_of_speaker, with_known_voices
from speech_emotion.training.voices import Voices

COUNTS = (1, 2, 4, 8, 16, 32, 59)
"""Recordings of a speaker that are known; 59 are all others that an actor of RAVDESS spoke."""

FEW = 4
"""Recordings that are known in the cases where something may go wrong; another speaker's are 16 as
well."""


@dataclass(frozen=True)
class Case:
    """From which recordings a voice is known.

    Attributes
    ----------
    count : int
        How many.
    emotion : str or None
        All of this emotion.
    of_another : bool
        All of one other speaker of the fold.
    condition : str
        The state that they are in; the tested recordings are as recorded.
    """

    count: int
    emotion: str | None = None
    of_another: bool = False
    condition: Condition = "as_recorded"

    @property
    def name(self) -> str:
        """In results, such as "4 angry"."""
        if self.emotion:
            return f"{self.count} {self.emotion}"
        if self.of_another:
            return f"{self.count} of another speaker"
        return (
            f"{self.count}" if self.condition == "as_recorded" else f"{self.count} {self.condition}"
        )


CASES = (
    *(Case(count) for count in COUNTS),
    *(Case(FEW, emotion=emotion) for emotion in EMOTIONS),
    *(Case(count, of_another=True) for count in (FEW, 16)),
    *(Case(FEW, condition=condition) for condition in ("telephone", "noise10")),
)


def recognise_known(
    case: Case,
    recordings: pd.DataFrame,
    tested: Sequence[Features] | FeatureSubset,
    heard: Sequence[Features] | FeatureSubset,
    predict: Callable[[Iterable[Features]], np.ndarray],
    voices: Mapping[str, Voices],
) -> list[np.ndarray] | None:
    """The probabilities of tested recordings, for each of several draws of the known ones.

    Parameters
    ----------
    case : Case
        From which recordings voices are known.
    recordings : pd.DataFrame
        One row per tested recording, with the columns speaker and emotion.
    tested, heard : sequence of dict
        The features of the recordings as they are, and in the state of the known ones.
    predict : callable
        From the features of n utterances to probabilities [n, labels].
    voices : mapping of str to Voices
        Of the voices that trained the model.

    Returns
    -------
    list of np.ndarray or None
        None where there is no other speaker to take recordings of.
    """
    speakers = recordings["speaker"].to_numpy()
    emotions = recordings["emotion"].to_numpy()
    if case.of_another and len(set(speakers)) == 1:
        return None

    def choices(place: int, draw: np.random.Generator) -> np.ndarray:
        if case.of_another:
            others = np.unique(speakers[speakers != speakers[place]])
            return np.flatnonzero(speakers == draw.choice(others))
        own = others_of_speaker(speakers, place)
        return own if case.emotion is None else own[emotions[own] == case.emotion]

    probabilities = predict(heard)
    found = []
    for number in range(DRAWS):
        utterances = with_known_voices(
            tested,
            heard,
            probabilities,
            partial(choices, draw=np.random.default_rng(number)),
            voices,
            (case.count, number),
        )
        found.append(predict(utterances))
    return found
