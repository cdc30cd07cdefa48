"""One HTML file that compares a run of the pipeline with another: numbers, pictures, what differs.

``python -m speech_emotion.reporting.comparison_report REVISION``, or ``make report REV=REVISION``.
The file needs nothing beside it and asks no server for anything.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.metrics import confusion_matrix

from speech_emotion.base.errors import PipelineError, run
from speech_emotion.base.files import write_whole
from speech_emotion.reporting import figures
from speech_emotion.reporting.comparison import Comparison, Difference, compare, emotions
from speech_emotion.reporting.model_card import SCORES
from speech_emotion.reporting.page import NONE, Row, picture_uri, render, signed
from speech_emotion.reporting.revisions import HASH, WORKSPACE, Output, Revision, read_revision
from speech_emotion.reporting.scoring import LEVEL

TEMPLATE = "comparison_report.html.jinja"
FILE = Path("report.html")

MEASURED = {
    "calibration_error": "expected calibration error",
    "calibration_error_of_variants": "the same on test recordings' variants",
    "known_voice.16": "UAR with 16 known recordings of the speaker",
    "uar_drop": "UAR lost under disturbances",
    "model_tests.passed": "tests passed",
    "model_tests.failed": "tests failed",
}
"""What is shown of an evaluation beside the scores, by its path there."""

SETTING = {
    "network": "network",
    "protocol": "protocol",
    "fold": "fold",
    "test_speakers": "test speakers",
    "corpora.train": "corpora that train",
    "corpora.test": "corpora that test",
    **{
        f"{what}.{part}": f"{what}, {part}"
        for what in ("recordings", "speakers")
        for part in ("train", "validation", "test")
    },
}
"""What is shown of the data, likewise."""

PACKAGES = ("this project", "dvc", "keras", "numpy", "scikit-learn", "tensorflow")
"""Whose versions are shown even where they are the same."""


def report(first: Revision, second: Revision) -> str:
    """The page as HTML.

    Parameters
    ----------
    first, second : Revision
        What is compared; differences are the second less the first.
    """
    compared = compare(first.predictions, second.predictions)
    pair = (first, second)
    return render(
        TEMPLATE,
        first=first,
        second=second,
        unfinished=[one for one in pair if one.unfinished],
        synthetic=[one for one in pair if "synthetic" in str(_at(one.values, "corpora.test"))],
        comparison=compared,
        verdict=compared if isinstance(compared, str) else verdict(first, second, compared),
        level=f"{100 * LEVEL:g} %",
        scores=_scores(first, second, compared),
        measured=_measured(first, second),
        pictures={
            name: picture_uri(one) for name, one in _pictures(first, second, compared).items()
        },
        params=_differing(first.params, second.params),
        setting=_setting(first, second),
        outputs=_outputs(first, second),
        code=_differing(first.code, second.code, lambda digest: digest[:HASH]),
        versions=_versions(first, second),
    )


def verdict(first: Revision, second: Revision, comparison: Comparison) -> str:
    """In a sentence or two, which is the better one, and whether that may be chance.

    Parameters
    ----------
    first, second : Revision
        What is compared.
    comparison : Comparison
        What came out.
    """
    uar = comparison.differences["uar"]
    if comparison.answered_alike == comparison.recordings:
        return f"{second.name} takes every test recording for the same emotion as {first.name}."
    better = "better" if uar.value > 0 else "worse"
    sentence = f"The UAR of {second.name} is {abs(100 * uar.value):.1f} points {better} than that "
    sentence += f"of {first.name}"
    if uar.more_than_chance is None:
        return f"{sentence}. Whether that is chance can't be told: there is {comparison.method}."
    if uar.more_than_chance:
        return f"{sentence}, more than chance would give."
    return f"{sentence}, which may be chance: the interval of the difference holds zero."


def _scores(first: Revision, second: Revision, comparison: Comparison | str) -> list[Row]:
    """In bold, what differs by more than chance."""
    rows: list[Row] = []
    for key, name in SCORES.items():
        found = None if isinstance(comparison, str) else comparison.differences[key]
        cells = (_with_interval(one.values, key) for one in (first, second))
        row = (name, *cells, NONE if found is None else _points(found))
        rows.append((row, found is not None and bool(found.more_than_chance)))
    return rows


def _with_interval(values: Mapping[str, Any], key: str) -> str:
    bounds = values["interval"][key]
    score = f"{100 * values[key]:.1f} %"
    if bounds["low"] is None:
        return score
    return f"{score} ({100 * bounds['low']:.1f} to {100 * bounds['high']:.1f})"


def _points(difference: Difference) -> str:
    shown = signed(100 * difference.value, 1)
    if difference.low is None or difference.high is None:
        return shown
    return f"{shown} ({signed(100 * difference.low, 1)} to {signed(100 * difference.high, 1)})"


def _measured(first: Revision, second: Revision) -> list[Row]:
    """What else was measured, with its difference."""
    rows: list[Row] = []
    for path, name in MEASURED.items():
        before, after = (_at(one.values, path) for one in (first, second))
        both = before is not None and after is not None
        digits = 0 if isinstance(before, int) else 3
        difference = signed(after - before, digits) if both else NONE
        rows.append(((name, _shown(before), _shown(after), difference), False))
    return rows


def _setting(first: Revision, second: Revision) -> list[Row]:
    """In bold, what differs."""
    rows: list[Row] = []
    for path, name in SETTING.items():
        before, after = (_at(one.values, path) for one in (first, second))
        rows.append(((name, _shown(before), _shown(after)), before != after))
    return rows


def _at(values: Mapping[str, Any], path: str) -> Any:
    """What stands at a path; None where a revision has nothing there."""
    found: Any = values
    for key in path.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _shown(value: Any) -> str:
    if value is None:
        return NONE
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _differing(
    first: Mapping[str, str], second: Mapping[str, str], shown: Callable[[str], str] = str
) -> list[Row]:
    """A row for each name whose values differ, or that only one has."""
    return [
        ((name, *(shown(one[name]) if name in one else NONE for one in (first, second))), False)
        for name in sorted({**first, **second})
        if first.get(name) != second.get(name)
    ]


def _outputs(first: Revision, second: Revision) -> list[Row]:
    """In bold, what differs."""
    return [
        (
            (name, *(_described(one.outputs.get(name)) for one in (first, second))),
            first.outputs.get(name) != second.outputs.get(name),
        )
        for name in {**first.outputs, **second.outputs}
    ]


def _described(output: Output | None) -> str:
    if output is None:
        return NONE
    files = "1 file" if output.files == 1 else f"{output.files:,} files"
    size = f"{output.size:,} bytes" if output.size < 1e5 else f"{output.size / 1e6:,.1f} MB"
    return f"{output.hash[:HASH]}, {files}, {size}"


def _versions(first: Revision, second: Revision) -> list[Row]:
    """Of `PACKAGES` and of those that differ, which are set in bold."""
    changed = {row[0] for row, _ in _differing(first.versions, second.versions)}
    return [
        ((name, *(one.versions.get(name, NONE) for one in (first, second))), name in changed)
        for name in [*PACKAGES, *sorted(changed - set(PACKAGES))]
    ]


def _pictures(first: Revision, second: Revision, comparison: Comparison | str) -> dict[str, Figure]:
    """Every picture, by what a reader who can't see it is told."""
    pair = {first.name: first, second.name: second}
    subject = "; ".join(dict.fromkeys(_tested(name, one, pair) for name, one in pair.items()))
    labels = list(
        dict.fromkeys(label for one in pair.values() for label in emotions(one.predictions))
    )
    counts = {name: _counts(one.predictions, labels) for name, one in pair.items()}
    drawn = {
        "Confusion matrices side by side": figures.confusions(counts, labels, subject),
        "Recall by emotion": figures.recalls(_recalls(counts, labels), subject),
    }
    if not isinstance(comparison, str):
        by_speaker = comparison.by_speaker.set_axis(list(pair), axis="columns")
        drawn["UAR by speaker"] = figures.uar_by_speaker(
            by_speaker, f"{comparison.recordings} recordings that both were tested on"
        )
    drawn["Training curves"] = figures.compared_curves(
        {name: one.curves for name, one in pair.items()},
        "Training: what is fitted step by step, on augmented features; validation: the whole "
        "network, on features as they are",
    )
    return drawn


