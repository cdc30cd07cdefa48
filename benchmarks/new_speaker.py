"""What one more speaker costs: measured on real recordings, and simulated for a million of them.

``python -m benchmarks.new_speaker CORPORA`` brings features up to date by the real dvc after 60
recordings arrived beside 5,192, and tells apart what DVC itself takes, what the stages take to
start (Python and its imports), and their work. Then it has DVC carry as many shards as a million
recordings make through as many stages, each of which links all files and changes few. It writes
benchmarks/new_speaker.json and prints the tables of docs/cluster.md; ten minutes on 2 cores.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.speed import Clone, copied, speaker_added
from benchmarks.tables import table
from speech_emotion.data.dataset import MAX_SHARD_UTTERANCES, SPEAKER_BUCKETS

RESULTS = Path(__file__).with_suffix(".json")
MODULES = (
    "speech_emotion.data.check",
    *(f"stages.{name}" for name in ("ingest", "rename_merge", "clean", "augment", "featurize")),
)
MILLION = 1_000_000
COLUMNS = ("seconds from nothing", "seconds", "of which DVC", "start-up", "work")


def one_round(source: Path, folder: Path) -> dict[str, float]:
    """Seconds from nothing to features, and after a speaker arrived, by what takes them."""
    cache = folder / "cache"
    clone = Clone.make(folder / "clone", source)
    full = clone.repro(cache, "featurize")
    added = speaker_added(clone, cache, source, folder / "aside")
    start = sum(start_up(module) for module in MODULES)
    stages = sum(added.stages.values())
    values = (full.total, added.total, added.dvc, start, max(0.0, stages - start))
    return dict(zip(COLUMNS, values, strict=True))


def start_up(module: str) -> float:
    """Seconds that Python takes to start and import a stage."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
    return time.perf_counter() - began


def simulated(folder: Path, shards: int, changed: int) -> dict[str, float]:
    """Seconds of ``dvc repro`` over small files: the first, after a few changed, the next.

    Parameters
    ----------
    folder : Path
        Where to make the repository.
    shards, changed : int
        How many files each of six outputs has, and how many of them change.
    """
    source = folder / "source"
    source.mkdir(parents=True)
    for number in range(shards):
        (source / f"{number:06d}.tar").write_text(f"shard {number}\n")
    stages: dict[str, Any] = {}
    for number, _ in enumerate(MODULES):
        before = "source" if not number else f"out{number}"
        after = f"out{number + 1}"
        stages[after] = {"cmd": f"cp -rl {before} {after}", "deps": [before], "outs": [after]}
    for command in (["git", "init", "--quiet"], ["dvc", "init", "--quiet"]):
        subprocess.run(command, cwd=folder, check=True)
    subprocess.run(["dvc", "config", "cache.type", "hardlink,copy"], cwd=folder, check=True)
    (folder / "dvc.yaml").write_text(json.dumps({"stages": stages}))
    first = _repro(folder)
    for number in range(changed):
        path = source / f"{number:06d}.tar"
        path.unlink()
        path.write_text(f"shard {number}, changed\n")
    return {"from nothing": first, "some changed": _repro(folder), "nothing to do": _repro(folder)}


def _repro(folder: Path) -> float:
    began = time.perf_counter()
    subprocess.run(["dvc", "repro", "--quiet"], cwd=folder, check=True)
    return time.perf_counter() - began


def page(result: dict[str, Any]) -> str:
    """Both tables."""
    of = result["median"]
    share = of["seconds"] / of["seconds from nothing"]
    head = ["ingest to featurize", "s"]
    rows = [
        ["5,252 recordings from nothing", f"{of['seconds from nothing']:.1f}"],
        ["after 60 of them arrived", f"{of['seconds']:.1f} ({100 * share:.0f} %)"],
        *([f"- {name}", f"{of[name]:.1f}"] for name in COLUMNS[2:]),
    ]
    million = result["million"]
    simulated_rows = [
        [f"{million['shards']:,} shards, {name}", f"{million['seconds'][name]:.1f}"]
        for name in million["seconds"]
    ]
    return table(head, rows) + "\n" + table(["DVC alone, six stages", "s"], simulated_rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.new_speaker")
    parser.add_argument("corpora", type=Path, help="folder with RAVDESS and TESS, unpacked")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    rounds = []
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as place:
        source = copied(asked.corpora, Path(place) / "corpora")
        for number in range(asked.rounds):
            folder = Path(place) / f"round{number}"
            folder.mkdir()
            rounds.append(one_round(source, folder))
            print(json.dumps(rounds[-1]), flush=True)
            shutil.rmtree(folder)
        shards = -(-MILLION // MAX_SHARD_UTTERANCES)
        # speakers share buckets, whose shards are cut anew where one is added
        changed = -(-shards // SPEAKER_BUCKETS)
        seconds = simulated(Path(place) / "million", shards, changed)
    result = {
        "median": {name: statistics.median(one[name] for one in rounds) for name in COLUMNS},
        "million": {"shards": shards, "changed": changed, "seconds": seconds},
        "rounds": rounds,
    }
    RESULTS.write_text(json.dumps(result, indent=2) + "\n")
    print(page(result))


if __name__ == "__main__":
    main()
