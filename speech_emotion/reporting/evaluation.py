"""What evaluate reports of a model beside its scores: the data, and every single recording."""

from typing import Any

import numpy as np
import pandas as pd

from speech_emotion.data.dataset import EMOTIONS
from speech_emotion.data.manifest import corpus_names
from speech_emotion.params.split import SplitParams
from speech_emotion.reporting.scoring import DIGITS, calibration_error
from speech_emotion.training.calibration import calibrated


def uncalibrated(
    test: pd.DataFrame, probabilities: np.ndarray, temperature: float
) -> dict[str, float]:
    """How far confidence was from accuracy before calibration, and the temperature that did it."""
    before = calibrated(probabilities, 1 / temperature)
    correct = np.array(EMOTIONS)[before.argmax(axis=1)] == test["emotion"].to_numpy()
    return {
        "calibration_error": round(calibration_error(before, correct), DIGITS),
        "temperature": temperature,
    }


def setting(recordings: pd.DataFrame, params: SplitParams, network: str) -> dict[str, Any]:
    """What the scores are worth: on which data, and whether training knew the speakers.

    Parameters
    ----------
    recordings : pd.DataFrame
        The originals of a manifest, with the column part that `speech_emotion.data.splits.split`
        gave them.
    params : SplitParams
        The split.
    network : str
        The network's name.
    """
    parts = recordings.groupby("part")
    names = {str(part): corpus_names(rows) for part, rows in parts}
    speakers = {str(part): set(rows["speaker"]) for part, rows in parts}
    shared = speakers["train"] & speakers["test"]
    used = ("train", "validation", "test")
    return {
        "corpora": {"train": names["train"], "test": names["test"]},
        "protocol": params.protocol,
        "fold": params.fold,
        "test_speakers": "shared with training" if shared else "never heard in training",
        "network": network,
        "recordings": {part: int((recordings["part"] == part).sum()) for part in used},
        "speakers": {part: len(speakers.get(part, ())) for part in used},
    }


def predictions_table(test: pd.DataFrame, probabilities: np.ndarray) -> pd.DataFrame:
    """One row per test recording: its emotion, the predicted one, and one column per emotion."""
    table = test[["id", "speaker", "sex", "corpus"]].reset_index(drop=True)
    table["truth"] = test["emotion"].to_numpy()
    table["predicted"] = np.array(EMOTIONS)[probabilities.argmax(axis=1)]
    table[list(EMOTIONS)] = probabilities
    return table
