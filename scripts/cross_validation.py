"""Every fold of the protocol as one number: `make cv`.

Trains and tests fold after fold on the features that are there, as the stages train and evaluate do
with the one fold of params.yaml. The predictions of a finished fold are kept in the user's cache,
under the hash of all that they were made from: a run that was stopped goes on where it was, and one
with nothing new trains nothing.
"""

import hashlib
import json
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.tables import percent, table
from scripts.fingerprints import of_features, of_training
from speech_emotion.base.errors import run
from speech_emotion.base.files import write_whole
from speech_emotion.base.quiet_keras import tf
from speech_emotion.base.user_cache import user_cache
from speech_emotion.data.feature_store import FeatureStore
from speech_emotion.data.feature_subset import FeatureSubset
from speech_emotion.data.splits import all_folds
from speech_emotion.data.task import Task, set_task
from speech_emotion.params.labels import LabelParams
from speech_emotion.params.section import load
from speech_emotion.params.split import SplitParams
from speech_emotion.params.train import TrainParams
from speech_emotion.reporting.comparison import WORDS, read_predictions
from speech_emotion.reporting.evaluation import predictions_table, setting, with_origin
from speech_emotion.reporting.model_card import SCORES
from speech_emotion.reporting.scoring import DIGITS, score
from speech_emotion.training.trained_model import TrainedModel
from stages.train import train_model

FEATURES = Path("data/features")
METRICS = Path("metrics")
"""Where cv.json, cv.md and cv_predictions.csv go."""


@dataclass(frozen=True)
class Params:
    """The sections of params.yaml that decide the result, the fold in them left aside."""

    train: TrainParams
    split: SplitParams
    labels: LabelParams

    def of_fold(self, fold: int | str) -> SplitParams:
        """The split with a fold in place of its own."""
        return self.split.model_copy(update={"fold": fold})


def cross_validate(params: Params, features: Path, kept: Path, metrics: Path) -> str:
    """Train and test on every fold, and write what came out.

    Parameters
    ----------
    params : Params
        What to train, and by which protocol.
    features : Path
        What featurize wrote.
    kept : Path
        Where the predictions of finished folds lie.
    metrics : Path
        Where cv.json, cv.md and cv_predictions.csv go, once all folds are finished.

    Returns
    -------
    str
        What cv.md holds.

    Raises
    ------
    PipelineError
        If the protocol doesn't fit the data in any of its folds, before the first is trained.
    """
    manifest = FeatureStore(features).manifest
    tasks = {
        fold: set_task(manifest, params.of_fold(fold), params.labels)
        for fold in all_folds(manifest, params.split)
    }
    for remark in dict.fromkeys(remark for task in tasks.values() for remark in task.remarks):
        print(remark)
    predictions = _predictions(params, tasks, features, kept)
    tested = {label for task in tasks.values() for label in task.labels}
    labels = tuple(label for label in params.labels.classes if label in tested)
    # a class that nothing trained in a fold was never predicted there
    predictions[list(labels)] = predictions[list(labels)].fillna(0)

    together = _score(predictions, labels)
    by_fold = {
        str(fold): _score(rows, labels) for fold, rows in predictions.groupby("fold", sort=False)
    }
    numbers = {
        "cv_uar": _mean(by_fold, "uar"),
        "cv_uar_low": together["interval"]["uar"]["low"],
        "cv_uar_high": together["interval"]["uar"]["high"],
        "cv_accuracy": together["accuracy"],
        "cv_macro_f1": together["macro_f1"],
        "cv_calibration_error": together["calibration_error"],
    }
    page = _page(params, list(tasks.values()), together, by_fold)
    table_of_all = predictions[["fold", *WORDS, *labels]]
    write_whole(
        metrics / "cv_predictions.csv",
        table_of_all.to_csv(index=False, lineterminator="\n", float_format="%.6f"),
    )
    write_whole(metrics / "cv.md", page)
    write_whole(metrics / "cv.json", json.dumps(numbers, indent=2) + "\n")
    return page


