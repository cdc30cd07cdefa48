"""How fast, how small and how frugal prediction is, against the trained model in Keras.

``python -m benchmarks.predict`` needs the models of ``make repro`` and a few minutes on one core;
it installs the light distribution in a folder of its own, prints the table of the README and writes
benchmarks/predict.json. Times of one machine say little: look at the ratios.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import yaml
from tqdm import tqdm

from stages.lib.corpora.synthetic import SyntheticSettings, recordings
from stages.lib.recognizer import Recognizer

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "predict.json"
EXPORTED, TRAINED = ROOT / "models" / "export", ROOT / "models" / "keras"

SECONDS = 3
"""Of the one recording."""

ROUNDS, NEW_PROCESSES = 100, 5
CHUNK = 0.02
"""What the stream is fed with, in s."""

ONE_ANSWER = """
import sys, time
began = time.perf_counter()
from stages.predict import Recognizer
Recognizer.load(sys.argv[1]).predict(sys.argv[2])
print(time.perf_counter() - began)
"""

# Linux's own count for a process; getrusage would start from that of the process that began it
ONE_TIMELINE = """
import re, sys, time
from pathlib import Path
from stages.predict import Recognizer
recognizer = Recognizer.load(sys.argv[1])
began = time.perf_counter()
windows = recognizer.timeline(sys.argv[2])
print(time.perf_counter() - began, len(windows))
print(1024 * int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]))
"""


def install_light(folder: Path) -> Path:
    """Build the wheel and install it without its extras, at the versions of requirements.lock.

    Returns
    -------
    Path
        The virtual environment, in ``folder``.
    """
    uv, environment = str(Path(sys.executable).with_name("uv")), folder / "environment"
    subprocess.run([uv, "build", "--quiet", "--wheel", "--out-dir", folder, ROOT], check=True)
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, environment], check=True)
    [wheel] = folder.glob("*.whl")
    python = str(environment / "bin" / "python")
    lock = str(ROOT / "requirements.lock")
    install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python]
    subprocess.run([*install, "--constraint", lock, str(wheel)], check=True)
    return environment


def installed_size(environment: Path) -> int:
    """Bytes of all files of a virtual environment's packages, their bytecode included."""
    return sum(file.stat().st_size for file in (environment / "lib").rglob("*") if file.is_file())


def measure(folder: Path) -> dict[str, Any]:
    """Measure everything; ``folder`` is for what it writes on the way."""
    light = install_light(folder)
    samples, rate = _speech()
    recording = folder / "recording.wav"
    soundfile.write(recording, samples, rate)
    lite, keras = Recognizer.load(EXPORTED), Recognizer.load(TRAINED)
    once = _medians(
        {"litert": lambda: lite.predict(recording), "keras": lambda: keras.predict(recording)},
        ROUNDS,
    )
    started = _medians(
        {
            "litert": lambda: _answer(light / "bin" / "python", EXPORTED, recording),
            "keras": lambda: _answer(Path(sys.executable), TRAINED, recording),
        },
        NEW_PROCESSES,
    )
    return {
        "recording_s": SECONDS,
        "sample_rate": rate,
        "one_recording_ms": {name: round(1000 * value, 2) for name, value in once.items()},
        "new_process_s": {name: round(value, 3) for name, value in started.items()},
        "installed_bytes": installed_size(light),
        "timeline_of_an_hour": _hour(light / "bin" / "python", samples, rate, folder),
        "stream_delay_ms": _delays(lite, samples, rate),
    }


def _speech() -> tuple[np.ndarray, int]:
    """Speech of the embedded corpus, as long as `SECONDS`: samples [n] and their rate in Hz."""
    settings = yaml.safe_load((ROOT / "data" / "synthetic.yaml").read_text(encoding="utf-8"))
    one = next(iter(recordings(SyntheticSettings.model_validate(settings))))
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        file.write(one.read())
        file.flush()
        samples, rate = soundfile.read(file.name, dtype="float32", always_2d=True)
    return np.resize(samples.mean(axis=1), SECONDS * rate), rate


def _medians(ways: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median wall clock of each way, in s; they take turns, and the first round only warms up.

    A way that returns a number has measured itself.
    """
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in tqdm(range(rounds + 1), disable=None):
        for name, way in ways.items():
            began = time.perf_counter()
            told = way()
            taken[name].append(told if isinstance(told, float) else time.perf_counter() - began)
    return {name: statistics.median(times[1:]) for name, times in taken.items()}


def _answer(python: Path, model: Path, recording: Path) -> float:
    """Import, load and the first answer in a new process, in s."""
    return float(_run(python, ONE_ANSWER, model, recording)[0])


def _hour(python: Path, samples: np.ndarray, rate: int, folder: Path) -> dict[str, float]:
    """An hour of speech through `Recognizer.timeline` of the light installation."""
    path = folder / "hour.wav"
    with soundfile.SoundFile(path, "w", rate, 1, "PCM_16") as file:
        for _ in range(3600 // SECONDS):
            file.write(samples)
    seconds, windows, memory = _run(python, ONE_TIMELINE, EXPORTED, path)
    path.unlink()
    return {
        "s": round(float(seconds), 1),
        "windows": int(windows),
        "peak_memory_bytes": int(memory),
    }


def _delays(recognizer: Recognizer, samples: np.ndarray, rate: int) -> dict[str, float]:
    """From the last sample of a hop going in to the estimate coming out, in ms."""
    stream = recognizer.stream(rate)
    size = round(CHUNK * rate)
    delays = []
    long = np.tile(samples, 20)
    for start in range(0, len(long), size):
        began = time.perf_counter()
        if stream.feed(long[start : start + size]):
            delays.append(1000 * (time.perf_counter() - began))
    return {
        "median": round(statistics.median(delays), 2),
        "95 %": round(float(np.percentile(delays, 95)), 2),
        "estimates": len(delays),
    }


def _run(python: Path, program: str, *arguments: Path) -> list[str]:
    """The words that a program prints. It runs on one core, outside of the repository."""
    light = python != Path(sys.executable)
    done = subprocess.run(
        [python, "-c", program, *arguments],
        cwd=python.parent if light else ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.split()


def table(measured: dict[str, Any]) -> str:
    """The table of the README."""
    once, started = measured["one_recording_ms"], measured["new_process_s"]
    hour, delay = measured["timeline_of_an_hour"], measured["stream_delay_ms"]
    rows = [
        (
            f"one {measured['recording_s']} s recording, median, front end included",
            f"{once['litert']:.1f} ms",
            f"{once['keras']:.1f} ms",
            "15 ms",
        ),
        (
            "import, load and first answer in a new process",
            f"{started['litert']:.2f} s",
            f"{started['keras']:.2f} s",
            "1 s",
        ),
        ("installed size", f"{measured['installed_bytes'] / 1e6:.0f} MB", "", "200 MB"),
        (
            "memory while a one-hour file goes through `timeline`",
            f"{hour['peak_memory_bytes'] / 1e6:.0f} MB ({hour['s']:.0f} s)",
            "",
            "300 MB",
        ),
        (
            "stream: from the last sample in to the estimate out, median",
            f"{delay['median']:.1f} ms",
            "",
            "20 ms",
        ),
    ]
    lines = ["| what | LiteRT | Keras | target |", "|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(Path(folder))
    RESULTS.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    print(table(measured))


if __name__ == "__main__":
    main()
