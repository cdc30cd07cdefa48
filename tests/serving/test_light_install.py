"""The installed distribution without its extras: what a product carries around."""

import json
import resource
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from exported_model import change_front_end

import speech_emotion
from benchmarks.predict import install_light, installed_size
from speech_emotion.data.corpora.ravdess import EMOTIONS
from speech_emotion.serving.recognizer import Recognizer


@pytest.fixture(scope="module")
def light(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel, at the versions of requirements.lock."""
    return install_light(tmp_path_factory.mktemp("light"))


def predict(light: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [light / "bin" / "ser-predict", *arguments],
        cwd=light,  # not the repository, whose modules would be found
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def recording(speech: tuple[np.ndarray, int], tmp_path: Path) -> Path:
    path = tmp_path / "speech.flac"
    soundfile.write(path, *speech)
    return path


@pytest.mark.slow
def test_it_is_small_and_has_nothing_of_the_pipeline(light: Path) -> None:
    assert installed_size(light) < 200e6
    [packages] = (light / "lib").glob("*/site-packages")
    for absent in ("tensorflow", "keras", "dvc", "librosa", "scipy", "pandas", "matplotlib"):
        assert not (packages / absent).exists()


def test_it_gives_the_same_answer_and_the_first_one_soon(
    light: Path, recording: Path, models: Path, recognizer: Recognizer
) -> None:
    expected = recognizer.predict(recording)
    spent = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = predict(light, "--json", "--model", models / "export", recording)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert done.returncode == 0, done.stderr
        reported = json.loads(done.stdout)["probabilities"]
        # without SciPy, spectra differ in the last digit
        assert reported == pytest.approx(expected.probabilities, abs=1e-3)
        assert done.stderr == ""
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    # processor time, which other processes can't prolong; benchmarks.predict measures the clock
    assert min(spent) < 1


def test_without_a_model_of_ones_own_one_of_real_people_answers(
    light: Path, recording: Path
) -> None:
    done = predict(light, "--json", recording)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["emotion"] in EMOTIONS
    assert done.stderr.startswith("model: ravdess (ravdess): UAR ")
    [packages] = (light / "lib").glob("*/site-packages")
    licence = packages / "speech_emotion" / "included" / "ravdess" / "LICENSE.txt"
    assert "CC BY-NC-SA 4.0" in licence.read_text(encoding="utf-8")


def test_a_model_whose_encoder_is_not_there_says_how_to_get_it(
    light: Path, recording: Path
) -> None:
    done = predict(light, "--model", "whisper-base", recording)
    assert done.returncode == 1
    assert "the encoder of the model whisper-base is fetched once" in done.stderr
    assert "pip install '.[whisper]'" in done.stderr
    assert "Traceback" not in done.stderr


OF_EXTRAS = {
    "speech_emotion.base.quiet_keras": "keras",  # pipeline
    "speech_emotion.networks.parts.addition": "keras",
    "speech_emotion.networks.parts.augmentation": "keras",
    "speech_emotion.networks.parts.layers": "keras",
    "speech_emotion.training.archive": "keras",
    "speech_emotion.training.prediction": "keras",
    "speech_emotion.training.trained_model": "keras",
    "speech_emotion.base.user_cache": "platformdirs",  # whisper
    "speech_emotion.reporting.figures": "matplotlib",  # plot
    "speech_emotion.serving.api": "anyio",  # app
    "speech_emotion.serving.conversion": "keras",
    "speech_emotion.serving.timeline_picture": "matplotlib",
}
"""Modules of the wheel that need the packages of an extra; all that only the pipeline needs, which
runs in a clone of the repository, is left out of the wheel."""


def test_every_module_of_the_wheel_can_be_imported_or_belongs_to_an_extra(light: Path) -> None:
    program = (
        "import importlib, json, pkgutil, speech_emotion\n"
        "failed = {}\n"
        "for module in pkgutil.walk_packages(speech_emotion.__path__, 'speech_emotion.'):\n"
        "    try:\n"
        "        importlib.import_module(module.name)\n"
        "    except ModuleNotFoundError as error:\n"
        "        failed[module.name] = error.name\n"
        "print(json.dumps(failed))\n"
    )
    printed = subprocess.run(
        [light / "bin" / "python", "-c", program],
        cwd=light,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert json.loads(printed) == OF_EXTRAS


def test_it_works_beside_another_projects_folder_of_stages(light: Path, tmp_path: Path) -> None:
    (tmp_path / "stages").mkdir()
    (tmp_path / "stages" / "__init__.py").write_text("OTHER = 'another project'\n")
    program = (
        "import stages, speech_emotion\n"
        "from speech_emotion import AudioError, Estimate, PipelineError, Prediction, Recognizer\n"
        "from speech_emotion import Stream, Window, __version__\n"
        "assert {*speech_emotion.__all__} <= {*dir(speech_emotion)}\n"
        "print(stages.OTHER, speech_emotion.__file__, __version__, sep='\\n')\n"
    )
    other, file, version = subprocess.run(
        [light / "bin" / "python", "-c", program],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    assert other == "another project"
    assert Path(file).is_relative_to(light)
    assert version == speech_emotion.__version__
    [packages] = (light / "lib").glob("*/site-packages")
    assert not (packages / "stages").exists()
    assert (packages / "speech_emotion" / "py.typed").exists()


@pytest.mark.parametrize(
    ("extra", "arguments"),
    [
        ("denoise", ()),
        ("plot", ("--timeline", "--plot", "out.png")),
        ("mic", ("--mic",)),
        ("pipeline", ()),
    ],
)
def test_what_it_lacks_is_refused_with_the_name_of_the_extra(
    extra: str, arguments: tuple[str, ...], light: Path, models: Path, recording: Path
) -> None:
    folder = recording.parent / "model"
    shutil.copytree(models / ("keras" if extra == "pipeline" else "export"), folder)
    if extra == "denoise":
        change_front_end(folder, "clean", noise_reduction=True)
    files = () if extra == "mic" else (recording,)
    done = predict(light, "--model", folder, *arguments, *files)
    assert done.returncode == 1
    assert f"pip install '.[{extra}]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_page_names_its_extra(light: Path) -> None:
    done = subprocess.run(
        [light / "bin" / "ser-app"],
        cwd=light,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "pip install '.[app]'" in done.stderr
