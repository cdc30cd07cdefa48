"""Stage 7, evaluate: the trained model on the test recordings of its fold, numbers and figures.

Only recordings as they are count, never their variants. The split is derived anew from the
manifest, with the params that train used too.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from speech_emotion.base.errors import PipelineError, run
from speech_emotion.base.files import replaced_folder, write_whole
from speech_emotion.data.feature_store import FeatureStore
from speech_emotion.data.feature_subset import FeatureSubset
from speech_emotion.data.task import set_task
from speech_emotion.params.evaluate import EvaluateParams
from speech_emotion.params.labels import LabelParams
from speech_emotion.params.section import load
from speech_emotion.params.split import SplitParams
from speech_emotion.reporting import figures
from speech_emotion.reporting.evaluation import (
    calibration_error_of_variants,
    compared,
    predictions_table,
    setting,
    tests_of,
    uncalibrated,
    with_origin,
)
from speech_emotion.reporting.evaluation_figures import evaluation_figures, read_curves
from speech_emotion.reporting.known_voice import known_voice_scores
from speech_emotion.reporting.model_tests import as_page, summary
from speech_emotion.reporting.scoring import coverage, score
from speech_emotion.training.trained_model import TrainedModel
from speech_emotion.training.voices import read_voices


def evaluate(
    split_params: SplitParams,
    label_params: LabelParams,
    evaluate_params: EvaluateParams,
    *,
    features: Path,
    model: Path,
    curves: Path,
    merged: Path,
    clean: Path,
    metrics: Path,
) -> dict[str, Any]:
    """Measure a model on its test recordings; write and return all that was measured.

    Parameters
    ----------
    split_params, label_params : Section
        The task that the model was trained for.
    evaluate_params : EvaluateParams
        What is measured beside the scores.
    features : Path
        What featurize wrote.
    model : Path
        The trained model.
    curves : Path
        What DVCLive wrote while it trained.
    merged, clean : Path
        The datasets before and after cleaning: what is disturbed, and for one figure.
    metrics : Path
        Where metrics.json (the numbers that commits are compared by), evaluation.json (all that was
        measured), model_tests.md, predictions.csv, coverage.csv, recall.csv and the folder figures
        go. Each takes the place of its predecessor once it is whole; nothing else there is touched.

    Raises
    ------
    PipelineError
        If the split doesn't fit the data, the features don't fit the model, or the model is no
        good.
    """
    store = FeatureStore(features)
    task = set_task(store.manifest, split_params, label_params)
    trained = TrainedModel.load(model)
    if trained.labels != task.labels:
        raise PipelineError(
            f"the model in {model} tells apart {', '.join(trained.labels)}, but under params.yaml "
            f"it would be {', '.join(task.labels)}: run `dvc repro train` to train it for them."
        )
    store.require(trained.kinds, trained.network)
    subset = FeatureSubset(store, trained.kinds, task, task.rows("test"))
    probabilities = trained.probabilities(subset)
    test = subset.manifest
    variants = np.setdiff1d(task.rows("test", with_variants=True), task.rows("test"))

    named = with_origin(test)
    values = {
        **score(named, probabilities, task.labels),
        "calibration_error_of_variants": calibration_error_of_variants(
            trained, FeatureSubset(store, trained.kinds, task, variants)
        ),
        "known_voice": known_voice_scores(trained, read_voices(model), subset, probabilities),
        "uncalibrated": uncalibrated(test, probabilities, task.labels, trained.temperature),
        **setting(task, split_params, trained.network),
    }
    predictions = predictions_table(named, probabilities, task.labels)
    correct = (predictions["predicted"] == predictions["truth"]).to_numpy()
    covered = coverage(probabilities, correct)
    tests = tests_of(trained, subset, probabilities, merged, evaluate_params.disturbed)
    values["model_tests"] = summary(tests)
    metrics.mkdir(parents=True, exist_ok=True)
    with replaced_folder(metrics / "figures") as folder:
        for name, figure in evaluation_figures(
            task, predictions, values, covered, read_curves(curves), (merged, clean)
        ).items():
            figures.save(figure, folder / f"{name}.png")
    write_whole(
        metrics / "predictions.csv",
        predictions.to_csv(index=False, lineterminator="\n", float_format="%.6f"),
    )
    write_whole(
        metrics / "coverage.csv",
        covered.to_csv(index=False, lineterminator="\n", float_format="%.6g"),
    )
    recall = pd.Series(values["recall"], name="recall", dtype=float)
    write_whole(metrics / "recall.csv", recall.to_csv(index_label="emotion", lineterminator="\n"))
    subject = f"{trained.network}, tested on {values['corpora']['test']}, {values['protocol']} "
    subject += f"fold {values['fold']}"
    disturbed = min(evaluate_params.disturbed, len(test))
    write_whole(metrics / "model_tests.md", as_page(tests, subject, disturbed))
    for name, content in (("evaluation", values), ("metrics", compared(values))):
        write_whole(metrics / f"{name}.json", json.dumps(content, indent=2) + "\n")
    return values


def main() -> None:
    evaluate(
        load("split", SplitParams),
        load("labels", LabelParams),
        load("evaluate", EvaluateParams),
        features=Path("data/features"),
        model=Path("models/keras"),
        curves=Path("metrics/training"),
        merged=Path("data/merged"),
        clean=Path("data/clean"),
        metrics=Path("metrics"),
    )


if __name__ == "__main__":
    run(main)
