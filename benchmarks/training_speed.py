"""Training with freed memory kept, against training as TensorFlow's generator operation leaves it.

``python -m benchmarks.training_speed FEATURES`` trains `cnn2d` for an epoch, each time in a process
of its own and in turns with the one and the other, and writes benchmarks/training_speed.json:
seconds and page faults of each, medians, and whether both end with the same weights.

All of it is done twice. On processors that it finds made for networks (those with AVX512 VNNI or
AMX), TensorFlow computes with oneDNN, whose allocator keeps memory by itself. It computes here as
on all others, where every tensor is malloc's, with ``TF_ENABLE_ONEDNN_OPTS=0``.
"""

import argparse
import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from speech_emotion.data.feature_store import FeatureStore
from speech_emotion.data.feature_subset import FeatureSubset
from speech_emotion.data.task import set_task
from speech_emotion.networks import find
from speech_emotion.params.labels import LabelParams
from speech_emotion.params.section import load
from speech_emotion.params.split import SplitParams
from speech_emotion.params.train import TrainParams
from speech_emotion.training import feeding
from speech_emotion.training.training import train

RESULTS = Path(__file__).with_suffix(".json")
NETWORK = "cnn2d"
MODES = ("kept", "returned")
PROCESSORS = {"with oneDNN": "1", "without oneDNN": "0"}


def train_once(features: Path, mode: str) -> dict[str, Any]:
    """Train in this process: wall clock in s, page faults, and the hash of the weights."""
    if mode == "returned":
        vars(feeding)["keep_freed_memory"] = lambda: None
    store = FeatureStore(features)
    network = find(NETWORK, store.utterance_kinds, store.frame_kinds)
    task = set_task(store.manifest, load("split", SplitParams), load("labels", LabelParams))
    rows = task.rows("train", with_variants=True)
    training = FeatureSubset(store, network.training_kinds, task, rows)
    nobody = FeatureSubset(store, network.kinds, task, rows[:0])
    params = load("train", TrainParams).model_copy(update={"network": NETWORK, "epochs": 1})
    faults, began = _faults(), time.perf_counter()
    with tempfile.TemporaryDirectory() as curves:
        model = train(network, training, nobody, params, Path(curves)).model
    weights = hashlib.sha256()
    for weight in model.weights:
        weights.update(weight.numpy().tobytes())
    return {
        "seconds": round(time.perf_counter() - began, 1),
        "faults": _faults() - faults,
        "weights": weights.hexdigest(),
    }


def _faults() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training_speed")
    parser.add_argument("features", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--once", choices=MODES, help="train in this process, and print it")
    asked = parser.parse_args()
    if asked.once:
        print(json.dumps(train_once(asked.features, asked.once)))
        return
    results = {
        processor: compared(asked.features, asked.rounds, {"TF_ENABLE_ONEDNN_OPTS": switch})
        for processor, switch in PROCESSORS.items()
    }
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    print(json.dumps(results, indent=2))


def compared(features: Path, rounds: int, variables: dict[str, str]) -> dict[str, Any]:
    """Medians of both ways over some rounds, under variables of the environment."""
    runs: dict[str, list[dict[str, Any]]] = {mode: [] for mode in MODES}
    command = [sys.executable, "-m", "benchmarks.training_speed", str(features), "--once"]
    for number in range(rounds):
        for mode in MODES if number % 2 else reversed(MODES):
            done = subprocess.check_output([*command, mode], env={**os.environ, **variables})
            runs[mode].append(json.loads(done))
    medians = {
        mode: {of: statistics.median(run[of] for run in runs[mode]) for of in ("seconds", "faults")}
        for mode in MODES
    }
    return {
        **medians,
        "times_as_fast": round(medians["returned"]["seconds"] / medians["kept"]["seconds"], 2),
        "same_weights": len({run["weights"] for mode in MODES for run in runs[mode]}) == 1,
        "rounds": rounds,
    }


if __name__ == "__main__":
    main()
