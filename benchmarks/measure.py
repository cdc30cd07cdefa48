"""Benchmark stage 4: train on one fold and count what the test recordings were taken for.

``python -m benchmarks.measure ITEM RECIPE SEED FOLD [SPEAKERS]`` writes the one result file of that
training. On the CPU it computes on one thread: the numbers then don't depend on how many cores
there are, and as many trainings as cores can run part by part.
"""

import argparse
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from benchmarks.conditions import AMONG_PEOPLE, degrade, read_bystanders
from benchmarks.features import FEATURES, FEATURES_ACROSS
from benchmarks.known_voices import CASES, recognise_known
from benchmarks.params import Condition, Setting, load_setting
from benchmarks.protocols import ACROSS, as_recordings, classes, parts
from benchmarks.recipes import Recipe, load_recipe
from benchmarks.recordings import RECORDINGS
from benchmarks.results import RESULTS, Run, write_result
from speech_emotion import networks
from speech_emotion.base.errors import PipelineError, run
from speech_emotion.base.quiet_keras import tf
from speech_emotion.data.corpora.ravdess import EMOTIONS
from speech_emotion.data.feature_store import FRONT_END_FILE, FeatureStore
from speech_emotion.data.feature_subset import FeatureSubset
from speech_emotion.data.manifest import read_manifest
from speech_emotion.data.task import Task
from speech_emotion.features import KINDS
from speech_emotion.networks import Features, Network
from speech_emotion.params.train import TrainParams
from speech_emotion.reporting.disturbed import (
    Change,
    changed_features,
    disturbed_predictions,
    read_front_end,
)
from speech_emotion.reporting.scoring import DIGITS, calibration_error, confusion_by
from speech_emotion.training.calibration import fit_temperature
from speech_emotion.training.prediction import probabilities
from speech_emotion.training.training import train
from speech_emotion.training.voices import voices_of


@dataclass(frozen=True)
class Trained:
    """A model of a fold, and what it cost."""

    network: Network
    model: Any
    epochs: int
    seconds: float


def measure(
    of: Run, setting: Setting, recipe: Recipe, features: Path, recordings: Path
) -> dict[str, Any]:
    """Train and test on one fold; what `benchmarks.results` keeps of it.

    Parameters
    ----------
    of : Run
        Which fold, by what seed, with how many training speakers.
    setting : Setting
        What the item measures.
    recipe : Recipe
        How the model is made.
    features : Path
        The recipe's front end's features.
    recordings : Path
        The merged dataset, read only where a condition needs audio.
    """
    store = FeatureStore(features)
    labels = classes(store.manifest, setting, of.fold)
    part = parts(store.manifest, setting, recipe, of.fold, of.speakers)
    is_original = (store.manifest["variant"] == "original").to_numpy()
    learnt = store.manifest[part == "train"]
    epochs = recipe.train.epochs
    if of.speakers is not None:
        # as many steps as with all speakers, or few speakers would also mean little training
        everybody = parts(store.manifest, setting, recipe, of.fold)
        epochs = round(epochs * _recordings(store, everybody) / _recordings(store, part))
    params = recipe.train.model_copy(update={"seed": of.seed, "epochs": epochs})
    if setting.augmented is not None:
        store.manifest = as_recordings(store.manifest)

    task = Task(labels, store.manifest.assign(part=part), {}, ())
    trained = train_fold(store, task, is_original, params)
    test = np.flatnonzero(part == "test")
    tested_as_they_are, found = _recognise(store, task, trained, test[is_original[test]])
    tested = {"as_recorded": _confusion("speaker", tested_as_they_are, found, labels)}
    for condition in setting.conditions:
        if condition == "with_variants":
            tested[condition] = _confusion(
                "speaker", *_recognise(store, task, trained, test), labels
            )
        elif condition != "as_recorded":
            degraded = _recognise_degraded(store, task, trained, test, condition, recordings)
            tested[condition] = _confusion("speaker", *degraded, labels)
    return {
        "synthetic": bool(store.manifest["synthetic"].any()),
        "network": trained.network.name,
        "parameters": trained.model.count_params(),
        **_encoders(store, trained.network),
        "epochs": trained.epochs,
        "seconds": round(trained.seconds, 1),
        "trained_on": {
            "speakers": int(learnt["speaker"].nunique()),
            "recordings": int(learnt["source_id"].nunique()),
            "utterances": len(learnt),
        },
        "temperature": fit_temperature(found, _places(tested_as_they_are, labels)),
        "confusion": tested,
        "confusion_by_intensity": _confusion("intensity", tested_as_they_are, found, labels),
        **(_across(tested_as_they_are, found, labels) if setting.protocol == ACROSS else {}),
        **(
            {"answers": _answers(store, trained, tested_as_they_are, found, recordings)}
            if setting.disturbed
            else {}
        ),
        **(
            {"known_voice": _known_voice(store, task, trained, test[is_original[test]], recordings)}
            if setting.known_voice
            else {}
        ),
    }


