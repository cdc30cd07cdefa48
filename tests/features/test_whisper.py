"""Whisper's embeddings are KerasHub's own, frames and pooled; a missing preset is reported."""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import keras
import keras_hub
import numpy as np
import pytest
import soxr
from conftest import ROOT

from speech_emotion.audio.codec import decode
from speech_emotion.base.errors import PipelineError
from speech_emotion.data.synthetic.corpus import SyntheticRecording
from speech_emotion.features import FeaturizeParams, featurize, whisper, whisper_pooled
from speech_emotion.features.parts.whisper_encoder import log_mel
from speech_emotion.features.whisper import Params as WhisperParams
from speech_emotion.features.whisper_pooled import Params as PooledParams

RATE = 16000


@pytest.fixture
def params(whisper_preset: Path) -> WhisperParams:
    return WhisperParams(preset=str(whisper_preset), revision=None, layers="all")


def noise(seconds: float, rate: int = RATE) -> np.ndarray:
    values = np.random.default_rng(0).normal(0, 0.1, round(seconds * rate))
    return values.astype(np.float32)


@pytest.mark.parametrize(
    ("seconds", "mels"), [(0.01, 80), (0.25, 80), (1.0, 128), (3.71, 80), (29.99, 80), (30.0, 80)]
)
def test_the_spectrogram_is_the_beginning_of_kerashubs(seconds: float, mels: int) -> None:
    samples = noise(seconds)
    converter = keras_hub.layers.WhisperAudioConverter(num_mels=mels)
    given = log_mel(samples, mels)
    assert given.shape == (2 * np.ceil(seconds / 0.02), mels)
    np.testing.assert_allclose(given, np.asarray(converter(samples))[: len(given)], atol=1e-5)


@pytest.fixture
def pooled_params(whisper_preset: Path) -> PooledParams:
    return PooledParams(preset=str(whisper_preset), layers="all")


