"""Writes the figures of README.md and docs/ from the results, between markers.

``python -m benchmarks.pages``. A block begins with ``<!-- begin NAME: ... -->`` and ends with
``<!-- end NAME -->``; what stands between is written anew, and nothing else is touched.
"""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import new_speaker, predict, published, requests_per_second, speed
from benchmarks.comparison import Measured, difference, interval, pooled, pooled_accuracy
from benchmarks.params import FILE, load_items
from benchmarks.published import Published
from benchmarks.results import RESULTS
from benchmarks.summary import (
    ACROSS_HEAD,
    CONDITIONS,
    Report,
    across_cells,
    known_case,
    known_voices,
    speakers_of,
)
from benchmarks.tables import (
    against,
    change,
    command,
    difference_text,
    interval_text,
    percent,
    table,
    what,
)
from speech_emotion.base.errors import PipelineError, run
from speech_emotion.base.files import write_whole
from speech_emotion.data.corpora import CORPORA
from speech_emotion.reporting.scoring import uar

BEGIN = "<!-- begin {name}: written by `python -m benchmarks.pages` -->"
BLOCK = re.compile(r"<!-- begin (\w+)[^>]*-->\n(.*?)<!-- end \1 -->", re.DOTALL)
OPEN = re.compile(r"<!-- begin (\w+)")

OUTSIDE = "emobox6_outside"
"""The item of the recipes for outside the studio."""

EVALUATION = Path("metrics/evaluation.json")

KNOWN = 16
"""Recordings of a speaker that are known in the README's row of it."""

SYSTEMS = {
    "best": "**the default recipe**",
    "encoder": "**Whisper base and functionals**",
    "encoder_speech": "**Whisper base and functionals**, trained on speech alone",
    "student": "**the student**",
    "outside_student": "**the student for outside the studio**",
    "outside_encoder": "**Whisper base and functionals for outside the studio**",
    "longest": "the default recipe, 500 epochs",
    "original": "the notebooks it replaces (mean MFCC, 1-D CNN)",
    "speech_only": "**the default recipe**, trained on speech alone",
}


BOLD = (
    *("best", "student", "encoder", "encoder_speech"),
    *("outside_student", "outside_encoder"),
)
"""Recipes whose figures are set in bold: those to choose from."""


def results(report: Report) -> str:
    """The results that the README leads with."""
    new, shared = "never heard", "shared with training"
    emobox, luna, fifth = "EmoBox' six folds", "Luna-Jiménez' five folds", "a random fifth"
    listeners = published.LISTENERS
    rows = [
        _result(report, "emobox6_encoder", "encoder_speech", emobox, new),
        _known(report, emobox),
        _result(report, "leave_one_speaker_out_encoder", "encoder_speech", "one speaker out", new),
        _result(report, "emobox6_student", "student", emobox, new),
        *(_result(report, one.item, one.recipe, emobox, new) for one in report.of(OUTSIDE)),
        _result(report, "emobox6_best", "best", emobox, new),
        _result(report, "luna_jimenez5_best", "best", luna, new),
        _carried(report, "encoder"),
        _carried(report, "best"),
        _result(report, "emobox6_original", "original", emobox, new),
        [listeners.system, "RAVDESS speech", "", "", f"{listeners.percent:.0f}", listeners.source],
        _result(report, "random_all_original", "original", fifth, shared),
        _result(report, "random_all_best", "longest", fifth, shared),
    ]
    head = ["system", "test", "test speakers", "UAR, % (95 % interval)", "accuracy, %", "source"]
    return table(head, rows)


def _result(report: Report, item: str, recipe: str, test: str, speakers: str) -> list[str]:
    one = _required(report, item, recipe)
    score = _with_interval(one)
    return [
        SYSTEMS[recipe],
        test,
        speakers,
        f"**{score}**" if recipe in BOLD else score,
        percent(pooled_accuracy(one.by_speaker())),
        command(one),
    ]