def _places(recordings: pd.DataFrame, labels: tuple[str, ...]) -> np.ndarray:
    """The place of each recording's emotion among the labels [shape=(n,), int]."""
    return pd.Index(labels).get_indexer(pd.Index(recordings["emotion"]))


def _encoders(store: FeatureStore, network: Network) -> dict[str, int]:
    """How many parameters the frozen encoders of a network's features have, if there are any."""
    encoders = {kind: make for kind in network.kinds if (make := KINDS[kind].encoder) is not None}
    if not encoders:
        return {}
    front_end = read_front_end(store.front_end(), str(store.folder / FRONT_END_FILE))
    counts = [make(front_end.featurize.of(kind)).count_params() for kind, make in encoders.items()]
    return {"encoder_parameters": sum(counts)}


def _answers(
    store: FeatureStore,
    trained: Trained,
    test: pd.DataFrame,
    found: np.ndarray,
    recordings: Path,
) -> dict[str, str]:
    """What every test recording is and what it was taken for, disturbed too: a digit for each."""
    identities = test["id"].tolist()
    disturbed = disturbed_predictions(
        recordings,
        identities,
        read_front_end(store.front_end(), str(store.folder / FRONT_END_FILE)),
        lambda features: probabilities(trained.model, trained.network, features).argmax(axis=1),
    )
    answers = {
        "truth": pd.Index(EMOTIONS).get_indexer(pd.Index(test["emotion"])),
        "female": (test["sex"] == "female").to_numpy(int),
        "as recorded": found.argmax(axis=1),
    }
    for name, (taken_for, places) in disturbed.items():
        answers[name] = taken_for[np.argsort(places)]
    return {name: "".join(map(str, digits)) for name, digits in answers.items()}


def _known_voice(
    store: FeatureStore, task: Task, trained: Trained, rows: np.ndarray, recordings: Path
) -> dict[str, Any]:
    """Confusions by speaker in every case of a known voice, the draws added up."""
    train_rows = np.flatnonzero((task.manifest["part"] == "train").to_numpy())
    training = FeatureSubset(store, trained.network.kinds, task, train_rows)
    voices = voices_of(training, training.kinds)
    tested = FeatureSubset(store, trained.network.kinds, task, rows)
    heard: dict[Condition, Sequence[Features] | FeatureSubset] = {"as_recorded": tested}
    counted: dict[str, Any] = {}
    for case in CASES:
        if case.condition not in heard:
            identities = tested.manifest["id"]
            order, degraded = _degraded(
                store, task, trained.network, identities, case.condition, recordings
            )
            by_id = dict(zip(order, degraded, strict=True))
            heard[case.condition] = [by_id[one] for one in identities]
        draws = recognise_known(
            case,
            tested.manifest,
            tested,
            heard[case.condition],
            partial(probabilities, trained.model, trained.network),
            voices,
        )
        if draws is not None:
            every_draw = pd.concat([tested.manifest] * len(draws))
            counted[case.name] = _confusion(
                "speaker", every_draw, np.concatenate(draws), task.labels
            )
    return counted


def _across(recordings: pd.DataFrame, found: np.ndarray, labels: tuple[str, ...]) -> dict[str, Any]:
    """What is told of a model on another corpus, beside its confusions."""
    right = np.array(labels)[found.argmax(axis=1)] == recordings["emotion"].to_numpy()
    return {
        "labels": list(labels),
        "confidence": round(float(found.max(axis=1).mean()), DIGITS),
        "calibration_error": round(calibration_error(found, right), DIGITS),
    }


