"""The benchmark pipeline by the real dvc, on the synthetic corpus and with an epoch a training."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from repository import Repository

from stages.lib.manifest import read_manifest

PARAMS = "benchmarks/params.yaml"
SMALL: dict[str, Any] = {
    "ingest.from": "data/synthetic.yaml",
    "ingest.synthetic": True,
    "front_ends.default.augment.variants": [{"pitch": 2}],
    "recipes.best.train.epochs": 1,
    "items.emobox6_best.seeds": [1],
    "items.emobox6_best.folds": [1],
}
CONDITIONS = {"as_recorded", "telephone", "noise20", "noise10"}
RESULT = "benchmarks/results/emobox6_best/best-1-1.json"


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repository, list[str]]:
    """A clone after one fold of one item, and the stages that it ran."""
    clone = Repository(tmp_path_factory.mktemp("benchmark"))
    clone.change_params(SMALL, PARAMS)
    ran = clone.stages_run("repro", "benchmarks/dvc.yaml:emobox6_best")
    clone.run("dvc", "repro", "--single-item", "benchmarks/dvc.yaml:summary")
    return clone, ran


def test_an_item_runs_what_it_needs_and_nothing_else(
    benchmark: tuple[Repository, list[str]],
) -> None:
    stages = ["recordings", "features@default", "code", "emobox6_best@best-1-1"]
    assert sorted(benchmark[1]) == sorted(f"benchmarks/dvc.yaml:{stage}" for stage in stages)


def test_a_result_counts_every_test_recording_in_every_condition(
    benchmark: tuple[Repository, list[str]],
) -> None:
    folder = benchmark[0].folder
    result = json.loads((folder / RESULT).read_text())
    assert result["synthetic"] is True
    assert result["trained_on"]["speakers"] == 20
    assert result["trained_on"]["utterances"] == 2 * result["trained_on"]["recordings"]
    manifest = read_manifest(folder / "benchmarks/data/recordings")
    tested = manifest[(manifest["channel"] == "speech") & (manifest["corpus"] == "ravdess")]
    assert set(result["confusion"]) == CONDITIONS
    for counts in result["confusion"].values():
        assert set(counts) == {"01", "11", "20", "21"}
        for speaker, matrix in counts.items():
            assert np.sum(matrix) == (tested["speaker"] == speaker).sum()


def test_a_fold_done_is_not_run_again(benchmark: tuple[Repository, list[str]]) -> None:
    target = "benchmarks/dvc.yaml:emobox6_best"
    assert benchmark[0].stages_run("repro", target) == []
    benchmark[0].change_params({"items.emobox6_best.folds": [1, 2]}, PARAMS)
    planned = benchmark[0].stages_run("repro", "--dry", target)
    assert planned == ["benchmarks/dvc.yaml:emobox6_best@best-1-2"]
    # a comment in the code reruns no training, a changed recipe does
    path = benchmark[0].folder / "stages/lib/training.py"
    path.write_text(path.read_text() + "\n# a comment\n")
    benchmark[0].change_params({"items.emobox6_best.folds": [1]}, PARAMS)
    assert benchmark[0].stages_run("repro", target) == ["benchmarks/dvc.yaml:code"]
    benchmark[0].change_params({"recipes.best.train.epochs": 2}, PARAMS)
    planned = benchmark[0].stages_run("repro", "--dry", target)
    assert planned == ["benchmarks/dvc.yaml:emobox6_best@best-1-1"]
    benchmark[0].change_params({"recipes.best.train.epochs": 1}, PARAMS)


def test_a_training_gives_the_same_counts_again(benchmark: tuple[Repository, list[str]]) -> None:
    """In another process, and whatever the machine's threads: it computes on one."""
    path = benchmark[0].folder / RESULT
    before = json.loads(path.read_text())
    command = ("python", "-m", "benchmarks.measure", "emobox6_best", "best", "1", "1")
    benchmark[0].run(*command, OMP_NUM_THREADS="2", TF_NUM_INTRAOP_THREADS="2")
    after = json.loads(path.read_text())
    assert {**before, "seconds": 0} == {**after, "seconds": 0}


def test_the_page_says_synthetic_and_what_is_missing(
    benchmark: tuple[Repository, list[str]],
) -> None:
    page = (benchmark[0].folder / "benchmarks/README.md").read_text()
    assert "synthetic recordings" in page
    assert "**the default recipe**" in page
    missing = next(line for line in page.splitlines() if line.startswith("Not run yet"))
    assert "`luna_jimenez5_best`" in missing
    assert "`emobox6_best`" not in missing
    picture = benchmark[0].folder / "benchmarks/figures/confusion_emobox6_best.png"
    assert picture.stat().st_size > 10_000


def test_synthetic_recordings_are_refused(
    benchmark: tuple[Repository, list[str]], tmp_path: Path
) -> None:
    benchmark[0].change_params({"ingest.synthetic": False}, PARAMS)
    told = benchmark[0].run("python", "-m", "benchmarks.recordings", check=False)
    benchmark[0].change_params({"ingest.synthetic": True}, PARAMS)
    assert "error: benchmarks/params.yaml: ingest.from is data/synthetic.yaml" in told
    assert "on which benchmarks mean nothing" in told