def _known(report: Report, test: str) -> list[str]:
    """The row of voices that are known."""
    one = _required(report, "emobox6_encoder", "encoder_speech")
    counts = known_voices(one)[str(KNOWN)]
    return [
        SYSTEMS[one.recipe],
        test,
        f"known from {KNOWN} recordings without labels",
        f"**{percent(float(uar(pooled(counts))))} ({interval_text(counts)})**",
        percent(pooled_accuracy(counts)),
        command(one),
    ]


def _carried(report: Report, recipe: str) -> list[str]:
    """A row of a recipe that was trained on RAVDESS and tested on EMO-DB."""
    counts = speakers_of(_across(report, recipe)["ravdess-emodb"])
    emodb = CORPORA["emodb"]
    return [
        SYSTEMS[recipe],
        f"{emodb.title} ({emodb.language}, four emotions)",
        "of another corpus",
        f"**{percent(float(uar(pooled(counts))))} ({interval_text(counts)})**",
        percent(pooled_accuracy(counts)),
        f"`dvc --cd benchmarks repro across_{recipe}`",
    ]


def across(report: Report) -> str:
    """Recipes from one corpus to another."""
    rows = [
        [SYSTEMS[recipe], *across_cells(fold, result)]
        for recipe in ("best", "encoder")
        for fold, result in _across(report, recipe).items()
    ]
    return table(("system", *ACROSS_HEAD), rows)


def _across(report: Report, recipe: str) -> dict[str, dict[str, Any]]:
    _required(report, f"across_{recipe}", recipe)
    return report.folds_across(recipe)


def failed(report: Report) -> str:
    """The tests that the default recipe fails."""
    _required(report, "model_tests", "best")
    rows = [
        [row.test, f"{row.value:.3f}", row.bound]
        for row in report.model_tests()
        if row.passed is False
    ]
    return table(["test", "measured", "demanded"], rows)


def comparison(report: Report) -> str:
    """Ours among large pretrained encoders, on EmoBox' folds."""
    listeners = published.LISTENERS
    others = [*published.EMOBOX6[-3:], listeners]
    items = (
        ("material", "speech_only"),
        ("emobox6_best", "best"),
        ("emobox6_student", "student"),
        ("emobox6_encoder", "encoder_speech"),
        ("material_encoder", "encoder"),
    )
    return _among(report, others, items)


def one_speaker_out(report: Report) -> str:
    """The same, one speaker out."""
    items = (
        ("leave_one_speaker_out", "best"),
        ("leave_one_speaker_out_encoder", "encoder_speech"),
    )
    return _among(report, published.ONE_SPEAKER_OUT, items)


def _among(report: Report, others: Sequence[Published], ours: Sequence[tuple[str, str]]) -> str:
    """Ours, each (item, recipe), among published systems, by UAR."""
    rows = [
        (one.percent, [one.system, one.what, one.as_reported or f"{one.percent:.1f}", one.source])
        for one in others
    ]
    for item, recipe in ours:
        one = _required(report, item, recipe)
        score = 100 * float(np.mean(one.ua()))
        rows.append((score, [SYSTEMS[recipe], what(one), _with_interval(one), command(one)]))
    ordered = [row for _, row in sorted(rows, key=lambda row: row[0])]
    return table(["system", "what it is", "UAR, % (95 % interval)", "source"], ordered)


def known_voice(report: Report) -> str:
    """What knowing a voice is worth."""
    one = _required(report, "emobox6_encoder", "encoder_speech")
    plain = one.by_speaker()
    rows = [["none", percent(float(uar(pooled(plain)))), interval_text(plain), ""]]
    for name, counts in known_voices(one).items():
        rows.append(
            [
                known_case(name),
                percent(float(uar(pooled(counts)))),
                interval_text(counts),
                difference_text(difference(counts, plain)),
            ]
        )
    head = ["known recordings", "UAR, %", "95 % interval", "difference (interval)"]
    return table(head, rows)


