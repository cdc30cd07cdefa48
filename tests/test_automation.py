"""What users get for GitHub, for editors and for git: it names what exists, and does it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT
from repository import Repository

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yaml"))
FILES = "https://example.org/owner/project/blob"
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def commands(document: Any) -> Iterator[str]:
    """Every line of a document that a shell would run."""
    if isinstance(document, dict):
        for key, value in document.items():
            if isinstance(value, str) and (key in ("run", "entry") or key.endswith("Command")):
                yield from value.splitlines()
            else:
                yield from commands(value)
    elif isinstance(document, list):
        for value in document:
            yield from commands(value)


def test_every_make_target_that_they_name_exists() -> None:
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    documents = [container, *(yaml.safe_load(path.read_text()) for path in WORKFLOWS)]
    named = {
        target
        for document in documents
        for line in commands(document)
        for target in re.findall(r"\bmake ([a-z-]+)", line)
    }
    assert named == {"env", "lint", "test"}
    assert named <= TARGETS


@pytest.mark.slow
def test_the_report_on_a_pull_request_shows_what_changed(
    repository: Repository, tmp_path: Path
) -> None:
    """The workflow's own step in a clone without data, as on GitHub's machine."""
    clone = repository.cloned(tmp_path / "clone")
    assert "None." in report_of(clone, "HEAD", "HEAD").split("### Stages")[1]
    path = clone.folder / "metrics" / "metrics.json"
    metrics = json.loads(path.read_text())
    path.write_text(json.dumps({**metrics, "accuracy": metrics["accuracy"] + 0.25}))
    figure = clone.folder / "metrics" / "figures" / "confusion.png"
    figure.write_bytes(figure.read_bytes() + b"other")
    clone.change_params({"train.epochs": 3})
    clone.commit("three epochs, which nobody trained")
    base, head = clone.run("git", "rev-parse", "HEAD~1", "HEAD").split()

    report = report_of(clone, base, head)
    assert re.search(r"\| metrics/metrics.json +\| accuracy .*\| 0\.25 ", report)
    assert re.search(r"\| params.yaml +\| train.epochs +\| 2 +\| 3 ", report)
    assert "- train\n- evaluate\n" in report
    assert "- clean\n" not in report
    picture = "metrics/figures/confusion.png?raw=true"
    before, after = (f"{FILES}/{commit}/{picture}" for commit in (base, head))
    assert f"| ![before]({before}) | ![after]({after}) |" in report
    assert (clone.folder / "summary.md").read_text() == report


def report_of(clone: Repository, base: str, head: str) -> str:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "report.yaml").read_text())
    (step,) = (one for one in workflow["jobs"]["report"]["steps"] if "STALE" in one.get("env", {}))
    summary = clone.folder / "summary.md"
    summary.unlink(missing_ok=True)
    clone.run(
        *("bash", "-e", "-c", step["run"]),
        BASE=base,
        HEAD=head,
        FILES=FILES,
        STALE=step["env"]["STALE"],
        GITHUB_STEP_SUMMARY=str(summary),
    )
    return (clone.folder / "report.md").read_text()


@pytest.mark.slow
def test_hooks_hold_a_commit_to_the_style_and_say_what_dvc_would_run(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """mypy, which takes minutes on everything, is only looked for."""
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))
    monkeypatch.setenv("SKIP", "mypy")
    clone = repository.cloned(tmp_path / "clone")
    clone.link_environment()
    hooks = yaml.safe_load((clone.folder / ".pre-commit-config.yaml").read_text())
    for line in commands(hooks):
        assert (clone.folder / line.split()[0]).is_file(), line
    clone.run("pre-commit", "install")
    installed = {path.name for path in (clone.folder / ".git" / "hooks").iterdir()}
    assert {"pre-commit", "pre-push", "post-checkout"} <= installed

    module = clone.folder / "stages" / "wild.py"
    module.write_text("import os\nx = { 1 }\n")
    clone.run("git", "add", "stages/wild.py")
    refused = clone.run("git", "commit", "-m", "wild", check=False)
    assert "F401" in refused
    assert re.search(r"ruff format\.+Failed", refused)
    assert "always changed" in refused

    module.write_text("x = {1}\n")
    clone.run("git", "add", "stages/wild.py")
    taken = clone.run("git", "commit", "-m", "tame")
    assert re.search(r"ruff check\.+Passed", taken)
    # DVC's hook follows to where there is nothing to check out: nobody pulled
    moved = clone.run("git", "checkout", "-b", "other", "HEAD~1", check=False)
    assert re.search(r"dvc checkout\.+", moved)
