"""A clone of the project with a small corpus and short training, and the real dvc in it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from conftest import ROOT

SMALL: dict[str, Any] = {
    "augment.variants": [{"pitch": 2}],
    "split.validation_speakers": 2,
    "train.epochs": 2,
    "train.early_stopping": None,
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
        self.run("git", "config", "user.name", "Test")
        self.run("git", "config", "user.email", "test@example.org")
        self.commit("project")

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

    def stages_run(self, *command: str) -> list[str]:
        """Run a dvc command; the stages that it really ran."""
        return re.findall(r"^Running stage '([^']+)'", self.run("dvc", *command), re.MULTILINE)

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
