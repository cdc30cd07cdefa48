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

from benchmarks.predict import install_light, installed_size
from stages.lib.recognizer import Recognizer


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
        told = json.loads(done.stdout)["probabilities"]
        # without SciPy, spectra differ in the last digit
        assert told == pytest.approx(expected.probabilities, abs=1e-3)
        assert done.stderr == ""
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    # processor time, which other processes can't prolong; benchmarks.predict measures the clock
    assert min(spent) < 1


def test_every_module_of_the_wheel_that_prediction_needs_is_in_it(
    light: Path, models: Path
) -> None:
    program = "import stages.predict, stages.app, stages.lib.recognizer; print(stages.__file__)"
    found = subprocess.run(
        [light / "bin" / "python", "-c", program],
        cwd=light,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert Path(found).is_relative_to(light)


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
        [light / "bin" / "python", "-m", "stages.app"],
        cwd=light,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "pip install '.[app]'" in done.stderr
