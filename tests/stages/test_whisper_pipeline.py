"""The whole pipeline on a Whisper encoder and its head: dvc repro, evaluate, predict."""

import json
from pathlib import Path

import numpy as np
import pytest
from repository import SMALL, STAGES, Repository

from speech_emotion import Recognizer
from speech_emotion.base.errors import PipelineError
from speech_emotion.data.manifest import read_shards

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
    metrics = json.loads((clone.folder / "metrics" / "metrics.json").read_text())
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