def costs(report: Report) -> str:
    """What models cost beside what they reach."""
    measured = _measured("costs.json")
    rows = []
    for recipe, item in (
        ("best", "emobox6_best"),
        ("student", "emobox6_student"),
        ("encoder_speech", "emobox6_encoder"),
    ):
        one, cost = _required(report, item, recipe), measured["models"][recipe]
        pair = [cost["float32"], cost["int8"]]
        rows.append(
            [
                SYSTEMS[recipe],
                percent(float(np.mean(one.ua()))),
                percent(float(np.mean(one.ua("telephone")))),
                percent(float(np.mean(one.ua("noise10")))),
                " / ".join(f"{each['bytes'] / 1e6:.1f}" for each in pair),
                " / ".join(f"{each['one_recording_ms']:.0f}" for each in pair),
                " / ".join(f"{each['stream_delay_ms']:.0f}" for each in pair),
            ]
        )
    head = [
        "recipe",
        "UAR, %",
        "8 kHz",
        "white noise 10 dB",
        "files, MB (float32 / 8 bit)",
        f"{measured['recording_s']} s recording, ms",
        "stream, ms",
    ]
    return table(head, rows)


def conditions(report: Report) -> str:
    """The default recipe on worse recordings."""
    best = _required(report, "emobox6_best", "best")
    narrow = _required(report, "emobox6_telephone", "telephone")
    models = [
        best,
        _required(report, "emobox6_student", "student"),
        _required(report, "emobox6_encoder", "encoder_speech"),
    ]
    rows = _by_condition(models)
    score = percent(float(np.mean(narrow.ua("telephone"))))
    rows.append(
        [
            f"{CONDITIONS['telephone']}; trained at that rate",
            f"{score}, {against(best, narrow, 'telephone')}",
            "",
            "",
        ]
    )
    head = ["test recordings", *(SYSTEMS[one.recipe] for one in models)]
    return table(head, rows)


def outside(report: Report) -> str:
    """The recipes for outside the studio on worse recordings, beside the default recipe."""
    models = [
        _required(report, "emobox6_best_disturbed", "best"),
        _required(report, OUTSIDE, "outside_student"),
        _required(report, OUTSIDE, "outside_encoder"),
    ]
    head = ["test recordings", *(SYSTEMS[one.recipe] for one in models)]
    return table(head, _by_condition(models))


def _by_condition(models: Sequence[Measured]) -> list[list[str]]:
    """A row for each condition that all models were measured in, a column for each model."""
    rows = []
    for condition, name in CONDITIONS.items():
        if all(condition in one.results[0]["confusion"] for one in models):
            cells = []
            for one in models:
                score = percent(float(np.mean(one.ua(condition))))
                cells.append(", ".join(filter(None, (score, change(one, condition)))))
            rows.append([name, *cells])
    return rows


def own() -> str:
    """What evaluate wrote of each fold of the walk-through in docs/data.md."""
    folds = _measured("own_recordings.json")["folds"]
    rows = [
        [
            str(one["fold"]),
            ", ".join(name.split("-")[-1] for name in one["accuracy_by_speaker"]),
            str(one["recordings"]["test"]),
            percent(one["uar"]),
            percent(one["accuracy"]),
            ", ".join(f"{label} {100 * share:.0f}" for label, share in one["recall"].items()),
        ]
        for one in folds
    ]
    mean = [percent(float(np.mean([one[key] for one in folds]))) for key in ("uar", "accuracy")]
    tested = str(sum(one["recordings"]["test"] for one in folds))
    rows.append(["**all**", "", tested, *(f"**{one}** (mean)" for one in mean), ""])
    head = ["fold", "test speakers", "recordings", "UAR, %", "accuracy, %", "recall by emotion, %"]
    return table(head, rows)


