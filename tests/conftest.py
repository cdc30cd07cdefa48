"""Real recordings for the tests, in real files: a few speakers of the embedded corpus."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
import yaml
from hypothesis import settings

from benchmarks.recipes import load_front_end
from speech_emotion.audio.cleaning import clean
from speech_emotion.audio.codec import decode, mix_down
from speech_emotion.audio.variants import AugmentParams
from speech_emotion.data.synthetic.corpus import SyntheticRecording, SyntheticSettings, recordings
from speech_emotion.features import KINDS, FeaturizeParams, featurize
from speech_emotion.features.whisper import Params as WhisperParams
from speech_emotion.features.whisper_pooled import Params as PooledParams
from speech_emotion.params.clean import CleanParams
from speech_emotion.params.ingest import IngestParams
from speech_emotion.params.section import load
from speech_emotion.params.train import TrainParams
from speech_emotion.serving.recognizer import Recognizer
from stages.ingest import ingest
from stages.rename_merge import rename_merge

if TYPE_CHECKING:
    from repository import Repository

ROOT = Path(__file__).parents[1]

if "PYTEST_XDIST_WORKER" in os.environ:  # as many workers as cores: a thread for each
    for variable in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ.setdefault(variable, "1")

# a busy machine is no failure, nor is it one on some days only
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")


SLOW_FIXTURES = {
    "benchmark",
    "cluster",
    "explored",
    "first_run",
    "light",
    "models",
    "repository",
    "server",
    "whisper_preset",
}
"""A test with one of these waits for it, however quick it is itself."""

SHARED = ("models", "explored")
"""Tests of several files with one of these go to one worker, which makes it once."""

FIRST_RUN = "first-run"
"""The tag of the commit that every test with a repository begins at."""

FIRST = ("test_pipeline", "test_one_file", "test_benchmarks_run", "test_whisper_pipeline")
"""The longest files, which two workers begin with so that they end together."""


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark slow tests, and give every worker whole groups of tests that share their fixtures."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if fixtures & SLOW_FIXTURES:
            item.add_marker("slow")
        group = next((one for one in SHARED if one in fixtures), item.path.stem)
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: item.path.stem not in FIRST)


@pytest.fixture(scope="session", autouse=True)
def _cache_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The tests neither find nor leave anything in the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SER_CACHE", str(tmp_path_factory.mktemp("cache")))
        # servers of the tests listen at loopback, which no proxy reaches
        for name in ("no_proxy", "NO_PROXY"):
            patch.setenv(name, "127.0.0.1,localhost")
        yield


@pytest.fixture(scope="session")
def synthetic_recordings() -> list[SyntheticRecording]:
    """Every recording of the embedded corpus, not yet read."""
    settings = yaml.safe_load((ROOT / "data" / "synthetic.yaml").read_text())
    return list(recordings(SyntheticSettings.model_validate(settings)))


@pytest.fixture(scope="session")
def corpora_once(
    synthetic_recordings: list[SyntheticRecording], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("corpora")
    for recording in synthetic_recordings:
        if any(part in recording.name for part in ("Actor_01", "Actor_02", "/OA", "YAF_sad")):
            path = folder / recording.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(recording.read())
    return folder


@pytest.fixture
def corpora(corpora_once: Path, tmp_path: Path) -> Path:
    """A folder of corpora as a user has it, unpacked: actors 1 and 2, OAF, and some of YAF."""
    return Path(shutil.copytree(corpora_once, tmp_path / "corpora"))


@pytest.fixture
def clean_params() -> CleanParams:
    return load("clean", CleanParams, ROOT / "params.yaml")


@pytest.fixture
def augment_params() -> AugmentParams:
    """The eight variants of the original recipe; the default makes a noisy one."""
    return load_front_end("original", ROOT / "benchmarks" / "params.yaml").augment


@pytest.fixture
def featurize_params() -> FeaturizeParams:
    return load("featurize", FeaturizeParams, ROOT / "params.yaml")


@pytest.fixture(scope="session")
def whisper_preset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A preset of Whisper's form as KerasHub writes it: two tiny layers that nobody trained."""
    import keras
    import keras_hub

    keras.utils.set_random_seed(0)
    folder = tmp_path_factory.mktemp("preset")
    keras_hub.models.WhisperBackbone(
        vocabulary_size=64, num_layers=2, num_heads=2, hidden_dim=16, intermediate_dim=32
    ).save_to_preset(str(folder))
    keras_hub.layers.WhisperAudioConverter().save_to_preset(str(folder))
    return folder


@pytest.fixture
def every_kind(featurize_params: FeaturizeParams, whisper_preset: Path) -> FeaturizeParams:
    """Params that ask for all kinds of features, of functionals few convolutions."""
    sections = {
        **featurize_params.sections,
        "functionals": featurize_params.of("functionals").model_copy(update={"convolutions": 8}),
        "whisper": WhisperParams(preset=str(whisper_preset), revision=None, layers="all"),
        "whisper_pooled": PooledParams(preset=str(whisper_preset), layers="all"),
    }
    asked = featurize_params.model_copy(update={"kinds": tuple(KINDS), "sections": sections})
    return asked.prepared(16000)


