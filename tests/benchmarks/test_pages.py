"""What the pages say is what the committed results say."""

import json
from typing import Any

from conftest import ROOT

from benchmarks import predict, speed
from benchmarks.params import load_items
from benchmarks.summary import Report

README = (ROOT / "README.md").read_text(encoding="utf-8")


def measured(name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((ROOT / "benchmarks" / name).read_text(encoding="utf-8"))
    return told


def test_the_speed_tables_of_the_readme_are_those_of_speed_json() -> None:
    assert speed.table(measured("speed.json")) in README
    assert speed.at_scale(measured("speed.json")) in README


def test_the_prediction_table_of_the_readme_is_that_of_predict_json() -> None:
    assert predict.table(measured("predict.json")) in README


def test_the_page_of_the_benchmarks_is_that_of_their_results() -> None:
    folder = ROOT / "benchmarks"
    report = Report(load_items(folder / "params.yaml"), folder / "results")
    notes = (folder / "notes.md").read_text(encoding="utf-8")
    assert report.text(notes) == (folder / "README.md").read_text(encoding="utf-8")
    assert set(report.pictures()) == {path.stem for path in (folder / "figures").iterdir()}
