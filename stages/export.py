"""Stage 8, export: the trained model as a LiteRT file that travels, with a card that describes it.

The 8-bit file is written where its UAR on the validation speakers holds within a point; the card
says which it was.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix

from stages.lib.conversion import to_int8, to_litert
from stages.lib.dataset import EMOTIONS, replaced_folder
from stages.lib.errors import PipelineError, run
from stages.lib.feature_store import FeatureStore
from stages.lib.feature_view import FeatureView
from stages.lib.files import write_whole
from stages.lib.lite import INT8_FILE, LITERT_FILE, LiteModel
from stages.lib.model_card import model_card
from stages.lib.networks.network import Features
from stages.lib.networks.settings import ModelSettings, read_settings, write_settings
from stages.lib.networks.trained import TrainedModel
from stages.lib.networks.views import VIEWS
from stages.lib.params.loader import load
from stages.lib.params.split import SplitParams
from stages.lib.scoring import uar
from stages.lib.splits import split

TOLERANCE = 1e-3
"""How far a probability of the float32 file may be from Keras' own."""

INT8_LOSS = 0.01
"""How much UAR on the validation speakers the 8-bit file may lose."""

COMPARED = 50
"""Training recordings, evenly spaced, that both files are compared with Keras on."""


def export(
    params: SplitParams, *, features: Path, model: Path, metrics: Path, target: Path, report: Path
) -> dict[str, Any]:
    """Convert a trained model, hold the result against it, and write it with its card.

    A network that LiteRT can't run leaves a folder with nothing but the card, which says so.

    Parameters
    ----------
    params : SplitParams
        The split that the model was trained with.
    features : Path
        What featurize wrote.
    model : Path
        The trained model.
    metrics : Path
        The metrics.json that evaluate wrote.
    target : Path
        The folder to write.
    report : Path
        The JSON file for what was measured here.

    Returns
    -------
    dict
        What was measured: ``refused`` (null, or why nothing was exported), and of each file its
        ``bytes``, the ``largest_difference`` of a probability from Keras' own over so many training
        recordings as were ``compared``, the ``validation_uar`` (null without validation speakers)
        and whether it was ``written``.

    Raises
    ------
    PipelineError
        If the model can't be read, or its conversion is not the same model.
    """
    settings = read_settings(model)
    evaluated = json.loads(metrics.read_text(encoding="utf-8"))
    measured: dict[str, Any] = {"refused": None}
    with replaced_folder(target) as folder:
        if settings.network in VIEWS:
            views = _views(FeatureStore(features), settings.kinds, params)
            measured |= _write_files(TrainedModel.load(model), settings, views, folder)
        else:
            measured["refused"] = (
                f"The network {settings.network!r} needs more than LiteRT has, so it was not "
                f"exported: predict with `--model {model.as_posix()}`, where TensorFlow is "
                "installed."
            )
            print(measured["refused"], file=sys.stderr)
        card = model_card(evaluated, settings, measured)
        (folder / "README.md").write_text(card, encoding="utf-8")
    write_whole(report, json.dumps(measured, indent=2) + "\n")
    return measured


def _views(
    store: FeatureStore, kinds: tuple[str, ...], params: SplitParams
) -> dict[str, FeatureView]:
    """The originals that train and those that validate."""
    side = split(store.manifest, params)
    original = store.manifest["variant"] == "original"
    return {
        name: FeatureView(store, kinds, np.flatnonzero((side == name) & original))
        for name in ("train", "validation")
    }


def _write_files(
    trained: TrainedModel, settings: ModelSettings, views: dict[str, FeatureView], folder: Path
) -> dict[str, Any]:
    write_settings(settings, folder)
    compared = _evenly(views["train"], COMPARED)
    expected = trained.probabilities(compared)
    expected_uar = _uar(trained, views["validation"])

    def written(name: str, content: bytes) -> dict[str, Any]:
        (folder / name).write_bytes(content)
        lite = LiteModel(folder / name, settings)
        difference = np.abs(lite.probabilities(compared) - expected).max()
        return {
            "bytes": len(content),
            "largest_difference": float(f"{difference:.2g}"),
            "compared": len(compared),
            "validation_uar": _uar(lite, views["validation"]),
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


def _evenly(view: FeatureView, count: int) -> list[Features]:
    places = np.unique(np.linspace(0, len(view) - 1, min(count, len(view))).round().astype(int))
    return [view[int(place)] for place in places]


def _uar(model: TrainedModel | LiteModel, view: FeatureView) -> float | None:
    """UAR over a view, rounded to 6 digits; None where it is empty."""
    if not len(view):
        return None
    predicted = np.array(EMOTIONS)[model.probabilities(view).argmax(axis=1)]
    counts = confusion_matrix(view.manifest["emotion"], predicted, labels=EMOTIONS)
    return round(float(uar(counts)), 6)


def main() -> None:
    export(
        load("split", SplitParams),
        features=Path("data/features"),
        model=Path("models/keras"),
        metrics=Path("metrics/metrics.json"),
        target=Path("models/export"),
        report=Path("metrics/export.json"),
    )


if __name__ == "__main__":
    run(main)
