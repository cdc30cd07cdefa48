"""The train stage as users run it: equal runs give equal files, and test speakers stay unheard."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import ROOT
from feature_folders import FRONT_END, spectrogram, vector, write_features
from training_params import BASELINE, FUSION, LABELS, LDA, SPLIT

from speech_emotion.base.errors import PipelineError
from speech_emotion.data.corpora.ravdess import EMOTIONS
from speech_emotion.params.labels import LabelParams
from speech_emotion.params.split import SplitParams
from speech_emotion.params.train import TrainParams
from speech_emotion.training.trained_model import TrainedModel
from stages.train import train_model

pytestmark = pytest.mark.slow


def start_stage(folder: Path, train: dict[str, Any], *command: str) -> subprocess.Popen[str]:
    """Start the stage in a folder of its own, as DVC does, or another command for Python."""
    params = yaml.safe_dump({"train": train, "split": SPLIT, "labels": LABELS}, sort_keys=False)
    (folder / "params.yaml").write_text(params, encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, *(command or ("-m", "stages.train"))],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("options", [FUSION], ids=lambda options: options["network"])
def test_equal_trainings_give_equal_files_whatever_the_test_speaker_says(
    options: dict[str, Any], tmp_path: Path, folder_bytes: Callable[[Path], dict[str, bytes]]
) -> None:
    started = []
    for name, marker in (("nan", np.nan), ("huge", 6e4)):
        write_features(tmp_path / name / "data/features", marked="04", marker=marker)
        started.append(start_stage(tmp_path / name, {**options, "epochs": 2}))
    outputs = []
    for name, process in zip(("nan", "huge"), started, strict=True):
        _, reported = process.communicate()
        assert process.returncode == 0, reported
        assert "epoch" not in reported, "the progress bar belongs to terminals only"
        made = tmp_path / name
        outputs.append(folder_bytes(made / "models") | folder_bytes(made / "metrics"))
    assert outputs[0] == outputs[1]
    assert {"keras/model.keras", "keras/settings.json"} <= set(outputs[0])
    assert "training/plots/metrics/eval/uar.tsv" in outputs[0]

    settings = json.loads(outputs[0]["keras/settings.json"])
    assert settings["labels"] == list(EMOTIONS)
    assert settings["front_end"] == FRONT_END
    assert settings["training"]["epochs"] == (1 if options is LDA else 2)
    model = TrainedModel.load(tmp_path / "nan/models/keras")
    draw = np.random.default_rng(0)
    utterance = {"log_mel": spectrogram("happy", 90, draw), "functionals": vector("happy", draw)}
    utterance["whisper_pooled"] = utterance["functionals"]
    given = model.probabilities([{kind: utterance[kind] for kind in model.kinds}])
    assert np.isfinite(given).all()


def test_a_missing_kind_of_features_is_reported_before_anything_is_built(tmp_path: Path) -> None:
    write_features(tmp_path / "features")
    (tmp_path / "features/mfcc_mean").rename(tmp_path / "elsewhere")
    with pytest.raises(PipelineError, match=r"'baseline_cnn1d' takes .* mfcc_mean, but .* lacks"):
        train_model(
            tmp_path / "features",
            tmp_path / "model",
            tmp_path / "curves",
            TrainParams(**BASELINE),
            SplitParams(**SPLIT),
            LabelParams(**LABELS),
        )
    assert not (tmp_path / "model").exists()
    assert not (tmp_path / "curves").exists()


ON_TWO_DEVICES = """
import tensorflow as tf

processor = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)

from speech_emotion.training import training
from stages.train import main

training.strategy = lambda: tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
main()
"""


def test_several_devices_train_one_model(tmp_path: Path) -> None:
    write_features(tmp_path / "data/features", repetitions=2)
    options = {**BASELINE, "epochs": 6, "weight_averaging": 0.5, "early_stopping": 5}
    process = start_stage(tmp_path, options, "-c", ON_TWO_DEVICES)
    _, reported = process.communicate()
    assert process.returncode == 0, reported
    curve = pd.read_csv(tmp_path / "metrics/training/plots/metrics/eval/uar.tsv", sep="\t")["uar"]
    assert curve.max() > 0.6
    TrainedModel.load(tmp_path / "models/keras")
