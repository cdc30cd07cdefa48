"""What a git revision, an experiment of DVC or the workspace holds of a run of the pipeline."""

import io
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import yaml
from dvc.api import DVCFileSystem
from dvc.exceptions import DvcException

from speech_emotion.base.errors import PipelineError
from speech_emotion.reporting.comparison import read_predictions
from speech_emotion.reporting.evaluation_figures import read_curves

WORKSPACE = "workspace"
"""What the files as they lie there are called, as DVC calls them."""

HASH = 7
"""Digits of a hash that are shown."""

PINNED = re.compile(r"^([\w.-]+)==([^\s;\\]+)", re.MULTILINE)
VERSION = re.compile(r'^__version__ = "(.+)"$', re.MULTILINE)


@dataclass(frozen=True)
class Output:
    """A folder or file that a stage wrote.

    Attributes
    ----------
    hash : str
        Of what is in it.
    size : int
        In bytes.
    files : int
        How many it holds; 1 for a file.
    """

    hash: str
    size: int
    files: int


@dataclass(frozen=True)
class Revision:
    """A run of the pipeline as a revision holds it.

    Attributes
    ----------
    name : str
        What it is called; a whole hash is cut short.
    commit : str
        Which commit it is, or which one the workspace began from: hash, day and subject.
    unfinished : list of str
        Of the workspace, the stages that `dvc repro` would run: what it holds is from before.
    values : dict
        What evaluate measured, and the numbers of it that commits are compared by.
    predictions : pd.DataFrame
        Every test recording.
    curves : pd.DataFrame
        Of the training, as `read_curves` gives them.
    params : dict of str to str
        Every value in params.yaml as JSON, by its path, such as "train.epochs".
    code : dict of str to str
        The hash of each file of code that a stage depends on, by its path.
    outputs : dict of str to Output
        What stages wrote below data and models, by its path.
    versions : dict of str to str
        The project's, and that of each package as requirements.lock pins it, by its name.
    """

    name: str
    commit: str
    unfinished: list[str]
    values: dict[str, Any]
    predictions: pd.DataFrame
    curves: pd.DataFrame
    params: dict[str, str]
    code: dict[str, str]
    outputs: dict[str, Output]
    versions: dict[str, str]


def read_revision(name: str) -> Revision:
    """Read what a revision holds, without checking it out.

    Parameters
    ----------
    name : str
        What git names a commit by, the name of an experiment, or `WORKSPACE`.

    Raises
    ------
    PipelineError
        If there is no such revision, or no run of the pipeline in it.
    """
    try:
        files = DVCFileSystem(rev=None if name == WORKSPACE else name)
        repo = files.repo  # opened when it is first asked for
    except DvcException as error:
        raise PipelineError(
            f"{name!r} can't be read: {error}. Expected a commit, branch or tag of git, an "
            f"experiment that `dvc exp show` lists, or {WORKSPACE!r}."
        ) from None
    shown = name[:HASH] if re.fullmatch("[0-9a-f]{40}", name) else name

    def read(path: str) -> str:
        try:
            text: str = files.read_text(path, encoding="utf-8")
        except FileNotFoundError:
            raise PipelineError(
                f"{shown} has no {path}: expected a revision that was committed, or an experiment "
                "that was made, after the whole pipeline had run."
            ) from None
        return text

    lock = yaml.safe_load(read("dvc.lock"))["stages"]
    values = json.loads(read("metrics/metrics.json"))
    # metrics.json held everything before there was an evaluation.json
    if files.exists("metrics/evaluation.json"):
        values |= json.loads(read("metrics/evaluation.json"))
    predictions = read_predictions(io.StringIO(read("metrics/predictions.csv")))
    with TemporaryDirectory() as folder:
        files.get("metrics/training", f"{folder}/training", recursive=True)
        curves = read_curves(Path(folder) / "training")
    return Revision(
        name=shown,
        commit=_commit(repo.scm.resolve_commit(repo.get_rev())),
        # DVC says of the check that it always runs
        unfinished=sorted(set(repo.status()) - {"check"}) if name == WORKSPACE else [],
        values=values,
        predictions=predictions,
        curves=curves,
        params=_flat(yaml.safe_load(read("params.yaml"))),
        code={
            dep["path"]: dep["md5"]
            for stage in lock.values()
            for dep in stage.get("deps", [])
            if dep["path"].startswith(("speech_emotion/", "stages/"))
        },
        outputs={
            out["path"]: Output(out["md5"].removesuffix(".dir"), out["size"], out.get("nfiles", 1))
            for stage in lock.values()
            for out in stage.get("outs", [])
            if out["path"].startswith(("data/", "models/"))
        },
        versions={
            "this project": VERSION.findall(read("speech_emotion/__init__.py"))[0],
            **_pinned(read("requirements.lock")),
        },
    )


def _pinned(lock: str) -> dict[str, str]:
    """The versions in a lock file, by package; all, where they depend on the Python."""
    found: dict[str, list[str]] = {}
    for name, version in PINNED.findall(lock):
        found.setdefault(name, []).append(version)
    return {name: " or ".join(versions) for name, versions in found.items()}


def _commit(commit: Any) -> str:
    day = datetime.fromtimestamp(commit.commit_time, UTC)
    subject = commit.message.strip().splitlines()[0]
    if subject.startswith("dvc: commit experiment"):  # and a hash that nobody asks for
        subject = f"an experiment on top of {commit.parents[0][:HASH]}"
    return f"{commit.hexsha[:HASH]}, {day.day} {day:%B %Y}: {subject}"


def _flat(section: dict[str, Any], path: str = "") -> dict[str, str]:
    """The values of nested sections by their paths; a list is one value."""
    values: dict[str, str] = {}
    for key, value in section.items():
        if isinstance(value, dict):
            values |= _flat(value, f"{path}{key}.")
        else:
            values[f"{path}{key}"] = json.dumps(value, ensure_ascii=False)
    return values
