"""One trial of `make tune`: trains by a params.yaml, and recognises speakers who validate.

``python -m scripts.tune_trial FOLDER`` reads ``params.yaml`` in that folder. A process of its own,
so that the search can end it at any moment, and no training fills the memory of the next.
"""

import json
import os
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from speech_emotion import networks
from speech_emotion.base.errors import PipelineError
from speech_emotion.base.files import write_whole
from speech_emotion.base.quiet_keras import tf
from speech_emotion.data.feature_store import FeatureStore
from speech_emotion.data.feature_subset import FeatureSubset
from speech_emotion.data.splits import originals, speaker_folds
from speech_emotion.data.task import Task, set_task
from speech_emotion.params.labels import LabelParams
from speech_emotion.params.section import load
from speech_emotion.params.split import SplitParams
from speech_emotion.params.train import TrainParams
from speech_emotion.reporting.evaluation import predictions_table, with_origin
from speech_emotion.reporting.scoring import score
from speech_emotion.training.prediction import probabilities
from speech_emotion.training.training import train

FEATURES = Path("data/features")

GROUPS = 3
"""Into how many groups the speakers are dealt who are not tested. Each validates once, so that a
trial is measured on all of them for as many trainings, of two thirds of the speakers each."""

CURVES, PREDICTIONS, FACTS, FAULT = "curves-1", "predictions.csv", "facts.json", "fault.txt"
"""What a trial leaves in its folder: DVCLive's of the first training, as it goes; of all of them,
once they are finished; what the search must know of the network; or why it failed."""


def groups(task: Task, number: int) -> list[Task]:
    """Tasks in which one group of speakers after another validates, and the others train.

    Nobody whom the task tests is in any of them. As in the task, those who sing train only, and
    where speakers of the tested corpora train, it is they who validate.

    Parameters
    ----------
    task : Task
        What train and evaluate are asked.
    number : int
        How many groups.

    Raises
    ------
    PipelineError
        If there are fewer speakers than groups.
    """
    manifest = task.manifest
    tested = manifest["part"] == "test"
    used = manifest["part"].isin(["train", "validation"])
    eligible = used & (manifest["channel"] != "song") & (manifest["speaker"] != "")
    alike = eligible & manifest["corpus"].isin(manifest.loc[tested, "corpus"])
    eligible = alike if alike.any() else eligible
    recordings = originals(manifest[eligible])
    speakers = recordings["speaker"].nunique()
    if speakers < number:
        raise PipelineError(
            f"make tune deals the training speakers to {number} groups, and the split leaves "
            f"{speakers} that can validate: train on more material, by split.train in params.yaml."
        )
    group = manifest["speaker"].map(speaker_folds(recordings, number, "tune"))
    tasks = []
    for one in range(1, number + 1):
        held_out = group == one
        part = np.select([eligible & held_out, used & ~held_out], ["validation", "train"], "unused")
        tasks.append(replace(task, manifest=manifest.assign(part=part)))
    return tasks


def measure(features: Path, folder: Path) -> None:
    """Train and validate, group after group, by ``folder/params.yaml``; see `PREDICTIONS`."""
    params = load("train", TrainParams, folder / "params.yaml")
    split_params = load("split", SplitParams, folder / "params.yaml")
    label_params = load("labels", LabelParams, folder / "params.yaml")
    store = FeatureStore(features)
    network = networks.find(params.network, store.utterance_kinds, store.frame_kinds)
    store.require(network.training_kinds, network.name)
    found = []
    for number, task in enumerate(
        groups(set_task(store.manifest, split_params, label_params), GROUPS), start=1
    ):
        rows = task.rows("train", with_variants=True)
        training = FeatureSubset(store, network.training_kinds, task, rows, params.as_recorded)
        validation = FeatureSubset(store, network.kinds, task, task.rows("validation"))
        curves = folder / f"curves-{number}"
        model = train(network, training, validation, params, curves).model
        named = with_origin(validation.manifest)
        outputs = probabilities(model, network, validation).astype(np.float64)
        score(named, outputs, task.labels)  # refuses a training that diverged
        found.append(predictions_table(named, outputs, task.labels))
        facts = {
            "learns": bool(model.trainable_weights),
            "has_variants": bool((training.manifest["variant"] != "original").any()),
        }
        write_whole(folder / FACTS, json.dumps(facts))
    predictions = pd.concat(found, ignore_index=True)
    write_whole(folder / PREDICTIONS, predictions.to_csv(index=False, lineterminator="\n"))


def _end_with_the_search() -> None:
    """Stop when the process that started this one is gone, and with it the other end of stdin."""
    sys.stdin.read()
    os._exit(1)


def main() -> None:
    threading.Thread(target=_end_with_the_search, daemon=True).start()
    # it warns of functions that are traced again, which every training means to do
    tf.get_logger().setLevel("ERROR")
    folder = Path(sys.argv[1])
    try:
        measure(FEATURES, folder)
    except PipelineError as error:
        write_whole(folder / FAULT, str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
