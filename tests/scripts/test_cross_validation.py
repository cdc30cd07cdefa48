"""`make cv`: every fold of the protocol as evaluate would measure it, and nothing made twice."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from repository import Repository
from sklearn.metrics import balanced_accuracy_score

TWO_FOLDS = {
    "split.protocol": "speakers",
    "split.folds": 2,
    "split.fold": 2,
    "train.network": "functionals_lda",  # fitted in seconds
    "train.augmentation": None,
}


def killed_after_its_first_fold(repository: Repository) -> None:
    started = subprocess.Popen(
        [sys.executable, "-m", "scripts.cross_validation"],
        cwd=repository.folder,
        env=os.environ,
        stdout=subprocess.PIPE,
        text=True,
    )
    with started:
        assert started.stdout is not None
        assert any(
            line.startswith("fold 1 of speakers (1 of 2), trained") for line in started.stdout
        )
        started.kill()


@pytest.mark.slow
def test_every_fold_is_measured_as_evaluate_does_and_none_is_trained_twice(
    repository: Repository, folder_bytes: Callable[[Path], dict[str, bytes]]
) -> None:
    repository.change_params(TWO_FOLDS)
    assert repository.stages_run("repro", "evaluate") == ["train", "evaluate"]
    metrics = repository.folder / "metrics"
    evaluated = pd.read_csv(metrics / "predictions.csv", dtype={"speaker": str})
    killed_after_its_first_fold(repository)
    assert not list(metrics.glob("cv*")), "only whole results are written"

    printed = repository.make("cv")
    assert "fold 1 of speakers (1 of 2), kept from an earlier run: UAR" in printed
    assert "fold 2 of speakers (2 of 2), trained: UAR" in printed
    assert "synthetic" in printed
    assert "Running stage 'featurize'" not in printed

    found = pd.read_csv(metrics / "cv_predictions.csv", dtype={"speaker": str})
    second = found[found.fold == 2].drop(columns="fold").reset_index(drop=True)
    pd.testing.assert_frame_equal(second, evaluated)
    assert found.id.is_unique
    assert not set(found.speaker[found.fold == 1]) & set(second.speaker)
    numbers = json.loads((metrics / "cv.json").read_text())
    by_fold = [
        balanced_accuracy_score(rows.truth, rows.predicted) for _, rows in found.groupby("fold")
    ]
    assert numbers["cv_uar"] == pytest.approx(sum(by_fold) / 2, abs=1e-6)
    assert numbers["cv_uar_low"] < numbers["cv_uar"] < numbers["cv_uar_high"]
    assert numbers["cv_accuracy"] == pytest.approx(
        (found.truth == found.predicted).mean(), abs=1e-6
    )
    assert (
        f"| mean |  | {len(found)} | {100 * numbers['cv_uar']:.1f} |"
        in (metrics / "cv.md").read_text()
    )

    before = folder_bytes(metrics)
    repository.change_params({"split.fold": 1})
    assert repository.make("cv").count("kept from an earlier run") == 2
    assert folder_bytes(metrics) == before


def test_dvc_compares_the_numbers_between_commits(repository: Repository) -> None:
    """`dvc metrics diff` and `dvc exp show` know the file, and do without it before the first."""
    path = repository.folder / "metrics" / "cv.json"
    assert "metrics.json" in repository.run("dvc", "metrics", "show")
    path.write_text(json.dumps({"cv_uar": 0.7}))
    repository.run("git", "add", "metrics/cv.json")
    repository.run("git", "commit", "--quiet", "--message", "first")
    path.write_text(json.dumps({"cv_uar": 0.75}))
    compared = json.loads(repository.run("dvc", "metrics", "diff", "--json"))
    assert compared["metrics/cv.json"]["cv_uar"]["diff"] == pytest.approx(0.05)
