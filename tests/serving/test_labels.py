"""Prediction, timeline, stream and command line take their labels from the model, 2 or 30."""

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, spoken, wav
from exported_model import write_models

from speech_emotion.audio.cleaning import clean
from speech_emotion.audio.codec import decode
from speech_emotion.data.synthetic.corpus import SyntheticRecording
from speech_emotion.features import FeaturizeParams, featurize
from speech_emotion.params.clean import CleanParams
from speech_emotion.params.section import load
from speech_emotion.serving.command_line import main
from speech_emotion.serving.recognizer import Recognizer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=[2, 30])
def model(
    request: pytest.FixtureRequest,
    synthetic_recordings: list[SyntheticRecording],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, tuple[str, ...]]:
    """A folder with an analysis of so many classes, two recordings of each, and its labels."""
    labels = tuple(f"Klasse {number}" for number in range(request.param))
    cleaning = load("clean", CleanParams, ROOT / "params.yaml")
    features = load("featurize", FeaturizeParams, ROOT / "params.yaml").model_copy(
        update={"kinds": ("functionals",)}
    )
    examples = []
    for recording in synthetic_recordings[: 2 * len(labels)]:
        cleaned, _ = clean(*decode(recording.read()), cleaning)
        examples.append(featurize(cleaned, cleaning.sample_rate, features))
    folder = tmp_path_factory.mktemp("model")
    front_end = {"clean": cleaning.model_dump(), "featurize": features.model_dump(mode="json")}
    write_models(folder, "functionals_lda", examples, front_end, labels=labels)
    return folder / "export", labels


def test_everything_that_answers_answers_with_the_labels_of_the_model(
    model: tuple[Path, tuple[str, ...]],
    synthetic_recordings: list[SyntheticRecording],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder, labels = model
    recognizer = Recognizer.load(folder)
    samples, rate = decode(spoken(synthetic_recordings, 5, actor="02").read())
    prediction = recognizer.predict(samples[:, 0], rate)
    assert tuple(prediction.probabilities) == labels
    assert prediction.emotion in labels
    windows = [one for one in recognizer.timeline(samples[:, 0], rate) if one.speech]
    assert windows and all(tuple(one.probabilities or ()) == labels for one in windows)
    stream = recognizer.stream(rate)
    estimates = [one for one in stream.feed(np.tile(samples[:, 0], 2)) if one.speech]
    assert estimates and all(tuple(one.probabilities or ()) == labels for one in estimates)
    path = tmp_path / "one.wav"
    path.write_bytes(wav(samples[:, 0], rate))
    main(["--model", str(folder), "--json", str(path)])
    assert tuple(json.loads(capsys.readouterr().out)["probabilities"]) == labels
