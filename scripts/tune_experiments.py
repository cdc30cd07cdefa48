"""Trials as experiments of DVC, without a touch to the files in the workspace or git's index.

An experiment is a commit below ``refs/exps`` whose parent is the commit that it began from. `dvc
exp save` would make one of the workspace, and write into dvc.lock that the model that lies there
was trained by the trial's params. A trial leaves no model, so that its commit keeps dvc.lock, and
`dvc repro` after `dvc exp apply` trains.
"""

import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Self

from dvc.repo.experiments.refs import EXPS_NAMESPACE, ExpRefInfo

from speech_emotion.base.errors import PipelineError
from speech_emotion.params.section import PARAMS_FILE

METRIC, DECLARATION = "metrics/tune/tune.json", "metrics/tune/dvc.yaml"
"""Of a trial, what `dvc exp show` lists, and what tells DVC so: only trials have both, since DVC
warns of a metric that is declared and not there."""

DECLARED = "metrics:\n  - tune.json\n"

OF_OTHER_PARAMS = ("metrics/metrics.json", "metrics/cv.json")
"""Metrics that a trial's commit leaves out: they are of the params that it began from."""


class Experiments:
    """Where trials are listed.

    Parameters
    ----------
    baseline : str
        The commit that they begin from.
    tree : str
        Git's tree of the files at the beginning, uncommitted changes included.
    """

    def __init__(self, baseline: str, tree: str) -> None:
        self._baseline = baseline
        self._tree = tree

    @classmethod
    def begun_from_here(cls) -> Self:
        """Those that begin from the commit that is checked out, with what was changed since.

        Raises
        ------
        PipelineError
            If this is no repository of git, has no commit, or git doesn't know who commits.
        """
        baseline = _git("rev-parse", "--verify", "HEAD")
        _git("var", "GIT_COMMITTER_IDENT")
        with tempfile.TemporaryDirectory() as folder:
            index = Path(folder) / "index"
            _git("read-tree", baseline, index=index)
            _git("add", "--update", index=index)
            _git("rm", "--quiet", "--cached", "--ignore-unmatch", *OF_OTHER_PARAMS, index=index)
            return cls(baseline, _git("write-tree", index=index))

    def keep(self, name: str, params: str, metrics: str) -> None:
        """List a trial, in place of one that has its name.

        Parameters
        ----------
        name : str
            Of the experiment.
        params, metrics : str
            What its params.yaml and its `METRIC` hold.
        """
        with tempfile.TemporaryDirectory() as folder:
            index = Path(folder) / "index"
            _git("read-tree", self._tree, index=index)
            files = {PARAMS_FILE.as_posix(): params, METRIC: metrics, DECLARATION: DECLARED}
            for path, text in files.items():
                blob = _git("hash-object", "-w", "--stdin", text=text)
                _git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", index=index)
            tree = _git("write-tree", index=index)
        commit = _git("commit-tree", tree, "-p", self._baseline, "-m", f"make tune: {name}")
        _git("update-ref", str(ExpRefInfo(self._baseline, name)), commit)


def names() -> list[str]:
    """The names of all experiments, whatever they began from."""
    listed = _git("for-each-ref", "--format=%(refname)", EXPS_NAMESPACE).splitlines()
    pattern = re.compile(rf"{EXPS_NAMESPACE}/[0-9a-f]{{2}}/[0-9a-f]+/(.+)")
    return [found[1] for found in map(pattern.fullmatch, listed) if found]


def _git(*command: str, index: Path | None = None, text: str | None = None) -> str:
    """Run git, with an index of its own if one is named; what it printed."""
    done = subprocess.run(
        ["git", *command],
        env={**os.environ, **({} if index is None else {"GIT_INDEX_FILE": str(index)})},
        input=text,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise PipelineError(
            f"trials are kept as experiments in git, but `git {command[0]}` failed: "
            f"{done.stderr.strip()} Run this in a clone with a commit to begin from."
        )
    return done.stdout.strip()