def _predictions(
    params: Params, tasks: dict[int | str, Task], features: Path, kept: Path
) -> pd.DataFrame:
    """Of every fold, those that are not kept trained for; with a column ``fold``."""
    made_from = [
        of_features(features),
        of_training(
            params.train.model_dump(mode="json"),
            params.split.model_dump(mode="json", exclude={"fold"}),
            params.labels.model_dump(mode="json"),
        ),
    ]
    found = []
    for number, (fold, task) in enumerate(tasks.items(), start=1):
        key = hashlib.sha256(json.dumps([*made_from, fold]).encode()).hexdigest()
        path, origin = kept / f"{key}.csv", "kept from an earlier run"
        if not path.exists():
            origin = "trained"
            predictions = train_and_test(params, fold, features)
            write_whole(path, predictions.to_csv(index=False, lineterminator="\n"))
        one = read_predictions(path)
        print(
            f"fold {fold} of {params.split.protocol} ({number} of {len(tasks)}), {origin}: "
            f"UAR {percent(_score(one, task.labels)['uar'])} %",
            flush=True,
        )
        found.append(one.assign(fold=str(fold)))
    return pd.concat(found, ignore_index=True)


def train_and_test(params: Params, fold: int | str, features: Path) -> pd.DataFrame:
    """Train on a fold and recognise its test recordings; a row for each, as evaluate has them."""
    split_params = params.of_fold(fold)
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        curves = Path(folder) / "curves"
        train_model(features, model, curves, params.train, split_params, params.labels)
        trained = TrainedModel.load(model)
    store = FeatureStore(features)
    task = set_task(store.manifest, split_params, params.labels)
    subset = FeatureSubset(store, trained.kinds, task, task.rows("test"))
    test = subset.manifest
    named = with_origin(test)
    # whose text can be read back as the same number
    probabilities = trained.probabilities(subset).astype(np.float64)
    score(named, probabilities, task.labels)  # refuses a training that diverged
    return predictions_table(named, probabilities, task.labels)


def _score(predictions: pd.DataFrame, labels: tuple[str, ...]) -> dict[str, Any]:
    recordings = predictions.rename(columns={"truth": "emotion"})
    return score(recordings, predictions[list(labels)].to_numpy(), labels)


def _mean(by_fold: dict[str, dict[str, Any]], name: str) -> float:
    return round(float(np.mean([one[name] for one in by_fold.values()])), DIGITS)


def _page(
    params: Params,
    tasks: list[Task],
    together: dict[str, Any],
    by_fold: dict[str, dict[str, Any]],
) -> str:
    """What was measured, the UAR with its interval, and a table of folds and one of emotions."""
    about = setting(tasks[0], params.split, params.train.network)
    interval = together["interval"]
    low, high = interval["uar"]["low"], interval["uar"]["high"]
    method = f"{interval['method']} of all folds"
    if low is not None:
        method = (
            f"{100 * interval['level']:g} % interval {percent(low)} to {percent(high)} %, {method}"
        )
    tested = [len(task.rows("test")) for task in tasks]
    rows = [
        [fold, ", ".join(one["accuracy_by_speaker"]), str(count)]
        + [percent(one[name]) for name in SCORES]
        for (fold, one), count in zip(by_fold.items(), tested, strict=True)
    ]
    mean = ["mean", "", str(sum(tested)), *(percent(_mean(by_fold, name)) for name in SCORES)]
    recalls = [
        [emotion, "" if share is None else percent(share)]
        for emotion, share in together["recall"].items()
    ]
    scores = [f"{name}, %" for name in SCORES.values()]
    left_out = sum((Counter(task.left_out) for task in tasks), Counter())
    lines = [
        f"# All folds of {params.split.protocol}",
        "",
        f"{params.train.network}, trained on {about['corpora']['train']}, tested on "
        f"{about['corpora']['test']}: {sum(tested)} recordings, speakers "
        f"{about['test_speakers']}.",
        "",
        f"UAR **{percent(_mean(by_fold, 'uar'))} %** (mean over folds; {method}).",
        "",
        table(["fold", "test speakers", "recordings", *scores], [*rows, mean]),
        table(["emotion", "recall over all folds, %"], recalls),
    ]
    if left_out:
        listed = ", ".join(f"{count} of {one}" for one, count in sorted(left_out.items()))
        lines.append(f"Left out, since nothing trains their class in that fold: {listed}.\n")
    return "\n".join(lines)


def main() -> None:
    # it warns of functions that are traced again, which every fold means to do
    tf.get_logger().setLevel("ERROR")
    params = Params(
        load("train", TrainParams), load("split", SplitParams), load("labels", LabelParams)
    )
    page = cross_validate(params, FEATURES, user_cache("folds"), METRICS)
    print(f"\n{page}\nThe numbers are in {METRICS / 'cv.json'}, this page in cv.md beside it.")


if __name__ == "__main__":
    run(main)
