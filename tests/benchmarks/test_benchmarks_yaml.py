"""benchmarks/dvc.yaml tells the truth, and benchmarks/params.yaml is whole."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT

from benchmarks.code import STAGES as FINGERPRINTED
from benchmarks.code import write_fingerprints
from benchmarks.params import load_items, load_source
from benchmarks.recipes import load_front_end, load_recipe
from benchmarks.results import RESULTS, Run
from benchmarks.speed import COMPARED
from speech_emotion.audio.variants import AugmentParams
from speech_emotion.base.imports import FACADE, imported_files
from speech_emotion.features import FeaturizeParams
from speech_emotion.params.clean import CleanParams
from speech_emotion.params.section import load, read_sections
from speech_emotion.params.split import SplitParams
from speech_emotion.params.train import TrainParams

PARAMS = ROOT / "benchmarks" / "params.yaml"
ITEMS = load_items(PARAMS)
STAGES: dict[str, Any] = yaml.safe_load((ROOT / "benchmarks" / "dvc.yaml").read_text())["stages"]


def test_every_stage_depends_on_the_fingerprint_of_the_module_that_it_runs(tmp_path: Path) -> None:
    write_fingerprints(tmp_path / "code")
    written = {f"data/code/{path.name}" for path in (tmp_path / "code").iterdir()}
    assert set(STAGES["code"]["outs"]) == written
    assert STAGES["code"]["always_changed"] is True
    for name, stage in STAGES.items():
        declared = stage.get("do", stage)
        module = declared["cmd"].removeprefix("cd .. && python -m benchmarks.").split()[0]
        reported = [dep for dep in declared.get("deps", []) if dep.startswith("data/code/")]
        assert reported == ([] if name == "code" else [f"data/code/{module}.json"]), name


@pytest.mark.slow
@pytest.mark.parametrize("stage", FINGERPRINTED)
def test_the_imports_found_are_those_that_python_makes(stage: str) -> None:
    program = (
        f"import sys, benchmarks.{stage};"
        "print('\\n'.join(sorted(m.__file__ for n, m in sys.modules.items()"
        " if n.split('.')[0] in ('stages', 'speech_emotion', 'benchmarks') and m.__file__)))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    loaded = {path.removeprefix(f"{ROOT}/") for path in printed} - {FACADE}
    found = imported_files(f"benchmarks.{stage}")
    assert {path for path in loaded - found if not path.endswith("/__init__.py")} == set()
    # what is imported when it is used: the networks, what Whisper needs, and the head of a card
    later = (
        "speech_emotion/networks/",
        "speech_emotion/reporting/front_matter.py",
        "speech_emotion/base/litert.py",
        "speech_emotion/base/quiet_keras.py",
        "speech_emotion/base/user_cache.py",
    )
    assert all(path.startswith(later) for path in found - loaded)


def test_every_item_is_a_stage_in_the_same_order() -> None:
    of_recordings = ["recordings", "features", "recordings_across", "features_across"]
    assert list(STAGES) == ["code", *of_recordings, *ITEMS, "everybody", "included", "summary"]


@pytest.mark.parametrize("name", ITEMS)
def test_a_stage_runs_tracks_and_writes_what_its_item_says(name: str) -> None:
    item, stage = ITEMS[name], STAGES[name]
    dimensions = ["recipe", "seed", "fold", *(["speakers"] if item.speakers else [])]
    assert stage["matrix"] == {
        one: f"${{items.{name}.{one if one == 'speakers' else one + 's'}}}" for one in dimensions
    }
    reported = [f"${{item.{one}}}" for one in dimensions]
    assert stage["cmd"] == " ".join(["cd .. && python -m benchmarks.measure", name, *reported])
    assert stage["params"] == [f"items.{name}.setting", "recipes.${item.recipe}"]
    run = Run(
        item=name,
        recipe="${item.recipe}",
        seed=0,
        fold="${item.fold}",
        speakers=1 if item.speakers else None,
    )
    pattern = (
        (RESULTS.relative_to("benchmarks") / run.file).as_posix().replace("-0-", "-${item.seed}-")
    )
    if item.speakers:
        pattern = pattern.replace("-1.json", "-${item.speakers}.json")
    assert stage["outs"] == [{pattern: {"cache": False}}]

    folder, front_end = next(dep for dep in stage["deps"] if "/features" in dep).split("/")[1:]
    assert folder == ("features_across" if item.setting.protocol == "across" else "features")
    for recipe in item.recipes:
        used = load_recipe(recipe, PARAMS).front_end
        assert front_end.replace("${item.recipe}", recipe) == used
    needs_audio = set(item.setting.conditions) - {"as_recorded", "with_variants"}
    needed = bool(needs_audio) or item.setting.disturbed or item.setting.known_voice
    assert ("data/recordings" in stage["deps"]) == needed


def test_recordings_lie_where_dvc_looks_for_them(tmp_path: Path) -> None:
    """The path means the same in dvc.yaml, beside the file, and in Python, from the root."""
    reported = PARAMS.relative_to(ROOT)
    assert load_source("ingest", reported).sources == (Path("data/corpora"),)
    elsewhere = tmp_path / "params.yaml"
    text = PARAMS.read_text()
    assert "from: ../data/corpora\n" in text
    elsewhere.write_text(text.replace("from: ../data/corpora\n", "from: /mnt/corpora\n"))
    assert load_source("ingest", elsewhere).sources == (Path("/mnt/corpora"),)
    assert STAGES["recordings"]["deps"][0] == "${ingest.from}"


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
    assert sections.clean == load("clean", CleanParams, root)
    assert sections.augment == load("augment", AugmentParams, root)
    made, default = sections.featurize, load("featurize", FeaturizeParams, root)
    assert made.kinds == default.kinds
    for kind in made.kinds:
        assert made.of(kind) == default.of(kind)
    best = load_recipe("best", PARAMS)
    assert best.front_end == "default"
    assert best.variants is None
    assert best.train == load("train", TrainParams, root)
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
        if key == "split.protocol":
            continue  # a matter of the item
        if key == "augment.variants":
            assert yaml.safe_load(value) == list(recipe.variants or ()) == []
            continue
        place: Any = sections
        for part in key.split("."):
            place = place[part]
        assert place == yaml.safe_load(value), key
    variants = front_end.augment.model_dump(mode="json", exclude_none=True)["variants"]
    assert variants == COMPARED["augment"]["variants"]
