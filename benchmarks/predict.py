"""How fast, how small and how frugal prediction is, against the trained model in Keras.

``python -m benchmarks.predict`` needs the models of ``make repro`` and a few minutes on one core;
it installs the light distribution in a folder of its own, prints the table of docs/predict.md and
writes benchmarks/predict.json. Times of one machine say little: look at the ratios.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import yaml
from tqdm import tqdm

from speech_emotion.audio.codec import mix_down
from speech_emotion.data.synthetic.corpus import SyntheticSettings, recordings

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "predict.json"
EXPORTED, TRAINED = ROOT / "models" / "export", ROOT / "models" / "keras"

SECONDS = 3
"""Of the one recording."""

PROCESSES = 5
"""New processes of each kind, LiteRT and Keras in turns, whose median counts."""

ONE_CORE = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")

ONE_ANSWER = """
import sys, time
began = time.perf_counter()
from speech_emotion import Recognizer
Recognizer.load(sys.argv[1]).predict(sys.argv[2])
print(time.perf_counter() - began)
"""

WARM_ANSWERS = """
import statistics, sys, time
from speech_emotion import Recognizer
recognizer, taken = Recognizer.load(sys.argv[1], int8="int8" in sys.argv), []
for _ in range(51):
    began = time.perf_counter()
    recognizer.predict(sys.argv[2])
    taken.append(time.perf_counter() - began)
print(statistics.median(taken[1:]))
"""

STREAM = """
import sys, time
import soundfile
from speech_emotion import Recognizer
samples, rate = soundfile.read(sys.argv[2], dtype="float32")
recognizer = Recognizer.load(sys.argv[1], int8="int8" in sys.argv)
stream, chunk = recognizer.stream(rate), rate // 50
for _ in range(20):
    for start in range(0, len(samples), chunk):
        began = time.perf_counter()
        if stream.feed(samples[start : start + chunk]):
            print(time.perf_counter() - began)
"""

# Linux's own count for a process; getrusage would start from that of the process that began it
TIMELINE = """
import re, sys, time
from pathlib import Path
from speech_emotion import Recognizer
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
    light = install_light(folder) / "bin" / "python"
    samples, rate = speech()
    recording = folder / "recording.wav"
    soundfile.write(recording, samples, rate)
    delays = np.array(run_on_one_core(light, STREAM, EXPORTED, recording), float)
    return {
        "recording_s": SECONDS,
        "sample_rate": rate,
        "one_recording_ms": _medians(light, WARM_ANSWERS, recording, 1000),
        "new_process_s": _medians(light, ONE_ANSWER, recording, 1),
        "installed_bytes": installed_size(light.parents[1]),
        "timeline_of_an_hour": _hour(light, samples, rate, folder),
        "stream_delay_ms": {
            "median": round(1000 * float(np.median(delays)), 2),
            "95 %": round(1000 * float(np.percentile(delays, 95)), 2),
            "estimates": len(delays),
        },
    }


def speech() -> tuple[np.ndarray, int]:
    """Speech of the embedded corpus, as long as `SECONDS`: samples [n] and their rate in Hz."""
    settings = yaml.safe_load((ROOT / "data" / "synthetic.yaml").read_text(encoding="utf-8"))
    one = next(iter(recordings(SyntheticSettings.model_validate(settings))))
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        file.write(one.read())
        file.flush()
        samples, rate = soundfile.read(file.name, dtype="float32", always_2d=True)
    return np.resize(mix_down(samples), SECONDS * rate), rate


def _medians(light: Path, program: str, recording: Path, unit: float) -> dict[str, float]:
    """Median over new processes of what a program prints, in seconds, times ``unit``."""
    taken: dict[str, list[float]] = {"litert": [], "keras": []}
    for _ in tqdm(range(PROCESSES), disable=None):
        taken["litert"] += map(float, run_on_one_core(light, program, EXPORTED, recording))
        taken["keras"] += map(
            float, run_on_one_core(Path(sys.executable), program, TRAINED, recording)
        )
    return {name: round(unit * statistics.median(times), 3) for name, times in taken.items()}


def _hour(python: Path, samples: np.ndarray, rate: int, folder: Path) -> dict[str, float]:
    """An hour of speech through `Recognizer.timeline` of the light installation."""
    path = folder / "hour.wav"
    with soundfile.SoundFile(path, "w", rate, 1, "PCM_16") as file:
        for _ in range(3600 // SECONDS):
            file.write(samples)
    seconds, windows, memory = run_on_one_core(python, TIMELINE, EXPORTED, path)
    path.unlink()
    return {
        "s": round(float(seconds), 1),
        "windows": int(windows),
        "peak_memory_bytes": int(memory),
    }


def run_on_one_core(python: Path, program: str, *arguments: Path | str) -> list[str]:
    """The words that a program prints, on one core; the light installation's own modules."""
    light = python != Path(sys.executable)
    done = subprocess.run(
        [python, "-c", program, *arguments],
        cwd=python.parent if light else ROOT,
        env={**os.environ, **dict.fromkeys(ONE_CORE, "1")},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.split()


def table(measured: dict[str, Any]) -> str:
    """The table of docs/predict.md."""
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
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    ).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(Path(folder))
    RESULTS.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    print(table(measured))


if __name__ == "__main__":
    main()
