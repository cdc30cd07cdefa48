"""Sweeps with the real dvc: by its queue, by a plain loop, and what `make sweep` makes of them."""

import json
import time

import pytest
from repository import Repository

from speech_emotion.reporting.comparison import compare
from speech_emotion.reporting.revisions import read_revision

ANALYSES = ("-S", "train.network=functionals_lda", "-S", "train.augmentation=null")
PATIENCE = 600  # s


def wait_for_the_queue(repository: Repository) -> None:
    """Until every queued experiment has ended."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        status = repository.run("dvc", "queue", "status")
        assert "Failed" not in status, status
        if "Queued" not in status and "Running" not in status:
            return
        time.sleep(2)
    pytest.fail(f"the queue was not through after {PATIENCE} s:\n{status}")


@pytest.mark.slow
def test_a_queue_and_a_loop_of_several_jobs_give_the_same_numbers(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = ("dvc", "exp", "run", "--queue", "--name", "queued", *ANALYSES)
    repository.run(*sweep, "-S", "split.fold=range(1,3)")
    repository.run("dvc", "queue", "start", "--jobs", "2")
    wait_for_the_queue(repository)
    repository.run(
        "bash",
        "-c",
        "printf '%s\\n' 1 2 | xargs -P 2 -I{} "
        f"dvc exp run --temp --name looped-{{}} {' '.join(ANALYSES)} -S split.fold={{}} "
        "-S train.label_smoothing=0",  # analyses have none, so that nothing but the key differs
    )
    assert repository.run("git", "status", "--porcelain") == "", "the workspace was left alone"
    shown = json.loads(repository.run("dvc", "exp", "show", "--json"))
    [begun] = [one for one in shown if one["rev"] != "workspace"]
    numbers = {
        one["name"]: rev["data"]["metrics"]["metrics/metrics.json"]["data"]
        for one in begun["experiments"]
        for rev in one["revs"]
    }
    assert set(numbers) == {"queued-1", "queued-2", "looped-1", "looped-2"}
    assert numbers["queued-1"] == numbers["looped-1"]
    assert numbers["queued-2"] == numbers["looped-2"]

    printed = repository.make("sweep").splitlines()
    rows = [line.split(" | ") for line in printed if line.startswith("| train.")]
    assert {row[0] for row in rows} == {
        "| train.augmentation = null, train.network = functionals_lda",
        "| train.augmentation = null, train.label_smoothing = 0, train.network = functionals_lda",
    }
    # fold 2 was never run with the committed params, so that nothing there can be compared
    assert {row[1] for row in rows} == {"1"}
    monkeypatch.chdir(repository.folder)
    committed, queued = read_revision("HEAD"), read_revision("queued-1")
    compared = compare(committed.predictions, queued.predictions)
    assert not isinstance(compared, str)
    [row] = [row for row in rows if "label_smoothing" not in row[0]]
    assert row[4].startswith(f"{100 * compared.differences['uar'].value:+.1f} (")


def test_a_commit_without_experiments_is_named(repository: Repository) -> None:
    printed = repository.run("python", "-m", "scripts.sweep", check=False)
    assert printed.startswith("error: No experiment began from HEAD")
    assert "REV" in printed