@pytest.mark.slow
def test_pooled_values_are_statistics_of_the_frames_of_the_speech(
    params: WhisperParams, pooled_params: PooledParams
) -> None:
    # louder and louder
    samples = noise(1.234) * np.linspace(0.01, 1, round(1.234 * RATE), dtype=np.float32)
    with_silence = np.pad(samples, (0, round(1.24 * RATE) - len(samples) + RATE // 2))
    speech = whisper.compute(with_silence, RATE, params)[:62]
    # the spectrogram is (log10(power) + 4) / 4
    power = 10 ** (4 * log_mel(with_silence, 80)[:124].reshape(62, -1).mean(axis=1) - 4)
    loud_mean = np.average(speech, axis=0, weights=power**0.25)
    assert np.abs(loud_mean - speech.mean(axis=0)).max() > 0.01
    expected = np.stack([speech.mean(axis=0), speech.std(axis=0), loud_mean], axis=1)
    given = whisper_pooled.compute(samples, RATE, pooled_params)
    np.testing.assert_allclose(given.reshape(3, 3, 16), expected, atol=1e-5)
    some = pooled_params.model_copy(
        update={"layers": (0, 2), "statistics": ("deviation", "loud_mean")}
    )
    chosen = whisper_pooled.compute(samples, RATE, some).reshape(2, 2, 16)
    np.testing.assert_allclose(chosen, expected[[0, 2], 1:], atol=1e-5)
    absent = pooled_params.model_copy(update={"layers": (1, 3)})
    with pytest.raises(PipelineError, match=r"layers is \[1, 3\]: expected all or numbers up to 2"):
        whisper_pooled.compute(samples, RATE, absent)


def test_layers_above_the_last_one_that_is_pooled_are_not_computed(
    pooled_params: PooledParams,
) -> None:
    def parameters(layers: tuple[int, ...]) -> int:
        chosen = pooled_params.model_copy(update={"layers": layers})
        return int(whisper_pooled.encoder(chosen).count_params())

    assert parameters((0,)) < parameters((1,)) < parameters((0, 2)) == parameters((0, 1, 2))


def test_long_recordings_are_pooled_in_equal_blocks(pooled_params: PooledParams) -> None:
    samples = noise(40)
    halves = [
        whisper_pooled.compute(half, RATE, pooled_params) for half in np.array_split(samples, 2)
    ]
    given = whisper_pooled.compute(samples, RATE, pooled_params)
    np.testing.assert_allclose(given, np.mean(halves, axis=0), atol=1e-6)


REAL_PRESET = os.environ.get("SER_WHISPER_PRESET")


@pytest.mark.skipif(
    not REAL_PRESET, reason="SER_WHISPER_PRESET names no folder with a preset of Whisper"
)
def test_a_real_encoder_hears_emotions(synthetic_recordings: list[SyntheticRecording]) -> None:
    """Nearest class means tell the emotions of voices that code makes, of other speakers too."""
    params = PooledParams(preset=str(REAL_PRESET), layers="all")
    vectors, emotions, speakers = [], [], []
    for recording in synthetic_recordings:
        stem = Path(recording.name).stem
        if not re.fullmatch("03-01-0[1-8]-0[12]-01-01-0[1-6]", stem):
            continue
        samples, sample_rate = decode(recording.read())
        vectors.append(whisper_pooled.compute(samples[:, 0], sample_rate, params))
        emotions.append(stem[6:8])
        speakers.append(stem[-2:])
    values, emotion, speaker = np.stack(vectors), np.array(emotions), np.array(speakers)
    values = (values - values.mean(axis=0)) / values.std(axis=0)
    trains = speaker < "05"
    classes = np.unique(emotion)
    means = np.stack([values[trains & (emotion == one)].mean(axis=0) for one in classes])
    distances = np.linalg.norm(values[~trains][:, None] - means, axis=2)
    right = classes[distances.argmin(axis=1)] == emotion[~trains]
    assert right.mean() > 0.4, "chance is an eighth"


@pytest.mark.slow
def test_embeddings_of_30_seconds_are_those_of_kerashubs_model(params: WhisperParams) -> None:
    samples = noise(30)
    backbone = keras_hub.models.WhisperBackbone.from_preset(params.preset)
    converter = keras_hub.layers.WhisperAudioConverter.from_preset(params.preset)
    first = backbone.get_layer("transformer_encoder_layer_0").output
    model = keras.Model(backbone.input, [first, backbone.output["encoder_sequence_output"]])
    tokens = np.ones((1, 1))
    expected = model.predict_on_batch(
        {
            "encoder_features": np.asarray(converter(samples))[None],
            "decoder_token_ids": tokens,
            "decoder_padding_mask": tokens,
        }
    )
    given = whisper.compute(samples, RATE, params)
    assert given.shape == (1500, 3, 16)
    for layer, values in zip((1, 2), expected, strict=True):
        np.testing.assert_allclose(given[:, layer], values[0], atol=1e-5)


@pytest.mark.slow
def test_one_layer_is_the_same_as_among_all(params: WhisperParams) -> None:
    samples = noise(1.234)
    everything = whisper.compute(samples, RATE, params)
    assert everything.shape == (62, 3, 16)
    for layers, place in ((0, 0), (1, 1), (2, 2), ("last", 2)):
        one = whisper.compute(samples, RATE, params.model_copy(update={"layers": layers}))
        np.testing.assert_allclose(one, everything[:, [place]], atol=1e-5)


def test_beyond_30_seconds_recordings_are_embedded_in_equal_blocks(params: WhisperParams) -> None:
    samples = noise(40)
    halves = [
        whisper.compute(samples[:320000], RATE, params),
        whisper.compute(samples[320000:], RATE, params),
    ]
    np.testing.assert_array_equal(whisper.compute(samples, RATE, params), np.concatenate(halves))


def test_other_sample_rates_are_resampled(params: WhisperParams) -> None:
    samples = noise(1, RATE // 2)
    expected = whisper.compute(soxr.resample(samples, RATE // 2, RATE), RATE, params)
    np.testing.assert_array_equal(whisper.compute(samples, RATE // 2, params), expected)


@pytest.mark.slow
def test_pinned_features_refuse_other_weights(params: WhisperParams, tmp_path: Path) -> None:
    found = whisper.prepare(params, RATE)
    assert re.fullmatch("[0-9a-f]{64}", str(found.revision))
    assert whisper.prepare(found, RATE) == found
    for path in Path(params.preset).iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    moved = found.model_copy(update={"preset": str(tmp_path)})
    again = whisper.prepare(moved, RATE)
    assert again.revision == found.revision, "the same files elsewhere are the same preset"

    backbone = keras_hub.models.WhisperBackbone.from_preset(params.preset, load_weights=False)
    backbone.save_weights(tmp_path / "model.weights.h5")
    with pytest.raises(PipelineError, match=f"expected {found.revision}, as featurize"):
        whisper.compute(noise(1), RATE, moved)


def test_a_layer_that_is_not_there_is_reported(params: WhisperParams) -> None:
    with pytest.raises(PipelineError, match=r"layers is 3: expected last, all or .* up to 2"):
        whisper.compute(noise(1), RATE, params.model_copy(update={"layers": 3}))


@pytest.mark.parametrize(
    ("preset", "sentence"),
    [
        ("whisper_smal_en", "expected a folder that exists, hf://OWNER/NAME, .*whisper_small_en"),
        ("data/whisper", "expected a folder that exists"),
        ("kaggle://keras/whisper", "expected a folder that exists"),
        ("hf://nobody/nothing", "could not be downloaded .* check name, revision and connection"),
        ("whisper_tiny_en", "could not be downloaded .* check name, revision and connection"),
    ],
)
def test_a_preset_that_is_not_there_is_reported(
    params: WhisperParams, preset: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")  # where nobody answers
    with pytest.raises(PipelineError, match=f"(?s)preset is '{preset}'.*{sentence}"):
        whisper.prepare(params.model_copy(update={"preset": preset}), RATE)


def test_a_folder_that_holds_no_preset_is_reported(params: WhisperParams, tmp_path: Path) -> None:
    other = params.model_copy(update={"preset": str(tmp_path)})
    with pytest.raises(PipelineError, match=r"not a preset of Whisper .* expected the files that"):
        whisper.compute(noise(1), RATE, other)
    (tmp_path / "config.json").write_text('{"model_type": "whisper"}')
    with pytest.raises(PipelineError, match=r"not a preset of Whisper .* expected the files that"):
        whisper.compute(noise(1), RATE, other)


def test_without_the_extra_the_kind_is_reported(
    every_kind: FeaturizeParams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keras_hub", None)  # as if it were not installed
    with pytest.raises(
        PipelineError, match=r"extra `whisper`, or take whisper out of featurize\.kinds"
    ):
        whisper.prepare(every_kind.of("whisper"), RATE)
    others = every_kind.model_copy(update={"kinds": ("log_mel", "mfcc")})
    assert set(featurize(noise(1), RATE, others)) == {"log_mel", "mfcc"}


def test_other_kinds_do_not_pay_for_whisper() -> None:
    program = (
        "import sys, numpy as np\n"
        "from speech_emotion.features import featurize\n"
        "from speech_emotion.features import FeaturizeParams\n"
        "from speech_emotion.params.section import load\n"
        "featurize(np.ones(16000, np.float32), 16000, load('featurize', FeaturizeParams))\n"
        "heavy = {'keras', 'tensorflow', 'keras_hub', 'huggingface_hub', 'kagglehub'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def hub(whisper_preset: Path) -> Iterator[tuple[ThreadingHTTPServer, list[str]]]:
    """A server on this machine that has one repository, and the requests that reached it."""
    files = {path.name: path.read_bytes() for path in whisper_preset.iterdir()}
    asked: list[str] = []

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            if "owner/tiny" in path:  # the client asks for other things too
                asked.append(path)
            name = path.rpartition("/")[2]
            if path == "/api/models/owner/tiny/revision/main":
                described = {"id": "owner/tiny", "sha": COMMIT, "siblings": []}
                self.answer(json.dumps(described).encode())
            elif path == f"/api/models/owner/tiny/tree/{COMMIT}":
                listed_files = [
                    {"type": "file", "path": name, "size": len(content), "oid": digest(content)}
                    for name, content in files.items()
                ]
                self.answer(json.dumps(listed_files).encode())
            elif path == f"/owner/tiny/resolve/{COMMIT}/{name}" and name in files:
                self.answer(files[name])
            else:
                self.send_error(404)

        def answer(self, content: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("ETag", f'"{digest(content)}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    def digest(content: bytes) -> str:
        return hashlib.sha1(content).hexdigest()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server, asked
    server.shutdown()
    server.server_close()


@pytest.mark.slow
def test_a_repository_is_downloaded_once_and_then_needs_no_connection(
    hub: tuple[ThreadingHTTPServer, list[str]], whisper_preset: Path, tmp_path: Path
) -> None:
    server, asked = hub

    def find(revision: str | None) -> Path:
        program = (
            "from speech_emotion.base.presets import find\n"
            f"preset = find('hf://owner/tiny', {revision!r}, 'featurize.whisper')\n"
            "print(preset.revision, preset.folder)"
        )
        environment = {
            **os.environ,
            "HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
            "NO_PROXY": "127.0.0.1",
            "SER_CACHE": str(tmp_path / "cache"),
        }
        printed = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        commit, _, folder = printed.strip().partition(" ")
        assert commit == COMMIT
        return Path(folder)

    folder = find(None)
    assert folder.is_relative_to(tmp_path / "cache")
    wanted = {"config.json", "audio_converter.json", "model.weights.h5"}
    assert {path.name for path in folder.iterdir()} == wanted
    for name in wanted:
        assert (folder / name).read_bytes() == (whisper_preset / name).read_bytes()
    before = len(asked)
    assert find(COMMIT) == folder
    assert asked[before:] == [], "a known commit is not asked for again"
    server.shutdown()
    server.server_close()  # or connections would wait
    assert find(None) == folder
