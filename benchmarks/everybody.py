"""Benchmark stage: a model for the wheel, trained on everybody that its recipe takes.

``python -m benchmarks.everybody NAME``. What it is worth, and the files that the wheel carries, are
made by `benchmarks.included`.
"""

import argparse
from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_limits

from benchmarks.features import FEATURES
from benchmarks.measure import train_fold
from benchmarks.params import FILE, named
from benchmarks.recipes import Recipe, load_recipe
from speech_emotion.base.errors import run
from speech_emotion.base.files import replaced_folder
from speech_emotion.base.quiet_keras import tf
from speech_emotion.data.corpora import ravdess
from speech_emotion.data.feature_store import FeatureStore
from speech_emotion.data.feature_subset import FeatureSubset
from speech_emotion.data.manifest import corpus_names
from speech_emotion.data.task import Task
from speech_emotion.params.section import Section, check
from speech_emotion.training.model_settings import ModelSettings, TrainingSummary
from speech_emotion.training.trained_model import save
from speech_emotion.training.voices import voices_of, write_voices

EVERYBODY = Path("benchmarks/data/everybody")


class IncludedParams(Section):
    """A model for the wheel.

    Attributes
    ----------
    recipe : str
        How it is trained.
    item : str
        The cross-validation of the same recipe.
    encoder : str or None
        The handle by which people fetch what the recipe names as the preset of its encoder.
    """

    recipe: str
    item: str
    encoder: str | None = None


def load_included(name: str) -> IncludedParams:
    """One of ``included`` in benchmarks/params.yaml, by its name."""
    return check(named("included", name, FILE), IncludedParams, f"{FILE}: included.{name}")


def task_of(store: FeatureStore, recipe: Recipe) -> Task:
    """Every utterance of the corpora and channels that the recipe trains on, to train on."""
    material = store.manifest["corpus"] + "/" + store.manifest["channel"]
    is_taken = material.isin(recipe.split.train)
    part = pd.Series("unused", store.manifest.index).mask(is_taken, "train")
    return Task(ravdess.EMOTIONS, store.manifest.assign(part=part), {}, ())


def train_on_everybody(recipe: Recipe, features: Path, target: Path) -> None:
    """Write the trained model with its settings, not calibrated, and the voices that trained it."""
    store = FeatureStore(features)
    task = task_of(store, recipe)
    is_original = (store.manifest["variant"] == "original").to_numpy()
    trained = train_fold(store, task, is_original, recipe.train)
    training = FeatureSubset(store, trained.network.kinds, task, task.rows("train"))
    settings = ModelSettings(
        labels=task.labels,
        network=trained.network.name,
        kinds=trained.network.kinds,
        front_end=store.front_end(),
        temperature=1,
        training=TrainingSummary(
            corpora=corpus_names(training.manifest),
            epochs=trained.epochs,
            parameters=trained.model.count_params(),
        ),
    )
    with replaced_folder(target) as folder:
        save(trained.model, settings, folder)
        write_voices(voices_of(training, training.kinds), folder)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.everybody")
    parser.add_argument("name", help=f"one of `included` in {FILE}")
    name = parser.parse_args().name
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    recipe = load_recipe(load_included(name).recipe)
    with threadpool_limits(limits=1):
        train_on_everybody(recipe, FEATURES / recipe.front_end, EVERYBODY / name)


if __name__ == "__main__":
    run(main)
