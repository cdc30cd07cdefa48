"""The figures of the pages are those of the committed results."""

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from sklearn.metrics import accuracy_score, balanced_accuracy_score

from benchmarks.pages import BLOCKS, pages, with_figures
from benchmarks.params import load_items
from benchmarks.results import RESULTS
from benchmarks.summary import NOTES, Report
from speech_emotion.base.errors import PipelineError


@pytest.fixture(scope="module")
def report() -> Report:
    """The committed results."""
    return Report(load_items(ROOT / "benchmarks" / "params.yaml"), ROOT / RESULTS)


@pytest.fixture(autouse=True)
def _in_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_the_benchmarks_page_is_that_of_the_results(report: Report) -> None:
    written = report.text((ROOT / NOTES).read_text(encoding="utf-8"))
    assert (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8") == written
    assert not report.missing


@pytest.mark.parametrize("page", pages(ROOT), ids=lambda path: path.name)
def test_figures_of_a_page_are_those_of_the_results(page: Path, report: Report) -> None:
    text = page.read_text(encoding="utf-8")
    assert with_figures(text, report, page.name) == text, "run python -m benchmarks.pages"


def test_every_block_stands_on_a_page() -> None:
    everything = "".join(page.read_text(encoding="utf-8") for page in pages(ROOT))
    for name in BLOCKS:
        assert everything.count(f"<!-- begin {name}:") == 1


def test_the_readme_takes_two_minutes() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_a_block_that_is_unknown_or_open_is_reported(report: Report) -> None:
    with pytest.raises(PipelineError, match=r"README\.md has a block 'result': expected one"):
        with_figures("<!-- begin result: -->\n<!-- end result -->", report, "README.md")
    with pytest.raises(PipelineError, match="the block 'results' has no `<!-- end results -->`"):
        with_figures("<!-- begin results: -->\n", report, "README.md")


def truth_and_predictions(item: str, recipe: str) -> dict[str, tuple[list[int], list[int]]]:
    """By seed and fold, the emotions of the test recordings, and what they were taken for."""
    found = {}
    for path in sorted((ROOT / RESULTS / item).glob(f"{recipe}-*.json")):
        confusion = json.loads(path.read_text())["confusion"]["as_recorded"]
        truth, predicted = [], []
        for matrix in confusion.values():
            for emotion, row in enumerate(matrix):
                for answer, count in enumerate(row):
                    truth += [emotion] * count
                    predicted += [answer] * count
        found[path.stem] = truth, predicted
    return found


@pytest.mark.parametrize(
    ("item", "recipe", "row"),
    [
        (
            "emobox6_encoder",
            "encoder_speech",
            "**Whisper base and functionals**, trained on speech alone | EmoBox' six folds | n",
        ),
        ("emobox6_best", "best", "| **the default recipe** | EmoBox' six folds |"),
        (
            "luna_jimenez5_best",
            "best",
            "| **the default recipe** | Luna-Jiménez' five folds |",
        ),
        ("random_all_original", "original", "| a random fifth | shared with training |"),
    ],
)
def test_the_readme_says_what_scikit_learn_counts(item: str, recipe: str, row: str) -> None:
    """Computed anew from the result files, without the code that writes the pages."""
    folds = truth_and_predictions(item, recipe).values()
    scores = [balanced_accuracy_score(truth, predicted) for truth, predicted in folds]
    everything = [np.concatenate(lists) for lists in zip(*folds, strict=True)]
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if row in line and f"repro {item}`" in line)
    *_, score, share, _ = (cell.strip(" *") for cell in line.strip("|").split("|"))
    assert score.split()[0] == f"{100 * np.mean(scores):.1f}"
    assert share == f"{100 * accuracy_score(*everything):.1f}"
