"""Benchmark stage: a trained model as the wheel carries it, with what it is worth.

``python -m benchmarks.included NAME`` writes a folder of `INCLUDED`; its copy in the library is
``cp -r benchmarks/data/included speech_emotion``, and a test holds that to it. The model has heard
every actor, so that nothing is left to test it on: its card says what the same recipe scored on
actors whom it had not heard.
"""

import argparse
import shutil
from collections.abc import Set
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.comparison import Counts, Measured, collect, pooled, pooled_accuracy, recalls
from benchmarks.everybody import EVERYBODY, IncludedParams, load_included, task_of
from benchmarks.features import FEATURES
from benchmarks.params import load_items
from benchmarks.recipes import load_recipe
from benchmarks.recordings import RECORDINGS_ACROSS
from benchmarks.results import RESULTS
from benchmarks.summary import CONDITIONS
from benchmarks.tables import change, interval_text, percent, sex, table
from speech_emotion.base.errors import PipelineError, run
from speech_emotion.base.files import replaced_folder
from speech_emotion.data.corpora import CORPORA, ravdess
from speech_emotion.data.feature_store import FeatureStore
from speech_emotion.data.feature_subset import FeatureSubset
from speech_emotion.data.manifest import read_manifest
from speech_emotion.features import KINDS
from speech_emotion.reporting.disturbed import FrontEnd, changed_features, evenly, read_front_end
from speech_emotion.reporting.model_card import DISTURBED, HOW_WELL
from speech_emotion.reporting.responsible import EUROPEAN_UNION, NOT_FOR, WHERE_WRONG
from speech_emotion.reporting.scoring import confusion_by, uar
from speech_emotion.serving.conversion import to_litert
from speech_emotion.serving.exporting import COMPARED, TOLERANCE
from speech_emotion.serving.fetched_encoder import expected_file, made_of_sound
from speech_emotion.serving.lite import LiteModel
from speech_emotion.training.calibration import calibrated
from speech_emotion.training.model_settings import LITERT_FILE, read_settings, write_settings
from speech_emotion.training.trained_model import TrainedModel
from speech_emotion.training.voices import VOICES_FILE

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

It learnt from {recordings:,} recordings of the {material} of all 24 actors of RAVDESS, and from
what code made of them: in noise, among people, in rooms, by telephone. It is emotion acted by
adults of North America who speak two sentences, in a studio. How it does on spontaneous emotion,
children, or voices changed by age or illness was not measured.

