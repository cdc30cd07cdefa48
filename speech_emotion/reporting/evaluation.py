"""What evaluate reports of a model beside its scores, and which numbers commits are compared by."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from speech_emotion.data.feature_subset import FeatureSubset
from speech_emotion.data.manifest import corpus_names
from speech_emotion.data.splits import originals
from speech_emotion.data.task import Task
from speech_emotion.params.split import SplitParams
from speech_emotion.reporting.disturbed import disturbed_predictions, evenly, read_front_end
from speech_emotion.reporting.known_voice import COUNTS
from speech_emotion.reporting.model_tests import ModelTest, model_tests
from speech_emotion.reporting.scoring import DIGITS, UNKNOWN, calibration_error
from speech_emotion.training.calibration import calibrated
from speech_emotion.training.trained_model import TrainedModel

KNOWN = COUNTS[-1]
"""Recordings of a speaker that are known in one of the numbers that commits are compared by."""

COMPARED_DIGITS = 4


def uncalibrated(
    test: pd.DataFrame, probabilities: np.ndarray, labels: Sequence[str], temperature: float
) -> dict[str, float]:
    """How far confidence was from accuracy before calibration, and the temperature that did it."""
    before = calibrated(probabilities, 1 / temperature)
    correct = np.array(labels)[before.argmax(axis=1)] == test["emotion"].to_numpy()
    return {
        "calibration_error": round(calibration_error(before, correct), DIGITS),
        "temperature": temperature,
    }


def calibration_error_of_variants(trained: TrainedModel, variants: FeatureSubset) -> float | None:
    """How far confidence is from accuracy on test recordings' variants; None if there are none."""
    if not len(variants):
        return None
    probabilities = trained.probabilities(variants)
    return round(
        calibration_error(probabilities, probabilities.argmax(axis=1) == variants.classes), DIGITS
    )


def tests_of(
    trained: TrainedModel,
    subset: FeatureSubset,
    probabilities: np.ndarray,
    merged: Path,
    disturbed: int,
) -> list[ModelTest]:
    """Test a model on recordings as they are, and on some of them disturbed.

    Parameters
    ----------
    trained : TrainedModel
        The model.
    subset : FeatureSubset
        The test recordings.
    probabilities : np.ndarray [shape=(n, k)]
        What the model gave for them.
    merged : Path
        The dataset with their audio as published.
    disturbed : int
        How many of them are disturbed, evenly chosen.
    """
    labels, test = np.array(trained.labels), subset.manifest
    found = {}
    if disturbed:
        chosen = evenly(len(test), disturbed)
        under = disturbed_predictions(
            merged,
            test["id"].iloc[chosen].tolist(),
            read_front_end(trained.front_end, "the model's settings.json: front_end"),
            lambda features: trained.probabilities(features).argmax(axis=1),
        )
        found = {name: (labels[one], chosen[places]) for name, (one, places) in under.items()}
    return model_tests(test, labels[probabilities.argmax(axis=1)], found, trained.labels)


def setting(task: Task, params: SplitParams, network: str) -> dict[str, Any]:
    """What the scores are worth: on which data, and whether training knew the speakers.

    Parameters
    ----------
    task : Task
        What the model was asked.
    params : SplitParams
        The split.
    network : str
        The network's name.
    """
    recordings = originals(task.manifest)
    parts = recordings.groupby("part")
    names = {str(part): corpus_names(rows) for part, rows in parts}
    speakers = {str(part): set(rows["speaker"]) for part, rows in parts}
    heard = "never heard in training"
    if speakers["train"] & speakers["test"]:
        heard = "shared with training"
    if "" in speakers["train"] | speakers["test"]:
        heard = "of another corpus" if params.protocol == "cross_corpus" else UNKNOWN
    used = ("train", "validation", "test")
    return {
        "corpora": {"train": names["train"], "test": names["test"]},
        "protocol": params.protocol,
        "fold": params.fold,
        "test_speakers": heard,
        "network": network,
        "recordings": {part: int((recordings["part"] == part).sum()) for part in used},
        "speakers": {part: len(speakers.get(part, set()) - {""}) for part in used},
        "left_out": task.left_out,
    }


def compared(values: dict[str, Any]) -> dict[str, float | None]:
    """The numbers by which commits are compared, out of all that was measured.

    DVC shows each of them in a column of its own, so that they are few and have short names.

    Parameters
    ----------
    values : dict
        What evaluate measured.

    Returns
    -------
    dict of str to float or None
        Rounded to 4 digits; None for what could not be measured. ``uar`` with the bounds of its
        interval, ``uar_low`` and ``uar_high``; ``accuracy``; ``macro_f1``; ``ece``, the expected
        calibration error; ``uar_known``, the UAR with `KNOWN` known recordings of the speaker; and
        ``uar_drop``, how much UAR disturbances cost, the mean over those that it is tested under.
    """
    bounds = values["interval"]["uar"]
    disturbed = values["model_tests"]["disturbed"].values()
    changes = [one["uar_change"] for one in disturbed if one.get("uar_change") is not None]
    numbers = {
        "uar": values["uar"],
        "uar_low": bounds["low"],
        "uar_high": bounds["high"],
        "accuracy": values["accuracy"],
        "macro_f1": values["macro_f1"],
        "ece": values["calibration_error"],
        "uar_known": values["known_voice"][str(KNOWN)],
        "uar_drop": -float(np.mean(changes)) if changes else None,
    }
    return {
        name: None if value is None else round(value, COMPARED_DIGITS)
        for name, value in numbers.items()
    }


def with_origin(test: pd.DataFrame) -> pd.DataFrame:
    """Test recordings with a corpus that is called synthetic where code made it."""
    return test.assign(
        corpus=np.where(test["synthetic"], "synthetic " + test["corpus"], test["corpus"])
    )


def predictions_table(
    test: pd.DataFrame, probabilities: np.ndarray, labels: Sequence[str]
) -> pd.DataFrame:
    """One row per test recording: its class, the predicted one, and one column per class."""
    table = test[["id", "speaker", "sex", "corpus"]].reset_index(drop=True)
    table["truth"] = test["emotion"].to_numpy()
    table["predicted"] = np.array(labels)[probabilities.argmax(axis=1)]
    return pd.concat([table, pd.DataFrame(probabilities, columns=list(labels))], axis=1)
