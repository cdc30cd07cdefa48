"""Two models on the same test recordings, and whether they differ by more than chance."""

from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
import pandas as pd

from speech_emotion.reporting.scoring import METRICS, Metric, confusion_by, interval_method


@dataclass(frozen=True)
class Difference:
    """A score of the second model less that of the first.

    Attributes
    ----------
    value : float
        Over all speakers.
    low, high : float or None
        Its interval over speakers; None if they tell of none.
    """

    value: float
    low: float | None
    high: float | None

    @property
    def more_than_chance(self) -> bool | None:
        """Whether the interval leaves zero out; None without an interval."""
        if self.low is None or self.high is None:
            return None
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Comparison:
    """How two models differ on the recordings that both were tested on.

    Attributes
    ----------
    recordings, speakers : int
        How many recordings those are, and of how many speakers.
    answered_alike : int
        How many of them both take for the same emotion.
    method : str
        How the intervals were made.
    differences : dict of str to Difference
        By the names of `METRICS`.
    by_speaker : pd.DataFrame
        UAR of the ``first`` and the ``second`` model for each speaker, by speaker.
    """

    recordings: int
    speakers: int
    answered_alike: int
    method: str
    differences: dict[str, Difference]
    by_speaker: pd.DataFrame


WORDS = ("id", "speaker", "sex", "corpus", "truth", "predicted")
"""Columns of a table of predictions that hold words, even where a word looks like a number."""


def read_predictions(file: Path | TextIO) -> pd.DataFrame:
    """Read a table of predictions: a speaker "01" stays text, and one who is not known stays "".

    Parameters
    ----------
    file : Path or TextIO
        As `speech_emotion.reporting.evaluation.predictions_table` makes it, as CSV.
    """
    return pd.read_csv(file, dtype=dict.fromkeys(WORDS, str), keep_default_na=False)


def emotions(predictions: pd.DataFrame) -> list[str]:
    """The classes that a table of predictions has a column of probabilities for, in its order.

    Parameters
    ----------
    predictions : pd.DataFrame
        As `speech_emotion.reporting.evaluation.predictions_table` makes it.
    """
    columns = list(predictions.columns)
    return columns[columns.index("predicted") + 1 :]


def compare(first: pd.DataFrame, second: pd.DataFrame) -> Comparison | str:
    """Compare what two models take the same recordings for, speaker by speaker.

    The models are paired: an interval is over speakers, and both are scored on the same ones each
    time. What makes one speaker hard for both of them therefore adds nothing to it.

    Parameters
    ----------
    first, second : pd.DataFrame
        As `speech_emotion.reporting.evaluation.predictions_table` makes them.

    Returns
    -------
    Comparison or str
        In place of a comparison that can't be made, the sentence that says why.
    """
    labels = emotions(first)
    if labels != emotions(second):
        return (
            f"They tell apart other emotions: {', '.join(labels)} against "
            f"{', '.join(emotions(second))}."
        )
    keys = ["id", "speaker", "truth"]
    shared = first.merge(second, on=keys, suffixes=("_first", "_second"))
    if shared.empty:
        return "No recording was tested in both: their test speakers are others."
    recordings = shared.rename(columns={"truth": "emotion"})
    matrices = []
    for model in ("first", "second"):
        predicted = pd.Index(labels).get_indexer(pd.Index(shared[f"predicted_{model}"]))
        names, by_speaker = confusion_by("speaker", recordings, predicted, labels)
        matrices.append(by_speaker)
    method, _ = interval_method(names)
    alike = shared["predicted_first"] == shared["predicted_second"]
    scores = {
        model: METRICS["uar"](one) for model, one in zip(("first", "second"), matrices, strict=True)
    }
    return Comparison(
        recordings=len(shared),
        speakers=len(names),
        answered_alike=int(alike.sum()),
        method=method,
        differences={
            name: _difference(metric, names, *matrices) for name, metric in METRICS.items()
        },
        by_speaker=pd.DataFrame(scores, index=names),
    )


def _difference(
    metric: Metric, names: list[str], first: np.ndarray, second: np.ndarray
) -> Difference:
    """Of one metric, from the matrices [speakers, k, k] of the same speakers."""
    classes = first.shape[-1]
    both = np.zeros((len(first), 2 * classes, 2 * classes), first.dtype)
    both[:, :classes, :classes], both[:, classes:, classes:] = first, second

    def moved(matrix: np.ndarray) -> np.ndarray:
        """The difference, moved from between -1 and 1 to between 0 and 1, where intervals end."""
        gain = metric(matrix[..., classes:, classes:]) - metric(matrix[..., :classes, :classes])
        return (1 + gain) / 2

    _, interval = interval_method(names)
    bounds = interval(moved, both)
    low, high = (None if one is None else 2 * one - 1 for one in (bounds["low"], bounds["high"]))
    gain = metric(second.sum(axis=0)) - metric(first.sum(axis=0))
    return Difference(float(gain), low, high)
