"""Stage 8, export: the trained model as a LiteRT file that travels, with a card that describes it.

The 8-bit file is written where its UAR on the validation speakers holds within a point; the card
says whether it did.
"""

import json
import sys
from pathlib import Path
from typing import Any

from speech_emotion import networks
from speech_emotion.base.errors import run
from speech_emotion.base.files import replaced_folder, write_whole
from speech_emotion.data.feature_store import FeatureStore
from speech_emotion.data.feature_subset import FeatureSubset
from speech_emotion.data.task import set_task
from speech_emotion.params.labels import LabelParams
from speech_emotion.params.section import load
from speech_emotion.params.split import SplitParams
from speech_emotion.reporting.model_card import model_card
from speech_emotion.serving.exporting import write_exported
from speech_emotion.training.model_settings import read_settings
from speech_emotion.training.trained_model import TrainedModel
from speech_emotion.training.voices import read_voices, write_voices


def export(
    split_params: SplitParams,
    label_params: LabelParams,
    *,
    features: Path,
    model: Path,
    clean: Path,
    evaluation: Path,
    target: Path,
    report: Path,
) -> dict[str, Any]:
    """Convert a trained model, hold the result against it, and write it with its card.

    A network that LiteRT can't run leaves a folder with nothing but the card, which says so.

    Parameters
    ----------
    split_params, label_params : Section
        The task that the model was trained for.
    features : Path
        What featurize wrote.
    model : Path
        The trained model.
    clean : Path
        The cleaned dataset, for features that an encoder makes.
    evaluation : Path
        The evaluation.json that evaluate wrote.
    target : Path
        The folder to write.
    report : Path
        The JSON file for what was measured here.

    Returns
    -------
    dict
        What was measured: ``refused`` (null, or why nothing was exported), and of the float32 and
        the 8-bit files their ``bytes``, encoders included, the ``largest_difference`` of a
        probability from Keras' own over so many training recordings as were ``compared``, the
        ``validation_uar`` (null without validation speakers) and whether they were ``written``.
        ``encoders`` says whose they are, by the kind of features that they make.

    Raises
    ------
    PipelineError
        If the model can't be read, or its conversion is not the same model.
    """
    settings = read_settings(model)
    network = networks.find(settings.network, settings.kinds)
    evaluated = json.loads(evaluation.read_text(encoding="utf-8"))
    measured: dict[str, Any] = {"refused": None}
    with replaced_folder(target) as folder:
        if network.on_litert:
            store = FeatureStore(features)
            task = set_task(store.manifest, split_params, label_params)
            training, validation = (
                FeatureSubset(store, settings.kinds, task, task.rows(part))
                for part in ("train", "validation")
            )
            trained = TrainedModel.load(model)
            measured |= write_exported(trained, settings, training, validation, clean, folder)
            write_voices(read_voices(model), folder)
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


def main() -> None:
    export(
        load("split", SplitParams),
        load("labels", LabelParams),
        features=Path("data/features"),
        model=Path("models/keras"),
        clean=Path("data/clean"),
        evaluation=Path("metrics/evaluation.json"),
        target=Path("models/export"),
        report=Path("metrics/export.json"),
    )


if __name__ == "__main__":
    run(main)