def synthetic(report: Report) -> str:
    """What `make repro` prints."""
    values = json.loads(EVALUATION.read_text(encoding="utf-8"))

    def shown(key: str) -> str:
        bounds = values["interval"][key]
        return f"{percent(values[key])} ({percent(bounds['low'])} to {percent(bounds['high'])})"

    row = [
        "`make repro`",
        f"{values['protocol']} fold {values['fold']} of the synthetic corpus, "
        f"{values['recordings']['test']} recordings",
        f"{values['speakers']['test']}, {values['test_speakers']}",
        shown("uar"),
        shown("accuracy"),
    ]
    head = ["command", "test", "test speakers", "UAR, % (95 % interval)", "accuracy, %"]
    return table(head, [row])


def training_speed() -> str:
    """Training with freed memory kept, and as TensorFlow's generator operation leaves it."""
    head = ["an epoch of `cnn2d`", "memory kept", "memory returned", "times as fast"]
    rows = [
        [
            f"{processor}, {what}",
            *(f"{one[mode][key]:,}" for mode in ("kept", "returned")),
            f"**{one['times_as_fast']:.2f}**" if key == "seconds" else "",
        ]
        for processor, one in _measured("training_speed.json").items()
        for key, what in (("seconds", "s"), ("faults", "page faults"))
    ]
    return table(head, rows)


BLOCKS: dict[str, Callable[[Report], str]] = {
    "results": results,
    "comparison": comparison,
    "one_speaker_out": one_speaker_out,
    "known_voice": known_voice,
    "costs": costs,
    "across": across,
    "failed": failed,
    "own": lambda report: own(),
    "conditions": conditions,
    "outside": outside,
    "synthetic": synthetic,
    "speed": lambda report: speed.table(_measured("speed.json")),
    "new_speaker": lambda report: new_speaker.page(_measured("new_speaker.json")),
    "training_speed": lambda report: training_speed(),
    "scale": lambda report: speed.at_scale(_measured("speed.json")),
    "prediction": lambda report: predict.table(_measured("predict.json")),
    "requests": lambda report: requests_per_second.table(_measured("requests_per_second.json")),
}
"""What stands in each block, by its name."""


def with_figures(text: str, report: Report, where: str) -> str:
    """The text of a page with all its blocks written anew.

    Raises
    ------
    PipelineError
        If a block has an unknown name or no end.
    """

    def written(block: re.Match[str]) -> str:
        name = block[1]
        if name not in BLOCKS:
            raise PipelineError(
                f"{where} has a block {name!r}: expected one of {', '.join(BLOCKS)}."
            )
        content = BLOCKS[name](report).strip()
        return f"{BEGIN.format(name=name)}\n\n{content}\n\n<!-- end {name} -->"

    whole = {block[1] for block in BLOCK.finditer(text)}
    for name in OPEN.findall(text):
        if name not in whole:
            raise PipelineError(f"{where}: the block {name!r} has no `<!-- end {name} -->`.")
    return BLOCK.sub(written, text)


def pages(root: Path) -> Sequence[Path]:
    """The pages that may hold blocks."""
    return [root / "README.md", *sorted((root / "docs").glob("*.md"))]


def _required(report: Report, item: str, recipe: str) -> Measured:
    one = report.get(item, recipe)
    if one is None:
        raise PipelineError(
            f"{RESULTS} lacks results of {recipe} on {item}: run "
            f"`dvc --cd benchmarks repro {item}`."
        )
    return one


def _with_interval(one: Measured) -> str:
    bounds = interval(one.by_speaker())
    score = percent(float(np.mean(one.ua())))
    return score if bounds is None else f"{score} ({' to '.join(map(percent, bounds))})"


def _measured(name: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((FILE.parent / name).read_text(encoding="utf-8"))
    return values


def main() -> None:
    report = Report(load_items(), RESULTS)
    for path in pages(Path()):
        text = path.read_text(encoding="utf-8")
        written = with_figures(text, report, str(path))
        if written != text:
            write_whole(path, written)
            print(f"{path}: written anew")


if __name__ == "__main__":
    run(main)
