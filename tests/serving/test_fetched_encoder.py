"""A head comes without its encoder: that is fetched once, and held to what it makes of a sound."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from exported_model import change_front_end, write_models

from speech_emotion.base.errors import PipelineError
from speech_emotion.base.user_cache import CACHE_VARIABLE
from speech_emotion.features import FeaturizeParams, featurize
from speech_emotion.features.whisper_pooled import Params
from speech_emotion.params.clean import CleanParams
from speech_emotion.serving.fetched_encoder import expected_file, made_of_sound
from speech_emotion.serving.recognizer import Recognizer

KIND = "whisper_pooled"


@pytest.fixture
def model(
    whisper_preset: Path,
    speech: tuple[np.ndarray, int],
    clean_params: CleanParams,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A folder with a head alone, whose encoder lies elsewhere."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    preset = tmp_path / "preset"
    shutil.copytree(whisper_preset, preset)
    params = FeaturizeParams.model_validate(
        {"kinds": [KIND], KIND: Params(preset=str(preset), layers="all")}
    )
    samples, rate = speech
    parts = np.array_split(samples, 16)
    front_end = {
        "clean": clean_params.model_dump(mode="json"),
        "featurize": params.model_dump(mode="json"),
    }
    write_models(
        tmp_path, "whisper_lda", [featurize(part, rate, params) for part in parts], front_end
    )
    np.save(tmp_path / "export" / expected_file(KIND), made_of_sound(KIND, params))
    return tmp_path / "export"


def kept(model: Path) -> list[Path]:
    return list((model.parent / "cache").rglob("*.tflite"))


def test_an_encoder_is_fetched_once_and_gives_the_answers_of_keras(
    model: Path, speech: tuple[np.ndarray, int]
) -> None:
    expected = Recognizer.load(model.parent / "keras").predict(*speech).probabilities
    assert max(expected.values()) - min(expected.values()) > 0.1
    first = Recognizer.load(model).predict(*speech).probabilities
    assert first == pytest.approx(expected, abs=1e-3)
    assert len(kept(model)) == 1
    shutil.rmtree(model.parent / "preset")
    assert Recognizer.load(model).predict(*speech).probabilities == first


def test_another_encoder_is_refused_and_not_kept(model: Path) -> None:
    path = model / expected_file(KIND)
    np.save(path, np.load(path) + np.float32(1))
    with pytest.raises(PipelineError, match="is another one"):
        Recognizer.load(model)
    assert kept(model) == []


def test_an_encoder_of_another_size_is_refused(model: Path) -> None:
    change_front_end(
        model, "featurize", **{KIND: {"preset": str(model.parent / "preset"), "layers": [1]}}
    )
    with pytest.raises(PipelineError, match="is another one"):
        Recognizer.load(model)


def test_without_a_connection_it_says_what_to_do(model: Path) -> None:
    shutil.rmtree(model.parent / "preset")
    with pytest.raises(PipelineError, match="could not be fetched") as raised:
        Recognizer.load(model)
    [place] = str(raised.value).split("copy ")[1].split()[:1]
    assert Path(place).is_relative_to(model.parent / "cache")
    assert place.endswith(f"{KIND}.tflite")
