"""The model card: what a model was made from, how well it does, what it must not be used for.

After Mitchell et al., "Model Cards for Model Reporting", FAT* 2019.
"""

from typing import Any

from speech_emotion import networks
from speech_emotion.data.corpora import CORPORA
from speech_emotion.features import KINDS, FeaturizeParams
from speech_emotion.params.section import check
from speech_emotion.reporting.responsible import EUROPEAN_UNION, NOT_FOR, WHERE_WRONG
from speech_emotion.training.model_settings import (
    INT8_FILE,
    LITERT_FILE,
    ModelSettings,
    TrainingSummary,
    encoder_file,
)

SCORES = {"uar": "UAR", "accuracy": "accuracy", "macro_f1": "macro F1"}

DISTURBED = "In noise, in rooms, by telephone"
HOW_WELL = "How well it does"
"""Sections that the page shows, too."""

CARD = """\
{front_matter}
# Speech emotion recogniser

Tells which of {count} emotions a speaker acts in an utterance: {labels}.

{trained_on} How it does on spontaneous emotion,
other languages, children, or voices changed by age or illness was not measured.

## Data and protocol
{data}

## {how_well}
{scores}

Intervals are at {level:g} %, {method}.

{by_sex}

Calibration: {calibration}

## {disturbed_title}
{disturbed}

## Tests
{tests}

## What it is not for
Intended for research, teaching and prototypes with the speaker's knowledge.

{not_for}

## Where it is wrong
{wrong}

## In the European Union
{european_union}

## Files
{files}
- `voices.npz`, where the model can get to know a voice: statistics of those that trained it.
- `settings.json`: labels, temperature, and the cleaning and feature settings that a recording must
  go through first. `speech_emotion.Recognizer.load(folder)` reads all of it.

## Licence
{licence}
"""


def model_card(metrics: dict[str, Any], settings: ModelSettings, measured: dict[str, Any]) -> str:
    """The card as Markdown.

    Parameters
    ----------
    metrics : dict
        What evaluate measured.
    settings : ModelSettings
        What travels with the weights.
    measured : dict
        What the export stage measured of its files.
    """
    # needs YAML, which a page does without
    from speech_emotion.reporting.front_matter import front_matter

    interval = metrics["interval"]
    return CARD.format(
        front_matter=front_matter(metrics, settings),
        count=len(settings.labels),
        labels=", ".join(settings.labels),
        data=_data(metrics, settings),
        trained_on=trained_on_sentence(settings.training.corpora),
        licence=_licence(settings.training),
        scores=_scores(metrics),
        level=100 * interval["level"],
        method=interval["method"],
        calibration=_calibration(metrics, settings),
        tests=_tests(metrics["model_tests"]),
        how_well=HOW_WELL,
        by_sex=_by_sex(metrics["uar_by_sex"]),
        disturbed_title=DISTURBED,
        disturbed=_disturbed(metrics["model_tests"]["disturbed"]),
        not_for=NOT_FOR,
        wrong=_wrong(metrics),
        european_union=EUROPEAN_UNION,
        files=_files(measured),
    )


def section(card: str, title: str) -> str:
    """What stands in a card under a heading of the second level; empty if it has none such."""
    _, _, behind = card.partition(f"\n## {title}\n")
    return behind.partition("\n## ")[0].strip()


def trained_on_sentence(corpora: str) -> str:
    """Whose voices a model learnt from, in a sentence.

    Parameters
    ----------
    corpora : str
        What trained it, as in `TrainingSummary`.
    """
    if "synthetic" in corpora:
        return "The model learnt from synthetic voices: it knows nothing of people."
    names = corpora.split(", ")
    languages = dict.fromkeys(CORPORA[name].language for name in names if name in CORPORA)
    learnt_from = []
    if languages:
        learnt_from.append(f"emotion acted by adult speakers of {' and '.join(languages)}")
    if others := [name for name in names if name not in CORPORA]:
        learnt_from.append(f"recordings called {' and '.join(others)}")
    return f"The model learnt from {', and from '.join(learnt_from)}."


