"""The whole pipeline on a Whisper encoder and its head: dvc repro, evaluate, predict."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from repository import SMALL, STAGES, Repository

from speech_emotion import Recognizer
from speech_emotion.base.errors import PipelineError
from speech_emotion.data.manifest import read_shards
from speech_emotion.params.section import read_sections

ON_WHISPER = {
    **SMALL,
    "augment.variants": [],
    "featurize.kinds": ["whisper"],
    "featurize.whisper.layers": "all",
    "train.network": "frame_attention",
    "train.augmentation": None,
}


@pytest.fixture(scope="module")
def whisper_run(
    whisper_preset: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Repository, list[str]]:
    """A clone after ``dvc repro`` on the features of a tiny encoder, and the stages that ran."""
    clone = Repository(tmp_path_factory.mktemp("whisper"))
    clone.change_params(ON_WHISPER | {"featurize.whisper.preset": str(whisper_preset)})
    return clone, clone.stages_run("repro")


@pytest.mark.slow
def test_from_recordings_to_metrics(whisper_run: tuple[Repository, list[str]]) -> None:
    clone, ran = whisper_run
    assert ran == STAGES
    metrics = json.loads((clone.folder / "metrics" / "evaluation.json").read_text())
    assert metrics["network"] == "frame_attention"
    settings = json.loads((clone.folder / "models" / "keras" / "settings.json").read_text())
    assert len(settings["front_end"]["featurize"]["whisper"]["revision"]) == 64
    shard = next((clone.folder / "data" / "features" / "whisper").glob("*-000.npy"))
    features = np.load(shard, mmap_mode="r")
    assert features.dtype == np.float16
    assert features.shape[1:] == (3, 16)


@pytest.mark.slow
def test_prediction_treats_a_recording_as_training_did(
    whisper_run: tuple[Repository, list[str]], tmp_path: Path
) -> None:
    clone, _ = whisper_run
    keras = ("--model", "models/keras")  # LiteRT can't run Whisper
    for line, evaluated in clone.predicted_and_evaluated(tmp_path, *keras):
        for emotion, probability in line["probabilities"].items():
            assert probability == pytest.approx(evaluated[emotion], abs=1e-3)


@pytest.mark.slow
def test_another_layer_reruns_from_featurize_on(
    whisper_run: tuple[Repository, list[str]],
) -> None:
    clone, _ = whisper_run
    assert clone.stages_run("repro") == []
    clone.change_params({"featurize.whisper.layers": 1})
    assert clone.stages_run("repro", "--dry")[0] == "featurize"


@pytest.fixture(scope="module")
def pooled_run(whisper_preset: Path, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A clone after ``dvc repro`` on functionals, spectrograms and a pooled tiny encoder."""
    clone = Repository(tmp_path_factory.mktemp("pooled"))
    changes = {
        **SMALL,
        "augment.variants": [],
        "featurize.kinds": ["log_mel", "functionals", "whisper_pooled"],
        "featurize.whisper_pooled.preset": str(whisper_preset),
        "featurize.whisper_pooled.layers": "all",
        "train.network": "analyses",
        "train.augmentation": None,
    }
    clone.change_params(changes)
    assert clone.stages_run("repro") == STAGES
    return clone


@pytest.mark.slow
def test_an_encoder_is_exported_beside_the_network(pooled_run: Repository, tmp_path: Path) -> None:
    export = pooled_run.folder / "models" / "export"
    measured = json.loads((pooled_run.folder / "metrics" / "export.json").read_text())
    files = {path.name for path in export.iterdir()}
    assert {"model.tflite", "whisper_pooled.tflite", "voices.npz"} < files
    assert measured["float32"]["largest_difference"] < 1e-3
    sizes = [(export / name).stat().st_size for name in ("model.tflite", "whisper_pooled.tflite")]
    assert measured["float32"]["bytes"] == sum(sizes)
    assert measured["int8"]["written"] == ("whisper_pooled_int8.tflite" in files)
    card = (export / "README.md").read_text()
    assert "Whisper (Radford et al., 2022), OpenAI, MIT licence, `preset0`, revision " in card
    for line, evaluated in pooled_run.predicted_and_evaluated(tmp_path):
        for emotion, probability in line["probabilities"].items():
            assert probability == pytest.approx(evaluated[emotion], abs=1e-3)


