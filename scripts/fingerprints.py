"""Hashes of what a training is made from, so that what was trained once is not trained again."""

import hashlib
import json
import platform
from pathlib import Path
from typing import Any

from speech_emotion.base.imports import (
    ROOT,
    code_fingerprint,
    imported_distributions,
    imported_files,
)


def of_features(folder: Path) -> str:
    """Hash of all files of the features."""
    files = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            name = path.relative_to(folder).as_posix()
            files[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return hashlib.sha256(json.dumps(files).encode()).hexdigest()


def of_training(*settings: dict[str, Any]) -> str:
    """Hash of what decides a training beside its features: settings, code, libraries.

    Parameters
    ----------
    *settings : dict
        What JSON can hold, such as the sections of params.yaml that training reads.
    """
    files = sorted(imported_files("stages.train"))
    made_by = [
        *settings,
        {name: code_fingerprint((ROOT / name).read_text(encoding="utf-8")) for name in files},
        imported_distributions(files),
        [platform.python_version(), platform.machine()],
    ]
    return hashlib.sha256(json.dumps(made_by).encode()).hexdigest()
