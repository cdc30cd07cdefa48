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

from benchmarks import predict, published, speed
from benchmarks.comparison import Measured, interval, pooled, pooled_accuracy
from benchmarks.params import FILE, load_items
from benchmarks.results import RESULTS
from benchmarks.summary import ACROSS_HEAD, CONDITIONS, Report, across_cells, speakers_of
from benchmarks.tables import against, command, interval_text, percent, table
from speech_emotion.base.errors import PipelineError, run
from speech_emotion.base.files import write_whole
from speech_emotion.data.corpora import CORPORA
from speech_emotion.reporting.scoring import uar

BEGIN = "<!-- begin {name}: written by `python -m benchmarks.pages` -->"
BLOCK = re.compile(r"<!-- begin (\w+)[^>]*-->\n(.*?)<!-- end \1 -->", re.DOTALL)
OPEN = re.compile(r"<!-- begin (\w+)")

METRICS = Path("metrics/metrics.json")

RESULT_ROWS = (
    ("emobox6_best", "best", "EmoBox' six folds", "never heard"),
    ("luna_jimenez5_best", "best", "Luna-Jiménez' five folds", "never heard"),
    ("emobox6_original", "original", "EmoBox' six folds", "never heard"),
    ("random_all_original", "original", "a random fifth", "shared with training"),
    ("random_all_best", "longest", "a random fifth", "shared with training"),
)
"""Item, recipe, and what the README calls the test and its speakers."""

SYSTEMS = {
    "best": "**the default recipe**",
    "longest": "the default recipe, 500 epochs",
    "original": "the notebooks it replaces (mean MFCC, 1-D CNN)",
    "speech_only": "**the default recipe**, trained on speech alone",
}


def results(report: Report) -> str:
    """The results that the README leads with."""
    rows = []
    for item, recipe, test, speakers in RESULT_ROWS:
        one = _required(report, item, recipe)
        counts = one.by_speaker()
        rows.append(
            [
                SYSTEMS[recipe],
                test,
                speakers,
                f"**{_with_interval(one)}**" if recipe == "best" else _with_interval(one),
                percent(pooled_accuracy(counts)),
                command(one),
            ]
        )
    listeners = published.LISTENERS
    rows.insert(
        len(RESULT_ROWS) - 2,
        [listeners.system, "RAVDESS speech", "", "", f"{listeners.percent:.0f}", listeners.source],
    )
    carried = _across(report)["ravdess-emodb"]
    rows.insert(
        2,
        [
            SYSTEMS["best"],
            f"{CORPORA['emodb'].title} ({CORPORA['emodb'].language}, four emotions)",
            "of another corpus",
            f"**{percent(float(uar(pooled(speakers_of(carried)))))} "
            f"({interval_text(speakers_of(carried))})**",
            percent(pooled_accuracy(speakers_of(carried))),
            "`dvc --cd benchmarks repro across_best`",
        ],
    )
    head = ["system", "test", "test speakers", "UAR, % (95 % interval)", "accuracy, %", "source"]
    return table(head, rows)


def across(report: Report) -> str:
    """The default recipe from one corpus to another."""
    rows = [across_cells(fold, result) for fold, result in _across(report).items()]
    return table(ACROSS_HEAD, rows)


def _across(report: Report) -> dict[str, dict[str, Any]]:
    _required(report, "across_best", "best")
    return report.folds_across("best")


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
    """The default recipe among large pretrained encoders, on EmoBox' folds."""
    rows = [
        (one.percent, [one.system, one.what, f"{one.percent:.1f}", one.source])
        for one in published.EMOBOX6[-3:]
    ]
    listeners = published.LISTENERS
    rows.append(
        (
            listeners.percent,
            [listeners.system, listeners.what, listeners.as_reported, listeners.source],
        )
    )
    for item, recipe in (("material", "speech_only"), ("emobox6_best", "best")):
        one = _required(report, item, recipe)
        parameters = f"{one.results[0]['parameters'] / 1e6:.2f} M parameters, from scratch"
        score = float(np.mean(one.ua()))
        rows.append((100 * score, [SYSTEMS[recipe], parameters, percent(score), command(one)]))
    ordered = [row for _, row in sorted(rows, key=lambda row: row[0])]
    return table(["system", "size", "UAR, %", "source"], ordered)


def conditions(report: Report) -> str:
    """The default recipe on worse recordings."""
    best = _required(report, "emobox6_best", "best")
    narrow = _required(report, "emobox6_telephone", "telephone")
    rows = []
    for condition, name in CONDITIONS.items():
        change = "" if condition == "as_recorded" else against(best, best, condition)
        rows.append([name, percent(float(np.mean(best.ua(condition)))), change, command(best)])
    rows.append(
        [
            f"{CONDITIONS['telephone']}; trained at that rate",
            percent(float(np.mean(narrow.ua("telephone")))),
            against(best, narrow, "telephone"),
            command(narrow),
        ]
    )
    head = ["test recordings", "UAR, %", "difference (95 % interval)", "command"]
    return table(head, rows)


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
    metrics = json.loads(METRICS.read_text(encoding="utf-8"))

    def shown(key: str) -> str:
        bounds = metrics["interval"][key]
        return f"{percent(metrics[key])} ({percent(bounds['low'])} to {percent(bounds['high'])})"

    row = [
        "`make repro`",
        f"{metrics['protocol']} fold {metrics['fold']} of the synthetic corpus, "
        f"{metrics['recordings']['test']} recordings",
        f"{metrics['speakers']['test']}, {metrics['test_speakers']}",
        shown("uar"),
        shown("accuracy"),
    ]
    head = ["command", "test", "test speakers", "UAR, % (95 % interval)", "accuracy, %"]
    return table(head, [row])


BLOCKS: dict[str, Callable[[Report], str]] = {
    "results": results,
    "comparison": comparison,
    "across": across,
    "failed": failed,
    "own": lambda report: own(),
    "conditions": conditions,
    "synthetic": synthetic,
    "speed": lambda report: speed.table(_measured("speed.json")),
    "scale": lambda report: speed.at_scale(_measured("speed.json")),
    "prediction": lambda report: predict.table(_measured("predict.json")),
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
