"""Benchmark stage: a model for the wheel, trained on everybody, with what it is worth.

``python -m benchmarks.included NAME`` writes a folder of `INCLUDED`; its copy in the library is
``cp -r benchmarks/data/included speech_emotion``, and a test holds that to it. The model has heard
every actor, so that nothing is left to test it on: its card says what the same recipe scored on
actors whom it had not heard.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.comparison import Counts, Measured, collect, pooled, pooled_accuracy, recalls
from benchmarks.features import FEATURES
from benchmarks.measure import Trained, train_fold
from benchmarks.params import FILE, load_items, named
from benchmarks.recipes import Recipe, load_recipe
from benchmarks.results import RESULTS
from benchmarks.summary import CONDITIONS
from benchmarks.tables import change, interval_text, percent, sex, table
from speech_emotion.base.errors import PipelineError, run
from speech_emotion.base.files import replaced_folder
from speech_emotion.data.corpora import ravdess
from speech_emotion.data.feature_store import FeatureStore
from speech_emotion.data.feature_subset import FeatureSubset
from speech_emotion.data.manifest import corpus_names
from speech_emotion.data.task import Task
from speech_emotion.params.section import Section, check
from speech_emotion.reporting.model_card import DISTURBED, HOW_WELL
from speech_emotion.reporting.responsible import EUROPEAN_UNION, NOT_FOR, WHERE_WRONG
from speech_emotion.reporting.scoring import uar
from speech_emotion.serving.conversion import to_litert
from speech_emotion.serving.exporting import COMPARED, TOLERANCE, evenly
from speech_emotion.serving.lite import LiteModel
from speech_emotion.training.model_settings import (
    LITERT_FILE,
    ModelSettings,
    TrainingSummary,
    write_settings,
)
from speech_emotion.training.prediction import probabilities
from speech_emotion.training.voices import voices_of, write_voices

INCLUDED = Path("benchmarks/data/included")

LICENCE = """\
The files in this folder are weights and statistics that were fitted to recordings of RAVDESS. They
are licensed under the Creative Commons Attribution-NonCommercial-ShareAlike 4.0 International
licence (CC BY-NC-SA 4.0), https://creativecommons.org/licenses/by-nc-sa/4.0/legalcode, as the
recordings are, and not under the Apache licence of the code around them. Name the recordings when
you pass them on:

{citation}
"""

CARD = """\
---
license: cc-by-nc-sa-4.0
language:
- en
pipeline_tag: audio-classification
tags:
- speech-emotion-recognition
- litert
datasets:
- ravdess
metrics:
- recall
---
# {name}: emotion in a voice

Tells which of {count} emotions a speaker acts in an utterance: {labels}.

It learnt from the {recordings:,} recordings of all 24 actors of RAVDESS, {material}: emotion acted
by adults of North America who speak two sentences, in a studio. How it does on spontaneous emotion,
children, or voices changed by age or illness was not measured.

