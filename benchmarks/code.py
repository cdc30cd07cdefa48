"""Benchmark stage 1: what the code behind each other stage says, as one small file a stage.

What a stage's modules import is followed here every time that DVC runs the benchmarks, so that
dvc.yaml lists no modules and can forget none. Comments, docstrings and layout are left out of it,
so that a better word costs no training.
"""

import ast
import hashlib
import json
from pathlib import Path

from stages.lib.dataset import replaced_folder
from stages.lib.errors import run
from stages.lib.imports import ROOT, imported_files

CODE = Path("benchmarks/data/code")
STAGES = ("recordings", "features", "measure", "summary")
"""The modules that dvc.yaml runs. All trainings share `measure`, whatever network they are of."""


def fingerprint(source: str) -> str:
    """Hash of what a module does."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = [part for part in node.body if not _is_text(part)] or [ast.Pass()]
    return hashlib.sha256(ast.unparse(tree).encode()).hexdigest()


def _is_text(node: ast.stmt) -> bool:
    """Whether a statement is a docstring, or a string after an attribute."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def write_fingerprints(target: Path) -> None:
    """Write a file for each stage: the fingerprint of every module that it runs, by its path."""
    with replaced_folder(target) as folder:
        for stage in STAGES:
            told = {
                name: fingerprint((ROOT / name).read_text(encoding="utf-8"))
                for name in sorted(imported_files(f"benchmarks.{stage}"))
            }
            (folder / f"{stage}.json").write_text(json.dumps(told, indent=2) + "\n")


def main() -> None:
    write_fingerprints(CODE)


if __name__ == "__main__":
    run(main)
