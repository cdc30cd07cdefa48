"""Metrics and their uncertainty: how well the emotions of a set of recordings were recognised."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student_t
from sklearn.metrics import confusion_matrix

from speech_emotion.base.errors import PipelineError

Metric = Callable[[np.ndarray], np.ndarray]
"""Confusion matrices [..., k, k], true classes in rows, to scores [...]."""

Interval = dict[str, float | None]
"""The bounds ``low`` and ``high``."""

LEVEL = 0.95
DRAWS = 2000
MIN_BOOTSTRAP_SPEAKERS = 10
"""With fewer, resampling speakers gives intervals that are clearly too narrow."""

UNKNOWN = "unknown"
"""What reports say of a speaker or a sex that a corpus does not tell."""

CALIBRATION_BINS = 15
CONFIDENCES = tuple(number / 20 for number in range(20))
"""At which coverage and accuracy are reported."""

DIGITS = 6


def score(
    recordings: pd.DataFrame, probabilities: np.ndarray, labels: Sequence[str]
) -> dict[str, Any]:
    """Score predicted emotions against the true ones.

    Parameters
    ----------
    recordings : pd.DataFrame
        One row per recording, with the columns emotion, speaker, sex and corpus; "" where a speaker
        or a sex is not known.
    probabilities : np.ndarray [shape=(n, k)]
        For the same recordings, a column for each label; the largest is the prediction.
    labels : sequence of str
        The k classes.

    Returns
    -------
    dict
        For JSON, in a fixed order and rounded to 6 digits: ``uar``, ``accuracy``, ``macro_f1``,
        ``calibration_error``, ``interval`` (each metric's ``low`` and ``high``, or null, over the
        number of ``speakers``, by the ``method``), ``recall`` by emotion (null for an emotion
        that nobody expressed), ``accuracy_by_speaker``, ``accuracy_by_sex`` and
        ``accuracy_by_corpus``, and ``uar_by_sex`` (``uar``, its ``low`` and ``high``, the number
        of ``speakers`` and of ``recordings``); "unknown" stands for "".

    Raises
    ------
    PipelineError
        If a probability is not a finite number.
    """
    if not np.isfinite(probabilities).all():
        raise PipelineError(
            "the model predicts probabilities that are not finite numbers, so its training "
            "diverged: lower the learning rate in the train section of params.yaml."
        )
    predicted = probabilities.argmax(axis=1)
    correct = recordings["emotion"] == np.array(labels)[predicted]
    names, by_speaker = confusion_by("speaker", recordings, predicted, labels)
    confusion = by_speaker.sum(axis=0)

    method, interval = interval_method(names)
    return {
        **{name: _rounded(metric(confusion)) for name, metric in METRICS.items()},
        "calibration_error": _rounded(calibration_error(probabilities, correct.to_numpy())),
        "interval": {
            **{name: interval(metric, by_speaker) for name, metric in METRICS.items()},
            "level": LEVEL,
            "method": method,
            "speakers": len(names),
        },
        "recall": {
            emotion: _rounded(row[place] / row.sum()) if row.any() else None
            for place, (emotion, row) in enumerate(zip(labels, confusion, strict=True))
        },
        **{
            f"accuracy_by_{column}": {
                str(group) or UNKNOWN: _rounded(share)
                for group, share in correct.groupby(recordings[column]).mean().items()
            }
            for column in ("speaker", "sex", "corpus")
        },
        "uar_by_sex": _uar_by_sex(recordings, predicted, labels),
    }


def _uar_by_sex(
    recordings: pd.DataFrame, predicted: np.ndarray, labels: Sequence[str]
) -> dict[str, dict[str, float | int | None]]:
    """UAR of the speakers of each sex, with its interval over them; arguments as above."""
    found: dict[str, dict[str, float | int | None]] = {}
    for sex in sorted(set(recordings["sex"])):
        of_sex = (recordings["sex"] == sex).to_numpy()
        names, by_speaker = confusion_by("speaker", recordings[of_sex], predicted[of_sex], labels)
        _, interval = interval_method(names)
        found[str(sex) or UNKNOWN] = {
            "uar": _rounded(uar(by_speaker.sum(axis=0))),
            **interval(uar, by_speaker),
            "speakers": len(set(names) - {""}),
            "recordings": int(of_sex.sum()),
        }
    return found


def confusion_by(
    column: str, recordings: pd.DataFrame, predicted: np.ndarray, labels: Sequence[str]
) -> tuple[list[str], np.ndarray]:
    """Count what the recordings of each speaker, or another group, were taken for.

    Parameters
    ----------
    column : str
        What groups them: "speaker", "intensity" or another column of text.
    recordings : pd.DataFrame
        One row per recording, with the column emotion and that one.
    predicted : np.ndarray [shape=(n,)]
        For the same recordings, the place among the labels of what each was taken for.
    labels : sequence of str
        The k classes.

    Returns
    -------
    names : list of str
        The groups, sorted.
    matrices : np.ndarray [shape=(groups, k, k)]
        Recordings of each by true class (rows) and predicted class.
    """
    truth = pd.Index(labels).get_indexer(pd.Index(recordings["emotion"]))
    names, group = np.unique(recordings[column].to_numpy(str), return_inverse=True)
    matrices = np.zeros((len(names), len(labels), len(labels)), dtype=np.int64)
    np.add.at(matrices, (group, truth, predicted), 1)
    return names.tolist(), matrices


def uar(confusion: np.ndarray) -> np.ndarray:
    """Unweighted average recall (balanced accuracy), over the classes that the truth has.

    Parameters
    ----------
    confusion : np.ndarray [shape=(..., k, k)]
        Counts by true class (rows) and predicted class.

    Returns
    -------
    np.ndarray [shape=(...)]
    """
    support = confusion.sum(axis=-1)
    return _mean_ratio(_hits(confusion), support, support > 0)


def uar_of(probabilities: np.ndarray, classes: np.ndarray) -> float:
    """UAR of the likeliest labels, rounded to 6 digits.

    Parameters
    ----------
    probabilities : np.ndarray [shape=(n, k)]
    classes : np.ndarray [shape=(n,), int]
        The column of the true class of each.
    """
    columns = range(probabilities.shape[1])
    counts = confusion_matrix(classes, probabilities.argmax(axis=1), labels=columns)
    return _rounded(uar(counts))


def accuracy(confusion: np.ndarray) -> np.ndarray:
    """Share of recordings whose emotion was recognised; shapes as in `uar`."""
    share: np.ndarray = _hits(confusion).sum(axis=-1) / confusion.sum(axis=(-2, -1))
    return share


def macro_f1(confusion: np.ndarray) -> np.ndarray:
    """Mean F1 over the classes that are true or predicted anywhere; shapes as in `uar`."""
    mentions = confusion.sum(axis=-1) + confusion.sum(axis=-2)
    return _mean_ratio(2 * _hits(confusion), mentions, mentions > 0)


METRICS: dict[str, Metric] = {
    "uar": uar,
    "accuracy": accuracy,
    "macro_f1": macro_f1,
}


def calibration_error(probabilities: np.ndarray, correct: np.ndarray) -> float:
    """Expected calibration error: how far confidence is from accuracy.

    The mean over `CALIBRATION_BINS` equal-width bins of confidence (the largest probability) of
    the difference between a bin's accuracy and its mean confidence, weighted by its recordings.
    Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, equation 3.

    Parameters
    ----------
    probabilities : np.ndarray [shape=(n, k)]
    correct : np.ndarray [shape=(n,)]
        Whether the class of the largest probability is the true one.
    """
    confidence = probabilities.max(axis=1)
    # bins are open below and closed above, as in the paper
    bins = np.ceil(confidence * CALIBRATION_BINS).astype(int).clip(1, CALIBRATION_BINS)
    gaps = np.bincount(bins, weights=correct - confidence)
    return float(np.abs(gaps).sum() / len(confidence))


def coverage(probabilities: np.ndarray, correct: np.ndarray) -> pd.DataFrame:
    """What is gained by not answering below a confidence, the largest probability.

    Parameters
    ----------
    probabilities : np.ndarray [shape=(n, k)]
    correct : np.ndarray [shape=(n,)]
        Whether the class of the largest probability is the true one.

    Returns
    -------
    pd.DataFrame
        A row for each confidence of `CONFIDENCES` that a recording reaches: ``at_least``, the
        ``coverage`` (share of recordings with that confidence or more), and the ``accuracy`` among
        these.
    """
    confidence = probabilities.max(axis=1)
    answered = confidence >= np.array(CONFIDENCES)[:, None]
    counts = answered.sum(axis=1)
    reached = counts > 0
    return pd.DataFrame(
        {
            "at_least": np.array(CONFIDENCES)[reached],
            "coverage": counts[reached] / len(confidence),
            "accuracy": (answered @ correct.astype(float))[reached] / counts[reached],
        }
    )


def bootstrap_interval(metric: Metric, by_speaker: np.ndarray) -> Interval:
    """Percentile interval of a metric from resampling whole speakers, always the same draws.

    Recordings of one speaker resemble each other, so speakers are what is drawn with replacement
    (cluster bootstrap; Davison & Hinkley, "Bootstrap Methods and their Application", 1997,
    section 3.8).

    Parameters
    ----------
    metric : callable
        `uar`, `accuracy` or `macro_f1`.
    by_speaker : np.ndarray [shape=(speakers, k, k)]
        A confusion matrix for each speaker.
    """
    low, high = np.quantile(metric(resampled(by_speaker)), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return {"low": _rounded(low), "high": _rounded(high)}


def resampled(by_speaker: np.ndarray) -> np.ndarray:
    """Confusion matrices [`DRAWS`, k, k] of speakers drawn with replacement, always the same draws.

    Two systems' matrices of the same speakers therefore come out paired.

    Parameters
    ----------
    by_speaker : np.ndarray [shape=(speakers, k, k)]
        A confusion matrix for each speaker.
    """
    speakers, classes, _ = by_speaker.shape
    times_drawn = np.random.default_rng(0).multinomial(
        speakers, np.full(speakers, 1 / speakers), size=DRAWS
    )
    drawn: np.ndarray = times_drawn @ by_speaker.reshape(speakers, -1)
    return drawn.reshape(-1, classes, classes)


def student_interval(metric: Metric, by_speaker: np.ndarray) -> Interval:
    """Student-t interval from the spread of a metric's per-speaker scores, cut off at 0 and 1.

    Around the score of all recordings together, which is the mean of the per-speaker scores where
    all speakers have the same recordings, as in RAVDESS; elsewhere, and for the F1, that mean is
    another number, and the reported one could lie outside an interval around it. Parameters as in
    `bootstrap_interval`.
    """
    scores = metric(by_speaker)
    speakers = len(scores)
    half = student_t.ppf((1 + LEVEL) / 2, speakers - 1) * scores.std(ddof=1) / np.sqrt(speakers)
    centre = metric(by_speaker.sum(axis=0))
    low, high = np.clip([centre - half, centre + half], 0, 1)
    return {"low": _rounded(low), "high": _rounded(high)}


def no_interval(metric: Metric, by_speaker: np.ndarray) -> Interval:
    """One speaker, or speakers unknown, say nothing about how far speakers differ."""
    return {"low": None, "high": None}


def interval_method(
    speakers: Sequence[str],
) -> tuple[str, Callable[[Metric, np.ndarray], Interval]]:
    """What the interval over those speakers is called, and the function that makes it."""
    if "" in speakers:
        return "none where speakers are unknown", no_interval
    if len(speakers) >= MIN_BOOTSTRAP_SPEAKERS:
        return "bootstrap over speakers", bootstrap_interval
    if len(speakers) > 1:
        return "Student-t over speakers", student_interval
    return "none for one speaker", no_interval


def _hits(confusion: np.ndarray) -> np.ndarray:
    return np.diagonal(confusion, axis1=-2, axis2=-1)


def _mean_ratio(part: np.ndarray, whole: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Mean of part / whole along the last axis, over where they are present."""
    ratio = np.divide(part, whole, out=np.zeros(whole.shape), where=present)
    mean: np.ndarray = ratio.sum(axis=-1) / present.sum(axis=-1)
    return mean


def _rounded(value: float | np.ndarray) -> float:
    return round(float(value), DIGITS)
