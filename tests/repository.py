"""A clone of the project with a small corpus and short training, and the real dvc in it."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Hashable
from copy import copy
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from conftest import ROOT

from speech_emotion.data.manifest import read_shards

STAGES = [
    "ingest",
    "rename_merge",
    "clean",
    "augment",
    "featurize",
    "train",
    "evaluate",
    "export",
]
"""In the order of dvc.yaml, after the check that runs every time."""

SMALL: dict[str, Any] = {
    "augment.variants": [{"pitch": 2}],
    "featurize.functionals.convolutions": 8,
    "split.validation_speakers": 2,
    "train.epochs": 2,
    "train.early_stopping": None,
    "evaluate.disturbed": 4,
}
"""Changes to params.yaml that make a run quick, whatever it then recognises."""


RESULTS = (
    "dvc.lock",
    "metrics/",
    "benchmarks/dvc.lock",
    "benchmarks/results/",
    "benchmarks/figures/",
)
"""What runs leave in git, which a clone for tests begins without."""


class Repository:
    """A git repository with the project in it.

    Parameters
    ----------
    folder : Path
        Where to make it; filled with the files that the project's own git knows or would take.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).is_file() and not name.startswith(RESULTS):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, folder / name)
        settings = folder / "data" / "synthetic.yaml"
        settings.write_text(re.sub("takes: .*", "takes: 1", settings.read_text()))
        self.run("git", "init", "--quiet", "--initial-branch=main")
        self._name_author()
        self.commit("project")

    def _name_author(self) -> None:
        self.run("git", "config", "user.name", "Test")
        self.run("git", "config", "user.email", "test@example.org")

    def run(self, *command: str, check: bool = True, **variables: str) -> str:
        """Run a command in the repository; its output, standard error after standard output."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**os.environ, "PATH": path, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        output = done.stdout + done.stderr
        assert not check or done.returncode == 0, f"{' '.join(command)} failed:\n{output}"
        return output

    def make(self, *arguments: str, check: bool = True) -> str:
        """Run make in the repository; its output."""
        self.link_environment()
        return self.run("make", *arguments, check=check)

    def link_environment(self) -> None:
        """Put the environment that runs this where ``make env`` would install one."""
        environment = self.folder / ".venv"
        environment.mkdir(exist_ok=True)
        for part in Path(sys.prefix).iterdir():
            if part.name != ".installed" and not (environment / part.name).exists():
                (environment / part.name).symlink_to(part)
        (environment / ".installed").touch()

    def cloned(self, folder: Path) -> "Repository":
        """What somebody else gets: all that is in git, and nothing of what DVC keeps."""
        self.run("git", "clone", "--quiet", str(self.folder), str(folder))
        other = copy(self)
        other.folder = folder
        other._name_author()
        return other

    def stages_run(self, *command: str) -> list[str]:
        """Run a dvc command; the stages that it really ran, without the check that always runs."""
        ran = re.findall(r"^Running stage '([^']+)'", self.run("dvc", *command), re.MULTILINE)
        return [stage for stage in ran if stage != "check"]

    def predicted_and_evaluated(
        self, folder: Path, *options: str
    ) -> list[tuple[dict[str, Any], dict[Hashable, Any]]]:
        """What prediction says of a recording of each tested speaker, and what evaluate said.

        Parameters
        ----------
        folder : Path
            An empty one, for the recordings as they came in.
        *options : str
            For ``speech_emotion.serving.command_line``.
        """
        evaluated = pd.read_csv(self.folder / "metrics" / "predictions.csv").set_index("id")
        tested = evaluated.groupby("speaker").head(1).index
        for shard in read_shards(self.folder / "data" / "merged"):
            for utterance, name, content in shard:
                if utterance.id in tested:
                    (folder / name).write_bytes(content)
        printed = self.run("python", "-m", "speech_emotion", "--json", *options, str(folder))
        lines = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
        assert [Path(line["file"]) for line in lines] == sorted(folder.iterdir())
        assert len(lines) == len(tested)
        rows = evaluated.loc[[Path(line["file"]).stem for line in lines]].to_dict("records")
        return list(zip(lines, rows, strict=True))

    def forget_experiments(self) -> None:
        """Leave no experiment of DVC, whatever it began from."""
        listed = self.run("git", "for-each-ref", "--format=%(refname)", "refs/exps/")
        for name in listed.split():
            self.run("git", "update-ref", "-d", name)

    def commit(self, message: str) -> None:
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", message)

    def change_params(self, changes: dict[str, Any], file: str = "params.yaml") -> None:
        path = self.folder / file
        document = yaml.safe_load(path.read_text())
        for key, value in changes.items():
            *parents, last = key.split(".")
            place = document
            for parent in parents:
                place = place[parent]
            place[last] = value
        path.write_text(yaml.safe_dump(document, sort_keys=False))