## {how_well}
The model has heard every actor, so that none is left to test it on. These are the figures of its
recipe in cross-validation (EmoBox' six folds): each actor is tested by a model of the 20 others.

| | value, % | 95 % interval over actors |
| --- | --- | --- |
| UAR, {count} emotions | {uar} | {interval} |
{by_sex}| accuracy | {accuracy} | |

{recall}
Made by `dvc --cd benchmarks repro {item}`.

## {disturbed_title}
The same models on the same recordings in another state.

{conditions}
## On other corpora
This very model on corpora that it has not heard: the most probable of the emotions that each has,
and calm, which counts as neutral.

{elsewhere}
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
{encoders}- `settings.json`: labels, temperature (the median of those that fit the six folds' test
  actors), and what a recording goes through first.

Network `{network}`, recipe `{recipe}` of `benchmarks/params.yaml`, seed 1.

## Licence
CC BY-NC-SA 4.0, as the recordings'; see LICENSE.txt. {citation}
"""

ENCODER = """\
- `{file}`: what the encoder ({credit}) must make of a known
  sound. The encoder itself is fetched, once.
"""
"""Of each trained encoder that makes a kind of features."""


def include(
    name: str,
    params: IncludedParams,
    everybody: Path,
    features: Path,
    recordings: Path,
    results: Path,
    target: Path,
) -> None:
    """Write a trained model as the wheel carries it, with its card.

    Parameters
    ----------
    name, params
        Which one.
    everybody : Path
        What `benchmarks.everybody` wrote.
    features : Path
        The features that it trained on.
    recordings : Path
        The merged dataset of all corpora: it is tested on those that it has not heard.
    results : Path
        Of the cross-validation.
    target : Path
        The folder to write.

    Raises
    ------
    PipelineError
        If its cross-validation has not been run, or the LiteRT file is another model.
    """
    items = {params.item: load_items()[params.item]}
    measured = next((m for m in collect(items, results)[0] if m.recipe == params.recipe), None)
    if measured is None:
        raise PipelineError(
            f"the model {name!r} comes with the scores of {params.item}, which has not been run "
            f"with the recipe {params.recipe}: `dvc --cd benchmarks repro {params.item}`."
        )
    trained, settings = TrainedModel.load(everybody), read_settings(everybody)
    front_end = read_front_end(settings.front_end, str(everybody))
    encoders = [kind for kind in settings.kinds if KINDS[kind].encoder is not None]
    published = settings.model_copy(
        update={
            "temperature": float(np.median([one["temperature"] for one in measured.results])),
            "worth": _worth(measured),
            "front_end": _with_handle(settings.front_end, encoders, params.encoder),
        }
    )
    recipe = load_recipe(params.recipe)
    store = FeatureStore(features)
    task = task_of(store, recipe)
    training = FeatureSubset(store, settings.kinds, task, task.rows("train"))
    with replaced_folder(target) as folder:
        write_settings(published, folder)
        shutil.copyfile(everybody / VOICES_FILE, folder / VOICES_FILE)
        for kind in encoders:
            np.save(folder / expected_file(kind), made_of_sound(kind, front_end.featurize))
        content = to_litert(trained.model)
        (folder / LITERT_FILE).write_bytes(content)
        lite = LiteModel(folder / LITERT_FILE, published)
        difference = _difference(name, trained, lite, training)
        shown = _scores(measured) | {
            "name": name,
            "count": len(task.labels),
            "labels": ", ".join(task.labels),
            "recordings": int(training.manifest["source_id"].nunique()),
            "material": " and ".join(one.partition("/")[2] for one in recipe.split.train),
            "item": params.item,
            "elsewhere": elsewhere(lite, front_end, recordings, set(training.manifest["corpus"])),
            "how_well": HOW_WELL,
            "disturbed_title": DISTURBED,
            "not_for": NOT_FOR,
            "wrong": WHERE_WRONG,
            "european_union": EUROPEAN_UNION,
            "encoders": "".join(
                ENCODER.format(kind=kind, file=expected_file(kind), credit=KINDS[kind].credit)
                for kind in encoders
            ),
            "model_file": LITERT_FILE,
            "size": len(content) / 1e6,
            "parameters": settings.training.parameters,
            "difference": difference,
            "compared": min(COMPARED, len(training)),
            "network": settings.network,
            "recipe": params.recipe,
            "citation": ravdess.CITATION,
        }
        (folder / "README.md").write_text(CARD.format(**shown), encoding="utf-8")
        licence = LICENCE.format(citation=ravdess.CITATION)
        (folder / "LICENSE.txt").write_text(licence, encoding="utf-8")


def _difference(
    name: str, trained: TrainedModel, lite: LiteModel, training: FeatureSubset
) -> float:
    """The largest difference between both models' probabilities on training recordings."""
    compared = [training[int(place)] for place in evenly(len(training), COMPARED)]
    expected = calibrated(trained.probabilities(compared), lite.temperature)
    difference = float(np.abs(lite.probabilities(compared) - expected).max())
    if not difference <= TOLERANCE:
        raise PipelineError(
            f"the LiteRT file of {name!r} differs from the Keras model by {difference:g} in a "
            f"probability, more than {TOLERANCE:g}: the conversion is at fault."
        )
    return difference


def _with_handle(
    front_end: dict[str, Any], encoders: list[str], handle: str | None
) -> dict[str, Any]:
    """The front end with its encoders where everybody can fetch them."""
    sections = dict(front_end["featurize"])
    for kind in encoders:
        section = KINDS[kind].section
        sections[section] = {**sections[section], "preset": handle, "revision": None}
    return {**front_end, "featurize": sections}


def _as_it_is(samples: np.ndarray, sample_rate: int, identity: str) -> np.ndarray:
    return samples


def elsewhere(lite: LiteModel, front_end: FrontEnd, recordings: Path, heard: Set[str]) -> str:
    """A table of what the model makes of corpora other than those it has heard.

    The emotion is the most probable of calm and those that the corpus has; calm counts as neutral.
    """
    rows = []
    manifest = read_manifest(recordings)
    labels = pd.Index(lite.labels)
    for corpus in sorted(set(manifest["corpus"]) - heard):
        tested = manifest[(manifest["corpus"] == corpus) & manifest["emotion"].isin(labels)]
        shared = tuple(one for one in lite.labels if one in set(tested["emotion"]))
        order: list[str] = []
        found = [np.empty((0, len(labels)))]
        change = {"as it is": _as_it_is}
        featurized = replace(front_end, featurize=front_end.featurize.only(lite.kinds))
        for some, features in changed_features(recordings, tested["id"], change, featurized):
            order += some
            found.append(lite.probabilities(features["as it is"]))
        # sums of probabilities would depend on how much calibration flattens them
        possible = [one for one in lite.labels if one in {*shared, "calm"}]
        likeliest = np.concatenate(found)[:, labels.get_indexer(pd.Index(possible))].argmax(axis=1)
        counted = pd.Series(possible).replace("calm", "neutral")
        answers = pd.Index(shared).get_indexer(pd.Index(counted.iloc[likeliest]))
        in_order = tested.set_index("id").loc[order]
        speakers, matrices = confusion_by("speaker", in_order, answers, shared)
        counts = dict(zip(speakers, matrices, strict=True))
        rows.append(
            [
                f"{CORPORA[corpus].title} ({CORPORA[corpus].language}, {len(shared)} emotions)",
                str(len(in_order)),
                str(len(counts)),
                percent(float(uar(pooled(counts)))),
                interval_text(counts) if len(counts) > 2 else "-",
                percent(1 / len(shared)),
            ]
        )
    head = ["corpus", "recordings", "speakers", "UAR, %", "95 % interval", "chance, %"]
    return table(head, rows)


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
            ["emotion", "recall, %"],
            [
                [emotion, percent(float(share))]
                for emotion, share in zip(ravdess.EMOTIONS, recalls(counts), strict=True)
            ],
        ),
        "conditions": table(["recordings", "UAR, %", "difference (95 % interval)"], conditions),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.included")
    parser.add_argument("name")
    name = parser.parse_args().name
    params = load_included(name)
    include(
        name,
        params,
        EVERYBODY / name,
        FEATURES / load_recipe(params.recipe).front_end,
        RECORDINGS_ACROSS,
        RESULTS,
        INCLUDED / name,
    )


if __name__ == "__main__":
    run(main)