def merge(source: Path, data: Path) -> None:
    """Run ingest and rename_merge on a folder of recordings, of which none may be rejected."""
    ingest(IngestParams.model_validate({"from": source, "max_rejected": 0}), data / "raw")
    rename_merge(data / "raw", data / "merged")


def wav(samples: np.ndarray, sample_rate: int = 16000, subtype: str = "PCM_16") -> bytes:
    """A WAV file of samples [n] or [n, channels], full scale 1."""
    file = io.BytesIO()
    soundfile.write(file, samples, sample_rate, format="WAV", subtype=subtype)
    return file.getvalue()


def tone(duration: float, sample_rate: int = 16000, amplitude: float = 0.3) -> np.ndarray:
    """A 220 Hz tone of ``duration`` s."""
    time = np.arange(round(duration * sample_rate)) / sample_rate
    return (amplitude * np.sin(2 * np.pi * 220 * time)).astype(np.float32)


def spoken(recordings: list[SyntheticRecording], emotion: int, actor: str) -> SyntheticRecording:
    """The first recording of speech with an emotion, by its RAVDESS code, of an actor."""
    return next(
        one
        for one in recordings
        if f"/03-01-0{emotion}-" in one.name and one.name.endswith(f"-{actor}.wav")
    )


@pytest.fixture(scope="session")
def models(
    synthetic_recordings: list[SyntheticRecording], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """keras/ and export/: a model that knows two actors' emotions, by the default front end.

    Not to be changed: it is one for all tests.
    """
    from exported_model import write_models  # it imports Keras, which most tests do without

    cleaning = load("clean", CleanParams, ROOT / "params.yaml")
    features = load("featurize", FeaturizeParams, ROOT / "params.yaml")
    examples = []
    for actor in ("01", "03"):  # two of each emotion, or they would show no spread
        for code in range(1, 9):
            recording = spoken(synthetic_recordings, code, actor)
            cleaned, _ = clean(*decode(recording.read()), cleaning)
            examples.append(featurize(cleaned, cleaning.sample_rate, features))
    folder = tmp_path_factory.mktemp("models")
    front_end = {"clean": cleaning.model_dump(), "featurize": features.model_dump(mode="json")}
    network = load("train", TrainParams, ROOT / "params.yaml").network
    write_models(folder, network, examples, front_end)
    return folder


@pytest.fixture(scope="session")
def explored(
    synthetic_recordings: list[SyntheticRecording], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The datasets of eight actors, with the faults that `explored` plants.

    Not to be changed: it is one for all tests.
    """
    from explored import make_datasets, write_corpus  # it imports this module

    folder = tmp_path_factory.mktemp("explored")
    write_corpus(folder / "corpora", synthetic_recordings)
    make_datasets(folder / "corpora", folder / "data")
    return folder / "data"


@pytest.fixture(scope="session")
def recognizer(models: Path) -> Recognizer:
    """The exported one of `models`."""
    return Recognizer.load(models / "export")


@pytest.fixture(scope="session")
def of_any_sound(models: Path) -> Recognizer:
    """The same, which answers for noise too."""
    return Recognizer.load(models / "export", any_sound=True)


@pytest.fixture(scope="session")
def speech(synthetic_recordings: list[SyntheticRecording]) -> tuple[np.ndarray, int]:
    """An angry recording of another actor: samples [n], full scale 1, and their rate in Hz."""
    samples, rate = decode(spoken(synthetic_recordings, 5, actor="02").read())
    return mix_down(samples), rate


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repository, list[str]]:
    """A clone of the project after ``dvc repro``, committed, and the stages that it ran."""
    from repository import SMALL, Repository  # it imports this module

    clone = Repository(tmp_path_factory.mktemp("clone"))
    clone.change_params(SMALL)
    ran = clone.stages_run("repro")
    clone.commit("first run")
    clone.run("git", "tag", FIRST_RUN)
    return clone, ran


@pytest.fixture
def repository(first_run: tuple[Repository, list[str]]) -> Repository:
    """The clone as the first run left it, whatever earlier tests did to it."""
    clone, _ = first_run
    clone.run("git", "checkout", "--force", "--quiet", "-B", "main", FIRST_RUN)
    clone.run("git", "clean", "--force", "-d", "--quiet")
    clone.forget_experiments()
    clone.run("dvc", "checkout", "--quiet", "--force")
    return clone


@pytest.fixture
def folder_bytes() -> Callable[[Path], dict[str, bytes]]:
    """The content of every file below a folder."""

    def read(folder: Path) -> dict[str, bytes]:
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    return read
