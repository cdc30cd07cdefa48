"""The export stage: the same model in LiteRT, and a card that tells the truth about it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from feature_folders import FRONT_END, write_features
from huggingface_hub import ModelCard
from training_params import CNN2D, LABELS, SPLIT

from speech_emotion.base.errors import PipelineError
from speech_emotion.data.feature_store import FeatureStore
from speech_emotion.networks import cnn2d
from speech_emotion.params.labels import LabelParams
from speech_emotion.params.split import SplitParams
from speech_emotion.params.train import TrainParams
from speech_emotion.reporting.front_matter import front_matter
from speech_emotion.serving.lite import LiteModel
from speech_emotion.serving.recognizer import Recognizer
from speech_emotion.training.model_settings import INT8_FILE, LITERT_FILE, read_settings
from speech_emotion.training.trained_model import TrainedModel
from stages.export import export
from stages.train import train_model

pytestmark = pytest.mark.slow

METRICS: dict[str, Any] = {
    "uar": 0.5,
    "accuracy": 0.5,
    "macro_f1": 0.5,
    "calibration_error": 0.1,
    "calibration_error_of_variants": 0.15,
    "uncalibrated": {"calibration_error": 0.2, "temperature": 1.5},
    "interval": {
        "uar": {"low": 0.4, "high": 0.6},
        "accuracy": {"low": 0.4, "high": 0.6},
        "macro_f1": {"low": 0.4, "high": 0.6},
        "level": 0.95,
        "method": "Student-t over speakers",
        "speakers": 2,
    },
    "recall": {"neutral": 0.5, "calm": None},
    "uar_by_sex": {
        "female": {"uar": 0.45, "low": 0.35, "high": 0.55, "speakers": 2, "recordings": 4},
        "male": {"uar": 0.55, "low": None, "high": None, "speakers": 1, "recordings": 4},
    },
    "model_tests": {
        "passed": 3,
        "failed": 1,
        "not_measured": 2,
        "failing": {"change of UAR, babble": -0.08},
        "disturbed": {
            "babble": {"unchanged": 0.91, "uar_change": -0.08},
            "other room": {"unchanged": 0.8},
        },
    },
    "corpora": {"train": "synthetic ravdess", "test": "synthetic ravdess"},
    "protocol": "leave_one_speaker_out",
    "fold": "04",
    "network": "cnn2d",
    "test_speakers": "never heard in training",
    "recordings": {"train": 24, "validation": 16, "test": 8},
    "speakers": {"train": 3, "validation": 2, "test": 1},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """features/ and keras/: a network after two epochs, the metrics of an imagined evaluation."""
    folder = tmp_path_factory.mktemp("exported")
    write_features(folder / "features")
    params = TrainParams(**{**CNN2D, "epochs": 2})
    train_model(
        folder / "features",
        folder / "keras",
        folder / "curves",
        params,
        SplitParams(**SPLIT),
        LabelParams(**LABELS),
    )
    (folder / "evaluation.json").write_text(json.dumps(METRICS))
    return folder


def run(folder: Path, target: Path, **split: object) -> dict[str, Any]:
    return export(
        SplitParams(**{**SPLIT, **split}),
        LabelParams(**LABELS),
        features=folder / "features",
        model=folder / "keras",
        clean=folder / "clean",
        evaluation=folder / "evaluation.json",
        target=target / "export",
        report=target / "export.json",
    )


def test_the_exported_model_is_the_trained_one(folder: Path, tmp_path: Path) -> None:
    measured = run(folder, tmp_path)
    assert json.loads((tmp_path / "export.json").read_text()) == measured
    settings = read_settings(tmp_path / "export")
    assert settings == read_settings(folder / "keras")
    assert settings.front_end == FRONT_END
    store = FeatureStore(folder / "features")
    utterances = [store.features(("log_mel",), index) for index in range(20)]
    given = LiteModel.load(tmp_path / "export").probabilities(utterances)
    expected = TrainedModel.load(folder / "keras").probabilities(utterances)
    np.testing.assert_allclose(given, expected, atol=1e-3)
    assert measured["float32"]["largest_difference"] < 1e-3
    assert measured["float32"]["validation_uar"] == measured["keras"]["validation_uar"]

    card = (tmp_path / "export" / "README.md").read_text()
    for part in (
        "| UAR | 50.0 % | 40.0 to 60.0 % |",
        "| calm | - |",
        "| validation | 16 | 2 |",
        "The recordings are synthetic",
        f"temperature {settings.temperature:g}, fitted on 16 validation recordings and their",
        "It must not be used",
        "| female (2) | 4 | 45.0 % | 35.0 to 55.0 % |",
        "| male (1) | 4 | 55.0 % | - |",
        "| babble | 91 % | -8.0 |",
        "| other room | 80 % | - |",
        "Of 100 test recordings it takes 50 for another emotion",
        "article 5(1)(f)",
        "2 December 2027",
        "No published recording trained it.",
    ):
        assert part in card


def test_the_card_s_head_is_what_the_hub_reads(folder: Path, tmp_path: Path) -> None:
    run(folder, tmp_path)
    head = ModelCard.load(tmp_path / "export" / "README.md").data
    assert head.get("license") == "apache-2.0"
    assert head.get("pipeline_tag") == "audio-classification"
    assert head.eval_results is not None
    scores = {one.metric_name: one for one in head.eval_results}
    assert (scores["UAR"].metric_type, scores["UAR"].metric_value) == ("recall", 0.5)
    assert scores["UAR"].dataset_type == "synthetic ravdess"
    assert scores["UAR"].dataset_split == "leave_one_speaker_out, fold 04"


@pytest.mark.parametrize(
    ("corpora", "licence", "language"),
    [
        ("ravdess", "cc-by-nc-sa-4.0", ["en"]),
        ("ravdess, tess", "other", ["en"]),
        ("emodb, ravdess", "other", ["de", "en"]),
        ("mine", "other", None),
    ],
)
def test_a_model_is_licensed_as_its_recordings_are(
    corpora: str, licence: str, language: list[str] | None, folder: Path
) -> None:
    settings = read_settings(folder / "keras")
    summary = settings.training.model_copy(update={"corpora": corpora})
    settings = settings.model_copy(update={"training": summary})
    head = ModelCard(front_matter(METRICS, settings)).data
    assert (head.get("license"), head.get("language")) == (licence, language)
    assert head.get("datasets") == corpora.split(", ")


def test_the_8_bit_file_is_there_exactly_where_it_holds(folder: Path, tmp_path: Path) -> None:
    measured = run(folder, tmp_path)
    loss = measured["keras"]["validation_uar"] - measured["int8"]["validation_uar"]
    path = tmp_path / "export" / INT8_FILE
    assert measured["int8"]["written"] == path.exists() == (loss <= 0.01)
    card = (tmp_path / "export" / "README.md").read_text()
    assert f"{100 * measured['int8']['validation_uar']:.1f} %" in card
    assert ("No 8-bit file" in card) == (not path.exists())
    assert measured["int8"]["bytes"] < 0.4 * (tmp_path / "export" / LITERT_FILE).stat().st_size


def test_an_8_bit_file_that_does_worse_is_not_written(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "speech_emotion.serving.exporting.INT8_LOSS", -2
    )  # no file does that much better
    measured = run(folder, tmp_path)
    assert measured["int8"]["written"] is False
    assert not (tmp_path / "export" / INT8_FILE).exists()
    assert "No 8-bit file" in (tmp_path / "export" / "README.md").read_text()


def test_a_conversion_that_differs_stops_the_export(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("speech_emotion.serving.exporting.TOLERANCE", -1)
    with pytest.raises(PipelineError, match="the conversion of the network 'cnn2d' is at fault"):
        run(folder, tmp_path)
    assert not (tmp_path / "export").exists()


def test_without_validation_speakers_there_is_no_8_bit_file(folder: Path, tmp_path: Path) -> None:
    measured = run(folder, tmp_path, validation_speakers=0)
    assert measured["keras"]["validation_uar"] is None
    assert not (tmp_path / "export" / INT8_FILE).exists()
    card = (tmp_path / "export" / "README.md").read_text()
    assert "No 8-bit file: there are no validation speakers" in card


def test_a_network_that_litert_cannot_run_leaves_a_card_that_says_so(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(cnn2d, "ON_LITERT", False, raising=False)
    measured = run(folder, tmp_path)
    assert "'cnn2d' needs more than LiteRT has" in measured["refused"]
    assert measured["refused"] in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "export").iterdir()] == ["README.md"]
    assert measured["refused"] in (tmp_path / "export" / "README.md").read_text()
    with pytest.raises(PipelineError, match=r"holds no model\.tflite"):
        Recognizer.load(tmp_path / "export")
