"""Benchmark stage 3: what the code behind every measurement says, as one small file.

Hundreds of stages depend on the same modules. Listed with each they would make a lock file that
takes DVC minutes to write; here they are listed once, and the measurements depend on the outcome.
Comments, docstrings and layout are left out of it, so that a better word costs no training.
"""

import ast
import hashlib
import json
from pathlib import Path

from stages.lib.errors import run
from stages.lib.imports import ROOT, imported_files

CODE = Path("benchmarks/data/code.json")
MEASURED_BY = "benchmarks.measure"


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


def main() -> None:
    told = {
        name: fingerprint((ROOT / name).read_text(encoding="utf-8"))
        for name in sorted(imported_files(MEASURED_BY))
    }
    CODE.parent.mkdir(parents=True, exist_ok=True)
    CODE.write_text(json.dumps(told, indent=2) + "\n")


if __name__ == "__main__":
    run(main)
