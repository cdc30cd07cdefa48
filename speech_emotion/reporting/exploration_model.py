"""What a model of other speakers makes of every recording: labels in doubt, worth of features."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import softmax
from scipy.stats import ttest_1samp

from speech_emotion.base.errors import PipelineError
from speech_emotion.base.quiet_keras import keras
from speech_emotion.data.feature_store import FeatureStore
from speech_emotion.data.feature_subset import FeatureSubset
from speech_emotion.data.splits import originals, speaker_folds
from speech_emotion.data.task import Task
from speech_emotion.features.functionals import CEPSTRA, MELS
from speech_emotion.networks import functionals_lda
from speech_emotion.reporting.exploration import FUNCTIONALS, names_of
from speech_emotion.reporting.scoring import LEVEL, confusion_by, uar
from speech_emotion.training.calibration import calibrated, fit_temperature

FOLDS = 5
"""Groups of speakers, if there are as many, each judged by a model of the others."""

SHUFFLES = 10
"""How often the values of a group are shuffled."""

BLOCK = 512
"""Recordings whose features are in memory at a time."""

GROUPS = {
    "pitch": ("pitch",),
    "voice quality": ("periodicity", "periodicity_log_odds", "h1_h2", "h1_h3"),
    "loudness": ("level", "loudness"),
    "spectral balance": (
        "centroid",
        "spread",
        "band_50_500",
        "band_500_1500",
        "band_1500_4000",
        "band_4000_8000",
        "alpha_ratio",
        "hammarberg",
    ),
    "mel bands": tuple(f"log_mel_{number}" for number in range(1, MELS + 1)),
    "cepstrum": tuple(f"mfcc_{number}" for number in range(1, CEPSTRA + 1)),
    "rhythm": ("rhythm",),
}
"""The functionals by what they are measured of: what their names begin with. The rest are
`CONVOLUTIONS`."""

CONVOLUTIONS = "random convolutions"

ALIKE = ("corpus", "channel", "speaker", "emotion")
"""What recordings have in common that a model usually recognises or usually does not."""


@dataclass(frozen=True)
class Judgement:
    """What models that did not hear a speaker make of the speaker's recordings.

    Attributes
    ----------
    recordings : pd.DataFrame
        The rows of the manifest that are recordings, numbered from 0.
    labels : tuple of str
        The k emotions.
    probabilities : np.ndarray [shape=(n, k)]
        Of each recording; 0 for an emotion that nobody else expressed.
    uar_by_speaker : pd.Series
        UAR over the emotions that each speaker expressed, by speaker.
    worth : pd.DataFrame
        By group of functionals, the most worth first: the number of ``values``, the ``drop`` in
        UAR where the group is shuffled (0 to 1, the mean over speakers), and its bounds ``low`` and
        ``high``, which are not numbers for one speaker.
    """

    recordings: pd.DataFrame
    labels: tuple[str, ...]
    probabilities: np.ndarray
    uar_by_speaker: pd.Series
    worth: pd.DataFrame

    @property
    def predicted(self) -> np.ndarray:
        """The place among the labels of what each is taken for [shape=(n,), int]."""
        places: np.ndarray = self.probabilities.argmax(axis=1)
        return places

    def confusion(self) -> np.ndarray:
        """Recordings by emotion and by what they are taken for [shape=(k, k)]."""
        _, by_corpus = confusion_by("corpus", self.recordings, self.predicted, self.labels)
        counts: np.ndarray = by_corpus.sum(axis=0)
        return counts


def judge(store: FeatureStore, labels: tuple[str, ...]) -> Judgement:
    """Have models of other speakers judge every recording, and see what their features are worth.

    The model is the closed-form analysis of functionals, `networks.functionals_lda`, of the
    recordings without their variants. Speakers are dealt to folds that are alike in corpora, sexes
    and emotions.

    What a group of functionals is worth is its permutation importance (Breiman, 2001, "Random
    Forests"): the values of the whole group are shuffled among the recordings of one corpus and
    channel that the same model judges, and the UAR of every speaker drops. The interval is over
    speakers, by Student's t of their drops. What another group tells as well is not missed: the
    drops need not add up to anything.

    Parameters
    ----------
    store : FeatureStore
        With functionals.
    labels : tuple of str
        All emotions that the manifest has, in the order that they shall have.

    Raises
    ------
    PipelineError
        If there are no two speakers, or too few recordings to learn from.
    """
    chosen = originals(store.manifest).index.to_numpy()
    rows = store.manifest.iloc[chosen].reset_index(drop=True)
    # a recording by nobody known is a speaker of its own
    rows["speaker"] = rows["speaker"].where(rows["speaker"] != "", rows["source_id"])
    count = min(FOLDS, rows["speaker"].nunique())
    if count < 2:
        raise PipelineError(
            "All recordings are by one speaker: no model of others can judge them. Nothing is said "
            "of labels in doubt and of what the features are worth."
        )
    fold = rows["speaker"].map(speaker_folds(rows, count, "explore")).to_numpy()
    groups = _groups(names_of(store))
    task = Task(labels, store.manifest, {}, ())
    random = np.random.default_rng(0)
    probabilities = np.zeros((len(rows), len(labels)))
    shuffled = np.zeros((len(groups), SHUFFLES, len(rows)), np.intp)
    for number in range(1, count + 1):
        others = FeatureSubset(store, functionals_lda.KINDS, task, chosen[fold != number])
        model = functionals_lda.build(others)
        held_out = np.flatnonzero(fold == number)
        shares, biases, emotions = _taken_apart(model, store, chosen[held_out], groups)

        def judged(logits: np.ndarray, of: np.ndarray = emotions) -> np.ndarray:
            found: np.ndarray = softmax(logits, axis=-1) @ of
            return found

        whole = shares.sum(axis=0) + biases
        probabilities[held_out] = judged(whole)
        for _, alike in rows.iloc[held_out].groupby(["corpus", "channel"]).indices.items():
            for shuffle in range(SHUFFLES):
                others_values = random.permutation(alike)
                for place, share in enumerate(shares):
                    logits = whole[alike] - share[alike] + share[others_values]
                    shuffled[place, shuffle, held_out[alike]] = judged(logits).argmax(axis=1)
        keras.backend.clear_session()
    uar_by_speaker = _uar_by_speaker(rows, probabilities.argmax(axis=1), labels)
    worth = [
        _worth(
            len(groups[name]),
            uar_by_speaker - np.mean([_uar_by_speaker(rows, one, labels) for one in of_group], 0),
        )
        for name, of_group in zip(groups, shuffled, strict=True)
    ]
    table = pd.DataFrame(worth, index=list(groups)).sort_values("drop", ascending=False)
    return Judgement(rows, labels, probabilities, uar_by_speaker, table)


def _groups(names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The places of each group's values among the functionals."""
    of_track = {track: group for group, tracks in GROUPS.items() for track in tracks}
    of_value = np.array([of_track.get(name.split(".")[0], CONVOLUTIONS) for name in names])
    found = {group: np.flatnonzero(of_value == group) for group in (*GROUPS, CONVOLUTIONS)}
    return {group: places for group, places in found.items() if len(places)}


def _taken_apart(
    model: keras.Model, store: FeatureStore, rows: np.ndarray, groups: dict[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What each group adds to the logits of utterances: an analysis is a sum over its values.

    Returns
    -------
    shares : np.ndarray [shape=(groups, utterances, classes)]
    biases : np.ndarray [shape=(classes,)]
    emotions : np.ndarray [shape=(classes, labels)]
        Which label each class is of.
    """
    classes = model.get_layer("classes")
    weights, biases = classes.get_weights()
    [emotions] = model.get_layer("emotions").get_weights()
    standardised = keras.Model(model.input, classes.input)
    shares = np.empty((len(groups), len(rows), len(biases)))
    for first in range(0, len(rows), BLOCK):
        block = rows[first : first + BLOCK]
        values = np.stack([store.vector(FUNCTIONALS, int(row)) for row in block])
        standard = np.asarray(standardised({FUNCTIONALS: values}))
        for place, columns in enumerate(groups.values()):
            shares[place, first : first + BLOCK] = standard[:, columns] @ weights[columns]
    return shares, biases, emotions


def _uar_by_speaker(
    rows: pd.DataFrame, predicted: np.ndarray, labels: tuple[str, ...]
) -> pd.Series:
    names, matrices = confusion_by("speaker", rows, predicted, labels)
    return pd.Series(uar(matrices), index=names)


def _worth(values: int, drops: pd.Series) -> dict[str, float]:
    low, high = np.nan, np.nan
    if len(drops) > 1:
        low, high = ttest_1samp(drops, 0).confidence_interval(LEVEL)
    return {"values": values, "drop": drops.mean(), "low": low, "high": high}


def doubted(judgement: Judgement) -> pd.DataFrame:
    """Recordings whose label a model of other speakers contradicts with confidence.

    By confident learning (Northcutt, Jiang and Chuang, 2021, "Confident Learning: Estimating
    Uncertainty in Dataset Labels", Journal of Artificial Intelligence Research 70): a recording
    counts as the likeliest of the emotions that it reaches the mean confidence of, that which
    recordings with this label have on average in it. It is doubted where that is not its label.
    Confidence is calibrated on the same recordings, by one temperature.

    Where most of the other recordings of one emotion by one speaker are not recognised either, it
    is the speaker who is unlike the others, and no label is doubted: see `misunderstood`.

    Parameters
    ----------
    judgement : Judgement
        What models make of the recordings.

    Returns
    -------
    pd.DataFrame
        Those rows of the recordings, the most doubtful first, and ``taken_for``, its ``confidence``
        and that ``in_label``.
    """
    rows = judgement.recordings
    label = pd.Index(judgement.labels).get_indexer(pd.Index(rows["emotion"]))
    everything = np.arange(len(rows))
    # an emotion that nobody else expressed could not be recognised
    known = judgement.probabilities[everything, label] > 0
    temperature = fit_temperature(judgement.probabilities[known], label[known])
    probabilities = calibrated(judgement.probabilities, temperature)
    in_label = probabilities[everything, label]
    mean = pd.Series(in_label[known]).groupby(label[known]).mean()
    threshold = mean.reindex(range(len(judgement.labels)), fill_value=np.inf).to_numpy()
    reached = np.where(probabilities >= threshold, probabilities, 0)
    taken_for = reached.argmax(axis=1)
    found = known & (reached.max(axis=1) > 0) & (taken_for != label)
    found &= _usually_recognised(judgement)
    table = rows.assign(
        taken_for=np.array(judgement.labels)[taken_for],
        confidence=reached.max(axis=1),
        in_label=in_label,
    )[found]
    order = (table["in_label"] - table["confidence"]).sort_values(kind="stable").index
    return table.loc[order].reset_index(drop=True)


def _usually_recognised(judgement: Judgement) -> np.ndarray:
    """Whether half or more of a speaker's others of that emotion are recognised [shape=(n,)]."""
    right = _right(judgement)
    alike = right.groupby([judgement.recordings[one] for one in ALIKE])
    others = alike.transform("size") - 1
    return ((alike.transform("sum") - right) >= others / 2).to_numpy()


def _right(judgement: Judgement) -> pd.Series:
    recognised = np.array(judgement.labels)[judgement.predicted]
    return (judgement.recordings["emotion"] == recognised).astype(int)


def misunderstood(judgement: Judgement) -> pd.DataFrame:
    """Emotions of a speaker that models of other speakers take for another, more often than not.

    Parameters
    ----------
    judgement : Judgement
        What models make of the recordings.

    Returns
    -------
    pd.DataFrame
        A row for each speaker, emotion, corpus and channel with two recordings or more: these
        columns, what they are ``taken_for`` most often otherwise, and how many of the
        ``recordings`` are ``recognised``; those with the most that are not come first.
    """
    right = _right(judgement)
    wrong = pd.Series(np.array(judgement.labels)[judgement.predicted]).where(right == 0)
    table = judgement.recordings[list(ALIKE)].assign(taken_for=wrong, right=right)
    cells = table.groupby(list(ALIKE), as_index=False).agg(
        taken_for=("taken_for", lambda names: next(iter(names.mode()), "")),
        recordings=("right", "size"),
        recognised=("right", "sum"),
    )
    cells = cells[(cells["recordings"] > 1) & (cells["recognised"] < cells["recordings"] / 2)]
    missed = cells["recordings"] - cells["recognised"]
    return cells.loc[missed.sort_values(ascending=False, kind="stable").index]
