"""Benchmark stage 1: what the code behind each other stage does, as one small file per stage.

What a stage's modules import is followed here every time that DVC runs the benchmarks, so that
dvc.yaml lists no modules and can forget none. Comments, docstrings and layout are left out of it,
so that a better word costs no training.
"""

import json
from pathlib import Path

from speech_emotion.base.errors import run
from speech_emotion.base.files import replaced_folder
from speech_emotion.base.imports import ROOT, code_fingerprint, imported_files

CODE = Path("benchmarks/data/code")
STAGES = ("recordings", "features", "measure", "summary", "everybody", "included")
"""The modules that dvc.yaml runs. All trainings share `measure`, whatever network they are of."""


def write_fingerprints(target: Path) -> None:
    """Write one file per stage: the fingerprint of every module that it runs, by its path."""
    with replaced_folder(target) as folder:
        for stage in STAGES:
            fingerprints = {
                name: code_fingerprint((ROOT / name).read_text(encoding="utf-8"))
                for name in sorted(imported_files(f"benchmarks.{stage}"))
            }
            (folder / f"{stage}.json").write_text(json.dumps(fingerprints, indent=2) + "\n")


def main() -> None:
    write_fingerprints(CODE)


if __name__ == "__main__":
    run(main)