## {how_well}
The model has heard every actor, so that none is left to test it on. These are the figures of its
recipe in cross-validation (EmoBox' six folds): each actor is tested by a model of the 20 others.

| | value | 95 % interval over actors |
| --- | --- | --- |
| UAR, {count} emotions | {uar} | {interval} |
{by_sex}| accuracy | {accuracy} | |

{recall}
Made by `dvc --cd benchmarks repro {item}`.

## {disturbed_title}
The same models on the same recordings in another state.

{conditions}
## What it is not for
Intended for research, teaching and prototypes with the speaker's knowledge.

{not_for}

## Where it is wrong
{wrong}

## In the European Union
{european_union}

## Files
- `{model_file}`: LiteRT, float32, {size:.1f} MB, {parameters:,} parameters; every probability
  within {difference:.0e} of the Keras model's on {compared} training recordings.
- `voices.npz`: statistics of the voices that trained it, by which it gets to know another.
- `settings.json`: labels, temperature (the median of those that fit the six folds' test actors),
  and what a recording goes through first.

Network `{network}`, recipe `{recipe}` of `benchmarks/params.yaml`, seed 1.

## Licence
CC BY-NC-SA 4.0, as the recordings'; see LICENSE.txt. {citation}
"""


class IncludedParams(Section):
    """A model for the wheel.

    Attributes
    ----------
    recipe : str
        How it is trained.
    item : str
        The cross-validation of the same recipe.
    """

    recipe: str
    item: str


def include(name: str, params: IncludedParams, features: Path, results: Path, target: Path) -> None:
    """Train a model on all that its recipe takes, and write it with its card.

    Raises
    ------
    PipelineError
        If its cross-validation has not been run, or the LiteRT file is another model.
    """
    recipe = load_recipe(params.recipe)
    items = {params.item: load_items()[params.item]}
    measured = next((m for m in collect(items, results)[0] if m.recipe == params.recipe), None)
    if measured is None:
        raise PipelineError(
            f"the model {name!r} comes with the scores of {params.item}, which has not been run "
            f"with the recipe {params.recipe}: `dvc --cd benchmarks repro {params.item}`."
        )
    store = FeatureStore(features)
    trained, training, task = _trained_on_everybody(store, recipe)
    settings = ModelSettings(
        labels=task.labels,
        network=trained.network.name,
        kinds=trained.network.kinds,
        front_end=store.front_end(),
        temperature=float(np.median([one["temperature"] for one in measured.results])),
        training=TrainingSummary(
            corpora=corpus_names(training.manifest),
            epochs=trained.epochs,
            parameters=trained.model.count_params(),
        ),
        worth=_worth(measured),
    )
    with replaced_folder(target) as folder:
        write_settings(settings, folder)
        write_voices(voices_of(training, trained.network.kinds), folder)
        content = to_litert(trained.model)
        (folder / LITERT_FILE).write_bytes(content)
        lite = LiteModel(folder / LITERT_FILE, settings.model_copy(update={"temperature": 1.0}))
        compared = [training[int(place)] for place in evenly(len(training), COMPARED)]
        expected = probabilities(trained.model, trained.network, compared)
        difference = float(np.abs(lite.probabilities(compared) - expected).max())
        if not difference <= TOLERANCE:
            raise PipelineError(
                f"the LiteRT file of {name!r} differs from the Keras model by {difference:g} in a "
                f"probability, more than {TOLERANCE:g}: the conversion is at fault."
            )
        shown = _scores(measured) | {
            "name": name,
            "count": len(task.labels),
            "labels": ", ".join(task.labels),
            "recordings": int(training.manifest["source_id"].nunique()),
            "material": " and ".join(one.partition("/")[2] for one in recipe.split.train),
            "item": params.item,
            "how_well": HOW_WELL,
            "disturbed_title": DISTURBED,
            "not_for": NOT_FOR,
            "wrong": WHERE_WRONG,
            "european_union": EUROPEAN_UNION,
            "model_file": LITERT_FILE,
            "size": len(content) / 1e6,
            "parameters": settings.training.parameters,
            "difference": difference,
            "compared": len(compared),
            "network": settings.network,
            "recipe": params.recipe,
            "citation": ravdess.CITATION,
        }
        (folder / "README.md").write_text(CARD.format(**shown), encoding="utf-8")
        licence = LICENCE.format(citation=ravdess.CITATION)
        (folder / "LICENSE.txt").write_text(licence, encoding="utf-8")


def _trained_on_everybody(
    store: FeatureStore, recipe: Recipe
) -> tuple[Trained, FeatureSubset, Task]:
    """The model, the recordings that trained it, and the task."""
    manifest = store.manifest
    material = manifest["corpus"] + "/" + manifest["channel"]
    part = pd.Series("unused", manifest.index).mask(material.isin(recipe.split.train), "train")
    task = Task(ravdess.EMOTIONS, manifest.assign(part=part), {}, ())
    is_original = (manifest["variant"] == "original").to_numpy()
    trained = train_fold(store, task, is_original, recipe.train)
    training = FeatureSubset(store, trained.network.kinds, task, task.rows("train"))
    return trained, training, task


def _worth(measured: Measured) -> str:
    counts = measured.by_speaker()
    return (
        f"UAR {percent(float(uar(pooled(counts))))} % ({interval_text(counts)}) of "
        f"{len(ravdess.EMOTIONS)} acted emotions on actors whom it had not heard, in "
        "cross-validation"
    )


def _scores(measured: Measured) -> dict[str, Any]:
    """What the card shows of the cross-validation, in percent."""
    counts = measured.by_speaker()
    by_sex: dict[str, Counts] = {"women": {}, "men": {}}
    for speaker, matrix in counts.items():
        by_sex["women" if sex(speaker) == "female" else "men"][speaker] = matrix
    conditions = [
        [CONDITIONS[name], percent(float(np.mean(measured.ua(name)))), change(measured, name)]
        for name in measured.results[0]["confusion"]
    ]
    return {
        "uar": percent(float(uar(pooled(counts)))),
        "interval": interval_text(counts),
        "by_sex": "".join(
            f"| {group} | {percent(float(uar(pooled(some))))} | {interval_text(some)} |\n"
            for group, some in by_sex.items()
        ),
        "accuracy": percent(pooled_accuracy(counts)),
        "recall": table(
            ["emotion", "recall"],
            [
                [emotion, percent(float(share))]
                for emotion, share in zip(ravdess.EMOTIONS, recalls(counts), strict=True)
            ],
        ),
        "conditions": table(["recordings", "UAR", "difference (95 % interval)"], conditions),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.included")
    parser.add_argument("name")
    name = parser.parse_args().name
    params = check(named("included", name, FILE), IncludedParams, f"{FILE}: included.{name}")
    features = FEATURES / load_recipe(params.recipe).front_end
    include(name, params, features, RESULTS, INCLUDED / name)


if __name__ == "__main__":
    run(main)