def _tested(name: str, revision: Revision, pair: Mapping[str, Revision]) -> str:
    """On what a revision was tested, and which revision that is, where they differ in it."""
    keys = ("corpora.test", "protocol", "fold", "test_speakers")
    what = [{str(_at(one.values, key)) for key in keys} for one in pair.values()]
    corpora, protocol, fold, speakers = (_shown(_at(revision.values, key)) for key in keys)
    tested = f"{corpora}; {protocol}, fold {fold}; test speakers {speakers}"
    return tested if what[0] == what[1] else f"{name}: {tested}"


def _counts(predictions: pd.DataFrame, labels: Sequence[str]) -> np.ndarray:
    counts: np.ndarray = confusion_matrix(
        predictions["truth"], predictions["predicted"], labels=labels
    )
    return counts


def _recalls(counts: Mapping[str, np.ndarray], labels: Sequence[str]) -> pd.DataFrame:
    """A row for each emotion, a column for each revision."""
    return pd.DataFrame(
        {
            name: np.divide(
                matrix.diagonal(),
                matrix.sum(axis=1),
                out=np.full(len(labels), np.nan),
                where=matrix.any(axis=1),
            )
            for name, matrix in counts.items()
        },
        index=list(labels),
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m speech_emotion.reporting.comparison_report",
        description=f"Compare two runs of the pipeline in one file, {FILE}.",
    )
    parser.add_argument(
        "revision", nargs="?", default="HEAD", help="a commit or an experiment; default: HEAD"
    )
    parser.add_argument(
        "--with",
        dest="second",
        metavar="REVISION",
        default=WORKSPACE,
        help="what is compared with it; default: the workspace",
    )
    arguments = parser.parse_args()
    first, second = (read_revision(name) for name in (arguments.revision, arguments.second))
    if first.name == second.name:
        raise PipelineError(f"{first.name} is the same as itself: name two revisions.")
    write_whole(FILE, report(first, second))
    print(f"{FILE}: {second.name} compared with {first.name}")


if __name__ == "__main__":
    run(main)