@pytest.mark.slow
def test_the_exported_encoder_needs_neither_keras_nor_its_preset(pooled_run: Repository) -> None:
    shard = next(iter(read_shards(pooled_run.folder / "data" / "clean")))
    program = (
        "import io, json, sys\n"
        "sys.modules.update(dict.fromkeys(['keras', 'tensorflow', 'keras_hub']))\n"
        "from speech_emotion import Recognizer\n"
        "recognizer = Recognizer.load('models/export')\n"
        "recording = io.BytesIO(sys.stdin.buffer.read())\n"
        "print(json.dumps(recognizer.adapt([recording]).predict(recording).probabilities))\n"
    )
    given = subprocess.run(
        [sys.executable, "-c", program],
        cwd=pooled_run.folder,
        input=next(iter(shard))[2],
        capture_output=True,
        check=True,
    ).stdout
    assert sum(json.loads(given).values()) == pytest.approx(1)


@pytest.mark.slow
def test_known_voices_are_reported_beside_the_scores(pooled_run: Repository) -> None:
    metrics = json.loads((pooled_run.folder / "metrics" / "evaluation.json").read_text())
    known = metrics["known_voice"]
    assert list(known) == ["0", "1", "4", "16"]
    assert known["0"] == pytest.approx(metrics["uar"], abs=1e-4)
    assert all(value is None or 0 < value <= 1 for value in known.values())
    assert known["1"] is not None


@pytest.mark.slow
def test_a_student_predicts_without_its_teacher(pooled_run: Repository, tmp_path: Path) -> None:
    """Last of those on this clone: it trains another network on the same features."""
    augmentation = read_sections(ROOT / "params.yaml")["train"]["augmentation"]  # type: ignore[index]
    pooled_run.change_params({"train.network": "student", "train.augmentation": augmentation})
    assert pooled_run.stages_run("repro") == ["train", "evaluate", "export"]
    settings = json.loads((pooled_run.folder / "models" / "keras" / "settings.json").read_text())
    assert settings["kinds"] == ["log_mel", "functionals"]
    assert not list((pooled_run.folder / "models" / "export").glob("whisper*"))
    card = (pooled_run.folder / "models" / "export" / "README.md").read_text()
    assert "It learnt from what an encoder makes of the training recordings" in card
    assert "Whisper (Radford et al., 2022), OpenAI, MIT licence, `preset0`, revision " in card
    for line, evaluated in pooled_run.predicted_and_evaluated(tmp_path):
        for emotion, probability in line["probabilities"].items():
            assert probability == pytest.approx(evaluated[emotion], abs=1e-3)


def test_a_preset_that_went_away_is_reported(
    whisper_run: tuple[Repository, list[str]], tmp_path: Path
) -> None:
    clone, _ = whisper_run
    settings = json.loads((clone.folder / "models" / "keras" / "settings.json").read_text())
    settings["front_end"]["featurize"]["whisper"]["preset"] = str(tmp_path / "gone")
    model = tmp_path / "model"
    model.mkdir()
    (model / "settings.json").write_text(json.dumps(settings))
    weights = (clone.folder / "models" / "keras" / "model.keras").read_bytes()
    (model / "model.keras").write_bytes(weights)
    recording = tmp_path / "recording.flac"
    shard = next(iter(read_shards(clone.folder / "data" / "clean")))
    recording.write_bytes(next(iter(shard))[2])
    with pytest.raises(PipelineError, match="gone': expected a folder that exists"):
        Recognizer.load(model).predict(recording)