def train_fold(
    store: FeatureStore, task: Task, is_original: np.ndarray, params: TrainParams
) -> Trained:
    """Train on the training part, and nothing else but validation if there is any."""
    network = networks.find(params.network, store.utterance_kinds, store.frame_kinds)
    store.require(network.training_kinds, network.name)
    part = task.manifest["part"].to_numpy()
    training = FeatureSubset(
        store, network.training_kinds, task, np.flatnonzero(part == "train"), params.as_recorded
    )
    validation = FeatureSubset(
        store, network.kinds, task, np.flatnonzero((part == "validation") & is_original)
    )
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as curves:
        finished = train(network, training, validation, params, Path(curves))
    return Trained(network, finished.model, finished.epochs, time.perf_counter() - began)


def _recordings(store: FeatureStore, part: pd.Series) -> int:
    return int(store.manifest.loc[part == "train", "source_id"].nunique())


def _recognise(
    store: FeatureStore, task: Task, trained: Trained, rows: np.ndarray
) -> tuple[pd.DataFrame, np.ndarray]:
    """Some utterances of the store, and the probabilities of their emotions."""
    view = FeatureSubset(store, trained.network.kinds, task, rows)
    return view.manifest, probabilities(trained.model, trained.network, view)


def _recognise_degraded(
    store: FeatureStore,
    task: Task,
    trained: Trained,
    rows: np.ndarray,
    condition: Condition,
    recordings: Path,
) -> tuple[pd.DataFrame, np.ndarray]:
    """The same of degraded recordings, through the front end that the store came from."""
    test = store.manifest.iloc[rows].set_index("id")
    order, features = _degraded(store, task, trained.network, test.index, condition, recordings)
    return test.loc[order], probabilities(trained.model, trained.network, features)


def _degraded(
    store: FeatureStore,
    task: Task,
    network: Network,
    identities: Iterable[str],
    condition: Condition,
    recordings: Path,
) -> tuple[list[str], list[Features]]:
    """The ids and features of degraded recordings, in the order of the merged dataset."""
    front_end = read_front_end(store.front_end(), str(store.folder / FRONT_END_FILE))
    bystanders = []
    if condition in AMONG_PEOPLE:
        rate = front_end.clean.sample_rate
        bystanders = read_bystanders(recordings, _strangers(recordings, task.manifest), rate)
    changes: dict[str, Change] = {condition: partial(degrade, condition, bystanders)}
    # what the network does without need not be made
    front_end = replace(front_end, featurize=front_end.featurize.only(network.kinds))
    order: list[str] = []
    found: list[Features] = []
    for some, features in changed_features(recordings, identities, changes, front_end):
        order += some
        found += features[condition]
    return order, found


def _strangers(recordings: Path, manifest: pd.DataFrame) -> list[str]:
    """Ids of neutral recordings of the corpora that neither train nor are tested."""
    taking_part = manifest.loc[manifest["part"] != "unused", "corpus"]
    everybody = read_manifest(recordings)
    strangers = ~everybody["corpus"].isin(taking_part) & (everybody["emotion"] == "neutral")
    return everybody.loc[strangers, "id"].tolist()


def _confusion(
    column: str, recordings: pd.DataFrame, found: np.ndarray, labels: tuple[str, ...]
) -> dict[str, Any]:
    """Confusion matrices by speaker or intensity, for JSON."""
    if not np.isfinite(found).all():
        raise PipelineError(
            "training diverged: the network predicts probabilities that are not finite numbers. "
            "Lower train.learning_rate of the recipe in benchmarks/params.yaml."
        )
    names, matrices = confusion_by(column, recordings, found.argmax(axis=1), labels)
    return dict(zip(names, matrices.tolist(), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.measure")
    parser.add_argument("item")
    parser.add_argument("recipe")
    parser.add_argument("seed", type=int)
    parser.add_argument("fold")
    parser.add_argument("speakers", type=int, nargs="?")
    of = Run(**vars(parser.parse_args()))
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    setting, recipe = load_setting(of.item), load_recipe(of.recipe)
    features = FEATURES_ACROSS if setting.protocol == ACROSS else FEATURES
    with threadpool_limits(limits=1):
        result = measure(of, setting, recipe, features / recipe.front_end, RECORDINGS)
    write_result(of, result, RESULTS)


if __name__ == "__main__":
    run(main)
