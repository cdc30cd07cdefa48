"""What a model costs beside what it reaches: milliseconds and megabytes of several exported models.

``python -m benchmarks.costs RECIPE=FOLDER ...`` takes the folder that the export stage wrote of a
model by each recipe (docs/results.md says how they are made), installs the light distribution in a
folder of its own, and writes benchmarks/costs.json. Times of one machine say little: look at the
ratios.
"""

import argparse
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

import soundfile

from benchmarks.predict import (
    ROOT,
    SECONDS,
    STREAM,
    WARM_ANSWERS,
    install_light,
    run_on_one_core,
    speech,
)
from speech_emotion.training.model_settings import INT8

RESULTS = ROOT / "benchmarks" / "costs.json"

ROUNDS = 3
"""New processes for each model and precision, in turns, whose median counts."""


def measure(exported: dict[str, Path], folder: Path) -> dict[str, Any]:
    """Measure every model in both precisions; ``folder`` is for what it writes on the way."""
    light = install_light(folder) / "bin" / "python"
    samples, rate = speech()
    recording = folder / "recording.wav"
    soundfile.write(recording, samples, rate)
    precisions = ("float32", "int8")
    taken: dict[tuple[str, str, str], list[float]] = {}
    for _ in range(ROUNDS):
        for recipe, model in exported.items():
            for precision in precisions:
                for what, program in (
                    ("one_recording_ms", WARM_ANSWERS),
                    ("stream_delay_ms", STREAM),
                ):
                    printed = run_on_one_core(light, program, model, recording, precision)
                    seconds = statistics.median(map(float, printed))
                    taken.setdefault((recipe, precision, what), []).append(1000 * seconds)
    return {
        "recording_s": SECONDS,
        "models": {
            recipe: {
                precision: {
                    "bytes": sum(
                        file.stat().st_size
                        for file in model.glob("*.tflite")
                        if (INT8 in file.name) == (precision == "int8")
                    ),
                    **{
                        what: round(statistics.median(taken[recipe, precision, what]), 1)
                        for what in ("one_recording_ms", "stream_delay_ms")
                    },
                }
                for precision in precisions
            }
            for recipe, model in exported.items()
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.costs",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("models", nargs="+", metavar="RECIPE=FOLDER")
    models = parser.parse_args().models
    if wrong := [one for one in models if "=" not in one]:
        parser.error(f"{wrong[0]!r} is not RECIPE=FOLDER, such as best=models/export.")
    named = (one.partition("=") for one in models)
    exported = {recipe: Path(model).resolve() for recipe, _, model in named}
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(exported, Path(folder))
    RESULTS.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(measured, indent=2))


if __name__ == "__main__":
    main()
