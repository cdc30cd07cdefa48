"""benchmarks/dvc.yaml tells the truth, and benchmarks/params.yaml is whole."""

import subprocess
import sys
from typing import Any

import pytest
import yaml
from conftest import ROOT

from benchmarks.code import fingerprint
from benchmarks.params import load_front_end, load_items, load_recipe
from benchmarks.results import RESULTS, Run
from stages.lib.imports import imported_files
from stages.lib.params.featurize import FeaturizeParams
from stages.lib.params.loader import load, read_sections
from stages.lib.params.split import SplitParams
from stages.lib.params.train import TrainParams

PARAMS = ROOT / "benchmarks" / "params.yaml"
ITEMS = load_items(PARAMS)
STAGES: dict[str, Any] = yaml.safe_load((ROOT / "benchmarks" / "dvc.yaml").read_text())["stages"]


@pytest.mark.parametrize(
    ("stage", "modules"),
    [
        ("recordings", ["benchmarks.recordings"]),
        ("features", ["benchmarks.features"]),
        ("code", ["benchmarks.code", "benchmarks.measure"]),
        ("summary", ["benchmarks.summary"]),
    ],
)
def test_deps_are_exactly_the_imports(stage: str, modules: list[str]) -> None:
    declared = STAGES[stage].get("do", STAGES[stage])
    imported = {name for module in modules for name in imported_files(module)}
    assert [dep for dep in declared["deps"] if dep.endswith(".py")] == sorted(imported), (
        "list these in benchmarks/dvc.yaml"
    )


def test_the_imports_found_are_those_that_python_makes() -> None:
    program = (
        "import sys, benchmarks.measure;"
        "print('\\n'.join(sorted(m.__file__ for n, m in sys.modules.items()"
        " if n.split('.')[0] in ('stages', 'benchmarks') and m.__file__"
        " and not m.__file__.endswith('__init__.py'))))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    assert loaded == [str(ROOT / name) for name in sorted(imported_files("benchmarks.measure"))]


def test_every_item_is_a_stage_in_the_same_order() -> None:
    assert list(STAGES) == ["recordings", "features", "code", *ITEMS, "summary"]


@pytest.mark.parametrize("name", ITEMS)
def test_a_stage_runs_tracks_and_writes_what_its_item_says(name: str) -> None:
    item, stage = ITEMS[name], STAGES[name]
    dimensions = ["recipe", "seed", "fold", *(["speakers"] if item.speakers else [])]
    assert stage["matrix"] == {
        one: f"${{items.{name}.{one if one == 'speakers' else one + 's'}}}" for one in dimensions
    }
    told = [f"${{item.{one}}}" for one in dimensions]
    assert stage["cmd"].split() == ["python", "-m", "benchmarks.measure", name, *told]
    assert stage["params"] == [
        {"benchmarks/params.yaml": [f"items.{name}.setting", "recipes.${item.recipe}"]}
    ]
    run = Run(
        item=name,
        recipe="${item.recipe}",
        seed=0,
        fold="${item.fold}",
        speakers=1 if item.speakers else None,
    )
    pattern = (RESULTS / run.file).as_posix().replace("-0-", "-${item.seed}-")
    if item.speakers:
        pattern = pattern.replace("-1.json", "-${item.speakers}.json")
    assert stage["outs"] == [{pattern: {"cache": False}}]

    front_end = next(dep for dep in stage["deps"] if "/features/" in dep).split("/")[-1]
    for recipe in item.recipes:
        used = load_recipe(recipe, PARAMS).front_end
        assert front_end.replace("${item.recipe}", recipe) == used
    needs_audio = {"telephone", "noise20", "noise10"} & set(item.setting.conditions)
    assert ("benchmarks/data/recordings" in stage["deps"]) == bool(needs_audio)
    assert "benchmarks/data/code.json" in stage["deps"]


def test_every_recipe_and_front_end_is_valid_and_used() -> None:
    document: dict[str, Any] = read_sections(PARAMS)
    used = {recipe for item in ITEMS.values() for recipe in item.recipes}
    assert used == set(document["recipes"])
    front_ends = {load_recipe(recipe, PARAMS).front_end for recipe in used}
    assert front_ends == set(document["front_ends"])
    for name in front_ends:
        load_front_end(name, PARAMS)


def test_no_recipe_validates_on_speakers_it_could_train_on() -> None:
    for name in read_sections(PARAMS)["recipes"]:  # type: ignore[attr-defined]
        recipe = load_recipe(name, PARAMS)
        assert recipe.split.validation_speakers == recipe.split.validation_share == 0
        assert recipe.train.early_stopping is None


def test_what_is_measured_is_the_default_of_the_pipeline() -> None:
    root = ROOT / "params.yaml"
    sections = load_front_end("default", PARAMS)
    # the networks that are compared take more kinds of features than the default one
    kinds = load("featurize", FeaturizeParams, root).kinds
    assert set(kinds) <= set(sections.featurize.kinds)
    made = sections.featurize.model_copy(update={"kinds": kinds})
    for name, section in sections.model_copy(update={"featurize": made}):
        assert section == load(name, type(section), root), name
    best = load_recipe("best", PARAMS)
    assert best.front_end == "default"
    assert best.variants is None
    # the pipeline's default run holds speakers out to watch, the protocols hold none
    default = load("train", TrainParams, root).model_copy(update={"early_stopping": None})
    assert best.train == default
    assert best.split.train == load("split", SplitParams, root).train


def test_the_original_recipe_is_that_of_the_text_file() -> None:
    front_end, recipe = load_front_end("original", PARAMS), load_recipe("original", PARAMS)
    sections: dict[str, Any] = {
        "clean": front_end.clean.model_dump(mode="json"),
        "featurize": front_end.featurize.model_dump(mode="json"),
        "train": recipe.train.model_dump(mode="json"),
        "split": recipe.split.model_dump(mode="json"),
    }
    for line in (ROOT / "benchmarks" / "original_recipe.txt").read_text().split():
        key, value = line.split("=")
        if key in ("augment.variants", "split.protocol"):
            continue  # a matter of `variants` and of the item
        place: Any = sections
        for part in key.split("."):
            place = place[part]
        assert place == yaml.safe_load(value), key
    assert recipe.variants == ()


def test_comments_and_docstrings_cost_no_training() -> None:
    said = '"""A module."""\nX = 1  # one\ndef f(x):\n    """Add."""\n    return x + X\n'
    unsaid = "X = 1\n\n\ndef f(x):\n    return (x + X)\n"
    assert fingerprint(said) == fingerprint(unsaid)
    assert fingerprint(said) != fingerprint(said.replace("x + X", "x - X"))
