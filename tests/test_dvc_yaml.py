"""dvc.yaml tells the truth: a stage depends on exactly what it imports and reads."""

import re
import subprocess
import sys
from typing import Any

import pytest
import yaml
from conftest import ROOT

from stages.lib.imports import imported_files

STAGES = [
    *("ingest", "rename_merge", "clean", "augment", "featurize"),
    *("train", "evaluate", "export"),
]


def pipeline() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "dvc.yaml").read_text())
    return document


def test_the_eight_stages_stand_in_order() -> None:
    assert list(pipeline()["stages"]) == STAGES


@pytest.mark.parametrize("stage", STAGES)
def test_deps_are_exactly_the_imports(stage: str) -> None:
    declared = [dep for dep in pipeline()["stages"][stage]["deps"] if dep.endswith(".py")]
    assert declared == sorted(imported_files(f"stages.{stage}")), "list these in dvc.yaml"


@pytest.mark.parametrize("stage", ["ingest", "rename_merge", "clean", "augment", "featurize"])
def test_the_imports_found_are_those_that_python_makes(stage: str) -> None:
    """The reader of imports that the test above trusts, against the interpreter itself."""
    program = (
        f"import sys, stages.{stage};"
        "print('\\n'.join(sorted(m.__file__ for n, m in sys.modules.items()"
        " if n.startswith('stages') and m.__file__ and not m.__file__.endswith('__init__.py'))))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    assert loaded == [str(ROOT / name) for name in sorted(imported_files(f"stages.{stage}"))]


@pytest.mark.parametrize("stage", STAGES)
def test_params_and_data_are_what_the_code_reads(stage: str) -> None:
    declared = pipeline()["stages"][stage]
    code = (ROOT / "stages" / f"{stage}.py").read_text()
    for section in declared.get("params", []):
        assert f'load("{section}"' in code
    assert len(re.findall(r"(?<![.\w])load\(", code)) == len(declared.get("params", []))
    read = {dep for dep in declared["deps"] if dep.startswith(("data/", "models/", "metrics/"))}
    written = {
        next(iter(out)) if isinstance(out, dict) else out
        for kind in ("outs", "metrics", "plots")
        for out in declared.get(kind, [])
    }
    named = set(re.findall(r'Path\("((?:data|models|metrics)[^"]*)"\)', code))
    # evaluate writes its files into one folder
    assert named - {"metrics"} - written == read


def test_changing_a_network_never_reruns_the_data_stages() -> None:
    for stage in STAGES[:5]:
        assert not any("networks" in dep for dep in pipeline()["stages"][stage]["deps"])
