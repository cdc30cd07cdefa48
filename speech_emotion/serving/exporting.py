"""Writes a trained model as LiteRT files, each held against the Keras model first."""

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix

from speech_emotion.base.errors import PipelineError
from speech_emotion.data.feature_subset import FeatureSubset
from speech_emotion.networks import Features
from speech_emotion.reporting.scoring import uar
from speech_emotion.serving.conversion import to_int8, to_litert
from speech_emotion.serving.lite import LiteModel
from speech_emotion.training.model_settings import (
    INT8_FILE,
    LITERT_FILE,
    ModelSettings,
    write_settings,
)
from speech_emotion.training.trained_model import TrainedModel

TOLERANCE = 1e-3
"""How far a probability of the float32 file may be from Keras' own."""

INT8_LOSS = 0.01
"""How much UAR on the validation speakers the 8-bit file may lose."""

COMPARED = 50
"""Training recordings, evenly spaced, that both files are compared with Keras on."""


def write_exported(
    trained: TrainedModel,
    settings: ModelSettings,
    training: FeatureSubset,
    validation: FeatureSubset,
    folder: Path,
) -> dict[str, Any]:
    """Write a model's LiteRT files and its settings into a folder, and hold them against it.

    Parameters
    ----------
    trained : TrainedModel
        The model.
    settings : ModelSettings
        What travels with the weights.
    training, validation : FeatureSubset
        Originals of the speakers that trained it, and of those that validated it, if any.
    folder : Path
        The folder.

    Returns
    -------
    dict
        For the report: ``keras``, ``float32`` and ``int8``; see the export stage.

    Raises
    ------
    PipelineError
        If the converted model is not the same model.
    """
    write_settings(settings, folder)
    compared = _evenly(training, COMPARED)
    expected = trained.probabilities(compared)
    expected_uar = _uar(trained, validation)

    def written(name: str, content: bytes) -> dict[str, Any]:
        (folder / name).write_bytes(content)
        lite = LiteModel(folder / name, settings)
        difference = np.abs(lite.probabilities(compared) - expected).max()
        return {
            "bytes": len(content),
            "largest_difference": float(f"{difference:.2g}"),
            "compared": len(compared),
            "validation_uar": _uar(lite, validation),
            "written": True,
        }

    float32 = written(LITERT_FILE, to_litert(trained.model))
    if not float32["largest_difference"] <= TOLERANCE:
        raise PipelineError(
            f"the LiteRT file's probabilities differ from Keras' own by up to "
            f"{float32['largest_difference']:g}, more than {TOLERANCE:g}: the conversion of the "
            f"network {settings.network!r} is at fault."
        )
    int8 = written(INT8_FILE, to_int8(trained.model))
    if expected_uar is None or int8["validation_uar"] < expected_uar - INT8_LOSS:
        (folder / INT8_FILE).unlink()
        int8["written"] = False
    return {"keras": {"validation_uar": expected_uar}, "float32": float32, "int8": int8}


def _evenly(subset: FeatureSubset, count: int) -> list[Features]:
    count = min(count, len(subset))
    places = np.unique(np.linspace(0, len(subset) - 1, count).round().astype(int))
    return [subset[int(place)] for place in places]


def _uar(model: TrainedModel | LiteModel, subset: FeatureSubset) -> float | None:
    """UAR over a subset, rounded to 6 digits; None where it is empty."""
    if not len(subset):
        return None
    predicted = model.probabilities(subset).argmax(axis=1)
    counts = confusion_matrix(subset.classes, predicted, labels=range(len(subset.labels)))
    return round(float(uar(counts)), 6)
