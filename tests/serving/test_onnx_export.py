"""The model as ONNX: the same answers in onnxruntime, from a file that carries its settings."""

import json
import re
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnxruntime
import pytest
import soundfile
from conftest import ROOT
from exported_model import Examples
from feature_folders import subset, write_features

from speech_emotion.base.errors import PipelineError
from speech_emotion.data.corpora.ravdess import EMOTIONS
from speech_emotion.data.feature_store import FeatureStore
from speech_emotion.features import FeaturizeParams, featurize
from speech_emotion.networks import NAMES, analyses, find
from speech_emotion.params.clean import CleanParams
from speech_emotion.serving.onnx_export import main, to_onnx, write_onnx
from speech_emotion.serving.recognizer import Recognizer
from speech_emotion.training.model_settings import ModelSettings, TrainingSummary, read_settings
from speech_emotion.training.trained_model import save

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    folder = tmp_path_factory.mktemp("features")
    write_features(folder)
    return FeatureStore(folder)


@pytest.mark.parametrize("name", NAMES)
def test_every_network_gives_the_same_answers_for_any_number_of_segments(
    name: str, store: FeatureStore
) -> None:
    network = find(name, ("functionals", "mfcc_mean", "whisper_pooled"), ("log_mel",))
    training = subset(store, network.training_kinds, np.arange(48))
    model = network.build(training, None)
    session = onnxruntime.InferenceSession(to_onnx(model, "probabilities", {}))
    assert {one.name for one in session.get_inputs()} == set(network.kinds)
    for count in (1, 5):
        segments = [network.inputs(training[number]) for number in range(count)]
        batch = {
            kind: np.concatenate([one[kind] for one in segments]).astype(np.float32)
            for kind in network.kinds
        }
        [given] = session.run(["probabilities"], batch)
        np.testing.assert_allclose(given, model.predict_on_batch(batch), atol=1e-3)


@pytest.fixture(scope="module")
def exported(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """onnx/, beside links to the models that it was made of."""
    folder = tmp_path_factory.mktemp("models")
    for name in ("keras", "export"):
        (folder / name).symlink_to(models / name)
    main([str(folder / "keras"), str(folder / "onnx")])
    return folder


def test_the_file_carries_the_settings_of_the_model(exported: Path) -> None:
    metadata = onnxruntime.InferenceSession(exported / "onnx" / "model.onnx").get_modelmeta()
    carried = {key: json.loads(value) for key, value in metadata.custom_metadata_map.items()}
    assert ModelSettings(**carried) == read_settings(exported / "keras")


def test_the_documented_example_gives_the_answer_of_ser_predict(
    exported: Path,
    recognizer: Recognizer,
    speech: tuple[np.ndarray, int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = (ROOT / "docs" / "predict.md").read_text(encoding="utf-8")
    [example] = re.findall(r"## In ONNX.*?```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "models").symlink_to(exported)
    soundfile.write(tmp_path / "recording.wav", *speech)
    monkeypatch.chdir(tmp_path)
    found: dict[str, Any] = {}
    exec(example, found)
    expected = recognizer.predict("recording.wav").probabilities
    assert list(found["probabilities"]) == pytest.approx(list(expected.values()), abs=1e-3)


def test_an_encoder_is_exported_beside_the_network(
    whisper_preset: Path,
    clean_params: CleanParams,
    featurize_params: FeaturizeParams,
    tmp_path: Path,
) -> None:
    params = FeaturizeParams.model_validate(
        {
            "kinds": ["whisper_pooled"],
            "whisper_pooled": {"preset": str(whisper_preset), "layers": "all"},
        }
    ).prepared(16000)
    draw = np.random.default_rng(0)
    heard = [draw.normal(0, 0.1, 16000 + 400 * place).astype(np.float32) for place in range(16)]
    examples = [featurize(samples, 16000, params) for samples in heard]
    settings = ModelSettings(
        labels=EMOTIONS,
        network="analyses",
        kinds=params.kinds,
        front_end={
            "clean": clean_params.model_dump(),
            "featurize": params.model_dump(mode="json"),
        },
        temperature=1,
        training=TrainingSummary(corpora="ravdess", epochs=0, parameters=1),
    )
    model = analyses.build(Examples(examples, params.kinds, EMOTIONS))
    (tmp_path / "keras").mkdir()
    save(model, settings, tmp_path / "keras")
    assert write_onnx(tmp_path / "keras", tmp_path / "onnx") < 1e-3

    path = tmp_path / "onnx" / "whisper_pooled.onnx"
    metadata = onnxruntime.InferenceSession(path).get_modelmeta().custom_metadata_map
    assert json.loads(metadata["front_end"]) == settings.front_end
    in_onnx = params.with_encoder("whisper_pooled", path)
    for samples, expected in zip(heard, examples, strict=True):
        given = featurize(samples, 16000, in_onnx)["whisper_pooled"]
        np.testing.assert_allclose(given, expected["whisper_pooled"], rtol=1e-2, atol=1e-3)


def test_a_conversion_that_differs_leaves_nothing(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("speech_emotion.serving.onnx_export.TOLERANCE", -1)
    with pytest.raises(PipelineError, match="the conversion of the network 'fusion' is at fault"):
        write_onnx(models / "keras", tmp_path / "onnx")
    assert not (tmp_path / "onnx").exists()


def test_a_model_beyond_onnx_is_refused() -> None:
    values = keras.layers.Input((4,), name="mfcc_mean")
    model = keras.Model({"mfcc_mean": values}, keras.ops.erfinv(values), name="beyond")
    with pytest.raises(PipelineError, match=r"'beyond' can't be converted to ONNX \(.*Erfinv"):
        to_onnx(model, "probabilities", {})