def encoder_described(kind: str, featurizing: FeaturizeParams) -> dict[str, Any]:
    """Whose the encoder is that makes a kind of features: ``credit``, ``preset``, ``revision``.

    Parameters
    ----------
    kind : str
        The kind.
    featurizing : FeaturizeParams
        How features are made.
    """
    params = featurizing.of(kind)
    return {
        "credit": KINDS[kind].credit,
        "preset": params.preset.rstrip("/").rpartition("/")[2],
        "revision": params.revision,
    }


def _named(encoder: dict[str, Any]) -> str:
    return f"{encoder['credit']}, `{encoder['preset']}`, revision {encoder['revision']}"


def _teachers(settings: ModelSettings) -> list[dict[str, Any]]:
    """The encoders that taught a network which predicts without them."""
    kinds = networks.find(settings.network, settings.kinds).training_kinds
    taught_by = [kind for kind in kinds if kind not in settings.kinds and KINDS[kind].encoder]
    if not taught_by:
        return []
    featurizing = check(settings.front_end["featurize"], FeaturizeParams, "the model's front end")
    return [encoder_described(kind, featurizing) for kind in taught_by]


def _data(metrics: dict[str, Any], settings: ModelSettings) -> str:
    epochs = f"{settings.training.epochs} {'epoch' if settings.training.epochs == 1 else 'epochs'}"
    lines = [
        f"Network `{settings.network}`, {settings.training.parameters:,} parameters, "
        f"{epochs}. Trained on {metrics['corpora']['train']}, tested on "
        f"{metrics['corpora']['test']}; protocol {metrics['protocol']}, fold {metrics['fold']}; "
        f"test speakers {metrics['test_speakers']}."
    ]
    for encoder in _teachers(settings):
        lines += [
            "",
            "It learnt from what an encoder makes of the training recordings, and does without it "
            f"since: {_named(encoder)}.",
        ]
    if settings.training.is_synthetic:
        lines += ["", "**The recordings are synthetic: the scores say nothing about people.**"]
    lines += ["", "| | recordings | speakers |", "|---|---|---|"]
    for part in ("train", "validation", "test"):
        lines.append(f"| {part} | {metrics['recordings'][part]} | {metrics['speakers'][part]} |")
    return "\n".join(lines)


def _licence(training: TrainingSummary) -> str:
    """Under what terms the training recordings were published, and by whom."""
    if training.is_synthetic:
        return "No published recording trained it."
    names = training.corpora.split(", ")
    known = [CORPORA[name] for name in names if name in CORPORA]
    if any(corpus.non_commercial for corpus in known):
        lines = [
            "The recordings that trained it are for non-commercial use. Treat the model likewise, "
            "and name them when you pass it on:"
        ]
    else:
        lines = ["Name the recordings that trained it when you pass it on:"]
    lines += [f"- {corpus.citation} Licence: {corpus.licence}." for corpus in known]
    lines += [f"- {name}: its licence is not known here." for name in names if name not in CORPORA]
    return "\n".join(lines)


def _scores(metrics: dict[str, Any]) -> str:
    lines = [
        f"On {metrics['recordings']['test']} test recordings of {metrics['corpora']['test']}, of "
        f"speakers {metrics['test_speakers']}; who guesses has a UAR of "
        f"{100 / len(metrics['recall']):.1f} %.",
        "",
        "| score | value | interval |",
        "|---|---|---|",
    ]
    for key, name in SCORES.items():
        shown = _shown(metrics["interval"][key])
        lines.append(f"| {name} | {100 * metrics[key]:.1f} % | {shown} |")
    lines += ["", "| emotion | recall |", "|---|---|"]
    for emotion, recall in metrics["recall"].items():
        lines.append(f"| {emotion} | {'-' if recall is None else f'{100 * recall:.1f} %'} |")
    return "\n".join(lines)


def _by_sex(scores: dict[str, dict[str, Any]]) -> str:
    lines = ["| speakers | recordings | UAR | interval |", "|---|---|---|---|"]
    for sex, one in scores.items():
        lines.append(
            f"| {sex} ({one['speakers']}) | {one['recordings']} | {100 * one['uar']:.1f} % | "
            f"{_shown(one)} |"
        )
    return "\n".join(lines)


