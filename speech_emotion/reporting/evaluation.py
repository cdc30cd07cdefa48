"""What evaluate reports of a model beside its scores: the data, and every single recording."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from speech_emotion.data.manifest import corpus_names
from speech_emotion.data.splits import originals
from speech_emotion.data.task import Task
from speech_emotion.params.split import SplitParams
from speech_emotion.reporting.scoring import DIGITS, UNKNOWN, calibration_error
from speech_emotion.training.calibration import calibrated


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


def predictions_table(
    test: pd.DataFrame, probabilities: np.ndarray, labels: Sequence[str]
) -> pd.DataFrame:
    """One row per test recording: its class, the predicted one, and one column per class."""
    table = test[["id", "speaker", "sex", "corpus"]].reset_index(drop=True)
    table["truth"] = test["emotion"].to_numpy()
    table["predicted"] = np.array(labels)[probabilities.argmax(axis=1)]
    return pd.concat([table, pd.DataFrame(probabilities, columns=list(labels))], axis=1)
