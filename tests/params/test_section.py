"""A wrong value in params.yaml is named, with what was expected; nothing is silently ignored."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT

from speech_emotion.audio.variants import AugmentParams
from speech_emotion.base.errors import PipelineError
from speech_emotion.features import FeaturizeParams
from speech_emotion.params.clean import CleanParams
from speech_emotion.params.evaluate import EvaluateParams
from speech_emotion.params.ingest import IngestParams
from speech_emotion.params.labels import LabelParams
from speech_emotion.params.section import Section, check, load
from speech_emotion.params.split import SplitParams
from speech_emotion.params.train import TrainParams

SECTIONS: dict[str, type[Section]] = {
    "ingest": IngestParams,
    "clean": CleanParams,
    "augment": AugmentParams,
    "featurize": FeaturizeParams,
    "split": SplitParams,
    "labels": LabelParams,
    "train": TrainParams,
    "evaluate": EvaluateParams,
}


def test_the_committed_params_are_valid_and_complete() -> None:
    document = yaml.safe_load((ROOT / "params.yaml").read_text())
    assert set(document) == set(SECTIONS)
    for name, section in SECTIONS.items():
        load(name, section, ROOT / "params.yaml")


def test_the_original_recipe_is_still_a_valid_list_of_overrides() -> None:
    path = ROOT / "params.yaml"
    document = yaml.safe_load(path.read_text())
    for line in (ROOT / "benchmarks" / "original_recipe.txt").read_text().splitlines():
        key, value = line.split("=", 1)
        *parents, last = key.split(".")
        place = document
        for parent in parents:
            place = place[parent]
        assert last in place
        place[last] = yaml.safe_load(value)
    for name, section in SECTIONS.items():
        check(document[name], section, name)


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[str, Any], Path]:
    def change(key: str, value: Any) -> Path:
        document = yaml.safe_load((ROOT / "params.yaml").read_text())
        *parents, last = key.split(".")
        place = document
        for parent in parents:
            place = place[parent]
        place[last] = value
        path = tmp_path / "params.yaml"
        path.write_text(yaml.safe_dump(document))
        return path

    return change


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("clean.noise_reduction", "maybe", r"clean\.noise_reduction is 'maybe': .*boolean"),
        ("clean.noise_reducton", True, r"clean\.noise_reducton is not known; known here: sample_"),
        ("clean.sample_rate", 100, r"clean\.sample_rate is 100: .*4000"),
        ("clean.trim.below", 0.1, r"clean\.trim is .*one of below_peak and below"),
        ("clean.trim.belw", 0.1, r"clean\.trim\.belw is not known; known here: window, below"),
        ("augment.variants", [{"tempo": 2}], r"variants\.0 is {'tempo': 2}: .* pitch, room, speed"),
        ("augment.variants", [{"pitch": 90}], r"variants\.0 is {'pitch': 90}: .*-24 to 24 semit"),
        ("augment.variants", [{"pitch": "up"}], r"variants\.0\.amount is 'up': .*number"),
        ("featurize.kinds", ["log_mle"], r"kinds is \['log_mle'\]: 'log_mle' is no .*log_mel"),
        ("featurize.kinds", ["mfcc", "mfcc"], "lists one more than once"),
        (
            "featurize.whisper_pooled.statistics",
            ["mean", "deviation", "mean"],
            "mean, deviation, mean lists one more than once",
        ),
        ("featurize.log_mel.low", 9000, "low 9000 is not below high 8000"),
        ("featurize.log_mel.window_length", 2048, "longer than fft_size 1024"),
        ("featurize.whisper.layers", "first", r"whisper\.layers is 'first': expected last, all or"),
        ("featurize.whisper.layers", -1, r"whisper\.layers is -1: expected last, all or"),
        ("ingest.max_rejected", 2, r"ingest\.max_rejected is 2: "),
        ("train.optimizer", "sgd", r"train\.optimizer is 'sgd': .*'adamw'"),
        ("split.fold", 9, r"split\.fold is 9: "),
        ("ingest.from", "", r"ingest\.from is '': expected a path"),
    ],
)
def test_faults_are_sentences(
    changed: Callable[[str, Any], Path], key: str, value: Any, sentence: str
) -> None:
    path = changed(key, value)
    with pytest.raises(PipelineError, match=sentence) as error:
        load(key.split(".")[0], SECTIONS[key.split(".")[0]], path)
    assert str(path) in str(error.value)


def test_missing_keys_sections_and_files(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    with pytest.raises(PipelineError, match="does not exist in"):
        load("ingest", IngestParams, path)
    path.write_text("ingest:\n  from: a\n")
    with pytest.raises(PipelineError, match=r"ingest\.max_rejected is missing"):
        load("ingest", IngestParams, path)
    with pytest.raises(PipelineError, match="has no section 'clean'"):
        load("clean", CleanParams, path)
    path.write_text("ingest: [")
    with pytest.raises(PipelineError, match="not valid YAML"):
        load("ingest", IngestParams, path)