def _shown(bounds: dict[str, Any]) -> str:
    if bounds["low"] is None:
        return "-"
    return f"{100 * bounds['low']:.1f} to {100 * bounds['high']:.1f} %"


def _disturbed(disturbed: dict[str, dict[str, float | None]]) -> str:
    """What disturbances do to what it says."""
    if not disturbed:
        return "Not measured: `evaluate.disturbed` in params.yaml was 0."
    lines = [
        "How many of its answers stay the same when test recordings are disturbed, and by how many",
        "points UAR changes, where that was measured:",
        "",
        "| disturbance | same answers | change of UAR |",
        "|---|---|---|",
    ]
    for name, one in disturbed.items():
        same, change = one.get("unchanged"), one.get("uar_change")
        lines.append(
            f"| {name} | {'-' if same is None else f'{100 * same:.0f} %'} | "
            f"{'-' if change is None else f'{100 * change:+.1f}'} |"
        )
    return "\n".join(lines)


def _wrong(metrics: dict[str, Any]) -> str:
    share = 100 * (1 - metrics["accuracy"])
    counted = f"Of 100 test recordings it takes {share:.0f} for another emotion than was acted."
    return f"{counted} {WHERE_WRONG}"


def _calibration(metrics: dict[str, Any], settings: ModelSettings) -> str:
    error = f"expected calibration error on the test recordings {metrics['calibration_error']:.3f}"
    if (of_variants := metrics["calibration_error_of_variants"]) is not None:
        error += f", on their variants {of_variants:.3f}"
    if not metrics["recordings"]["validation"]:
        return f"none, for want of validation speakers to fit it on; {error}."
    return (
        f"temperature {settings.temperature:g}, fitted on {metrics['recordings']['validation']} "
        f"validation recordings and their variants; {error}; before calibration "
        f"{metrics['uncalibrated']['calibration_error']:.3f}."
    )


def _tests(tests: dict[str, Any]) -> str:
    """What came of the tests of correctness, fairness and robustness."""
    counts = f"{tests['passed']} passed, {tests['failed']} failed"
    if tests["not_measured"]:
        counts += f", {tests['not_measured']} not measured"
    lines = [f"Tests of correctness, fairness and robustness (Derington et al. 2023): {counts}."]
    if tests["failing"]:
        lines += ["", "| failed | measured |", "|---|---|"]
        lines += [f"| {test} | {value:.3f} |" for test, value in tests["failing"].items()]
    return "\n".join(lines)


def _files(measured: dict[str, Any]) -> str:
    if measured["refused"]:
        return str(measured["refused"])
    float32, int8 = measured["float32"], measured["int8"]
    before = measured["keras"]["validation_uar"]
    with_encoder = " with the encoder" if measured["encoders"] else ""
    lines = [
        f"- `{LITERT_FILE}`: float32, {_size(float32)}{with_encoder}; every probability within "
        f"{float32['largest_difference']:g} of the Keras model's, on {float32['compared']} "
        "training recordings."
    ]
    for kind, encoder in measured["encoders"].items():
        lines.append(
            f"- `{encoder_file(kind, int8=False)}`: the encoder that makes `{kind}`, "
            f"{_size(encoder)} of these; {_named(encoder)}."
        )
    if int8["written"]:
        names = [INT8_FILE, *(encoder_file(kind, int8=True) for kind in measured["encoders"])]
        lines.append(
            f"- {', '.join(f'`{name}`' for name in names)}: 8-bit weights, {_size(int8)} "
            "(`Recognizer.load(folder, int8=True)` reads them); UAR on the validation speakers "
            f"{100 * int8['validation_uar']:.1f} % ({100 * before:.1f} % in float32)."
        )
    elif before is None:
        lines.append("- No 8-bit file: there are no validation speakers to hold it to.")
    else:
        lines.append(
            "- No 8-bit file: its UAR on the validation speakers was "
            f"{100 * int8['validation_uar']:.1f} %, more than a point below the "
            f"{100 * before:.1f} % of float32."
        )
    return "\n".join(lines)


def _size(file: dict[str, Any]) -> str:
    return f"{file['bytes'] / 1e6:.2f} MB"
