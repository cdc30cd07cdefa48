"""dvc.yaml tells the truth: a stage depends on exactly what it imports and reads."""

import re
import subprocess
import sys
from typing import Any

import pytest
import yaml
from conftest import ROOT
from repository import STAGES

from scripts.deps import with_code, with_items
from speech_emotion.base.imports import FACADE, dependencies, imported_files


def pipeline() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "dvc.yaml").read_text())
    return document


def test_the_eight_stages_stand_in_order_and_each_says_what_it_does() -> None:
    assert list(pipeline()["stages"]) == ["check", *STAGES]
    for stage in pipeline()["stages"].values():
        assert len(stage["desc"].split()) > 4


@pytest.mark.slow
def test_what_make_deps_writes_is_written() -> None:
    text = (ROOT / "dvc.yaml").read_text()
    assert with_code(text) == text, "run make deps"
    text = (ROOT / "benchmarks" / "dvc.yaml").read_text()
    assert with_items(text, ROOT / "benchmarks" / "params.yaml") == text, "run make deps"


@pytest.mark.parametrize("stage", STAGES)
def test_deps_are_exactly_the_imports(stage: str) -> None:
    declared = [
        dep
        for dep in pipeline()["stages"][stage]["deps"]
        if dep.startswith(("speech_emotion/", "stages/", "benchmarks/"))
    ]
    assert declared == dependencies(f"stages.{stage}")


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["ingest", "rename_merge", "clean", "augment", "featurize"])
def test_the_imports_found_are_those_that_python_makes(stage: str) -> None:
    """The reader of imports that the tests above trust, against the interpreter itself."""
    program = (
        f"import sys, stages.{stage};"
        "print('\\n'.join(sorted(m.__file__ for n, m in sys.modules.items()"
        " if n.split('.')[0] in ('stages', 'speech_emotion') and m.__file__)))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    loaded = {path.removeprefix(f"{ROOT}/") for path in printed} - {FACADE}
    # which Whisper imports when it is used
    of_functions = {"speech_emotion/base/quiet_keras.py", "speech_emotion/base/litert.py"}
    found = imported_files(f"stages.{stage}") - of_functions
    empty = {path for path in loaded - found if path.endswith("/__init__.py")}
    assert loaded - empty == found
    for path in empty:
        assert "import" not in (ROOT / path).read_text(), "only docstrings may be left out"


@pytest.mark.parametrize("stage", STAGES)
def test_params_and_data_are_what_the_code_reads(stage: str) -> None:
    declared = pipeline()["stages"][stage]
    code = (ROOT / "stages" / f"{stage}.py").read_text()
    for section in declared.get("params", []):
        assert f'load("{section}"' in code
    assert len(re.findall(r"(?<![.\w])load\(", code)) == len(declared.get("params", []))
    read = {dep for dep in declared["deps"] if dep.startswith(("data/", "models/", "metrics/"))}
    # what the check lists are the files that ingest reads
    read -= {"data/sources.csv"}
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


def test_a_folder_that_finds_its_modules_counts_as_a_whole() -> None:
    assert "speech_emotion/networks" in dependencies("stages.train")
    assert "speech_emotion/data/corpora" in dependencies("stages.ingest")
    assert "speech_emotion/networks/cnn2d.py" in imported_files("stages.train")
