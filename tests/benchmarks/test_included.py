"""What the wheel carries is what the benchmarks made of real people, with its licence beside it."""

import hashlib
import json
from pathlib import Path

import pytest
import yaml

from benchmarks.params import FILE
from speech_emotion.params.section import read_sections
from speech_emotion.serving.included import FOLDER, names

ROOT = Path(__file__).parents[2]
LARGEST = 3_000_000
"""Bytes of a model's files."""


def directory_hash(folder: Path) -> str:
    """What DVC calls a folder's content."""
    files = [
        {
            "md5": hashlib.md5(path.read_bytes()).hexdigest(),
            "relpath": path.relative_to(folder).as_posix(),
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    return f"{hashlib.md5(json.dumps(files).encode()).hexdigest()}.dir"


def test_the_wheel_carries_no_model_that_the_params_do_not_name() -> None:
    wanted = read_sections(ROOT / FILE)["included"]
    assert isinstance(wanted, dict)
    assert set(names()) <= set(wanted)


@pytest.mark.parametrize("name", names())
def test_a_model_in_the_wheel_is_what_its_stage_made(name: str) -> None:
    lock = yaml.safe_load((ROOT / "benchmarks" / "dvc.lock").read_text(encoding="utf-8"))
    [made] = lock["stages"][f"included@{name}"]["outs"]
    assert directory_hash(FOLDER / name) == made["md5"]


@pytest.mark.parametrize("name", names())
def test_a_model_in_the_wheel_is_small_and_says_whose_voices_it_learnt_from(name: str) -> None:
    files = [path for path in (FOLDER / name).rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= LARGEST
    assert "CC BY-NC-SA 4.0" in (FOLDER / name / "LICENSE.txt").read_text(encoding="utf-8")
    card = (FOLDER / name / "README.md").read_text(encoding="utf-8")
    assert "Livingstone SR, Russo FA (2018)" in card
    assert yaml.safe_load(card.split("---")[1])["license"] == "cc-by-nc-sa-4.0"
