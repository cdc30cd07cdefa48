"""How fast the data stages are against the original recipe, and what a change costs.

``python -m benchmarks.speed CORPORA`` needs the real corpora (5,252 recordings) and about 20
minutes on 2 cores; it alternates the two on one machine, prints the table of docs/cluster.md and
writes benchmarks/speed.json. Times of one machine say little: look at the ratios.
"""

import argparse
import json
import os
import random
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import psutil
import yaml
from scipy import fft
from tqdm import tqdm

from benchmarks import original

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "speed.json"
STAGES = ("clean", "augment", "featurize")
COMMAND = re.compile(r"stages\.|speech_emotion\.data\.check$")
"""The modules that DVC runs: a stage's, or the check's."""
NEW_SPEAKER = "Actor_24"
FEW = r"Speech_Actors_01-24/Actor_0[12]/"
"""The paths of few recordings, for the memory that they take."""
COMPARED: dict[str, dict[str, Any]] = {
    "augment": {
        "variants": [
            *({"pitch": semitones} for semitones in original.PITCHES),
            *({"stretch": speed} for speed in original.STRETCHES),
        ]
    },
    "featurize": {"kinds": ["log_mel"]},
}
"""Changes to params.yaml: as many variants as the original recipe makes, one kind of features."""
SAMPLING = 0.2  # s between two looks at the processes


@dataclass
class Run:
    """What one ``dvc repro`` cost.

    Attributes
    ----------
    total : float
        Wall clock, in s.
    stages : dict of str to float
        Wall clock of each stage's command, in s.
    worker : dict of str to int
        Most memory of any of the stage's workers, in bytes.
    """

    total: float = 0.0
    stages: dict[str, float] = field(default_factory=dict)
    worker: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def data(self) -> float:
        """Wall clock of clean, augment and featurize, in s."""
        return sum(self.stages[stage] for stage in STAGES)

    @property
    def dvc(self) -> float:
        """Wall clock of DVC itself, in s."""
        return self.total - sum(self.stages.values())


class Watch(threading.Thread):
    """Looks at the processes below one as long as it runs, and notes stages and memory."""

    def __init__(self, process: psutil.Process, run: Run) -> None:
        super().__init__(daemon=True)
        self.process, self.run_of = process, run

    def run(self) -> None:
        began: dict[str, float] = {}
        while self.process.is_running() and self.process.status() != psutil.STATUS_ZOMBIE:
            now = time.perf_counter()
            stage = ""
            for child in _descendants(self.process):
                try:
                    command, memory = child.cmdline(), child.memory_info().rss
                except psutil.Error:
                    continue
                named = [word.rpartition(".")[2] for word in command if COMMAND.match(word)]
                if named and "-m" in command:
                    stage = named[0]
                    self.run_of.stages[stage] = now - began.setdefault(stage, now)
                elif stage:
                    self.run_of.worker[stage] = max(self.run_of.worker[stage], memory)
            time.sleep(SAMPLING)


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


class Clone:
    """A clone of the project, run by the real dvc."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def make(
        cls, folder: Path, source: Path, changes: dict[str, dict[str, Any]] = COMPARED
    ) -> Self:
        """Clone the project into a folder, to take its recordings from a source.

        Parameters
        ----------
        folder, source : Path
            Where the clone will be; a folder of corpora.
        changes : dict
            By section, changes to the params.yaml committed.
        """
        subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
        params = yaml.safe_load((folder / "params.yaml").read_text())
        params["ingest"]["from"] = str(source)
        for section, values in changes.items():
            params[section].update(values)
        (folder / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
        return cls(folder)

    def repro(self, cache: Path, *arguments: str, workers: int | None = None) -> Run:
        """Run ``dvc repro`` with a user's cache of its own."""
        variables = {} if workers is None else {"SER_WORKERS": str(workers)}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        run = Run()
        began = time.perf_counter()
        process = psutil.Popen(
            ["dvc", "repro", *arguments],
            cwd=self.folder,
            env={**os.environ, "PATH": path, "SER_CACHE": str(cache), **variables},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        watch = Watch(process, run)
        watch.start()
        code = process.wait()
        run.total = time.perf_counter() - began
        watch.join()
        if code:
            sys.exit(f"dvc repro {' '.join(arguments)} failed in {self.folder}")
        return run


def time_original(recordings: Sequence[Path], folder: Path) -> dict[str, float]:
    """Seconds a recording that the original recipe takes, by stage, its variants included."""
    folder.mkdir()
    cleaned = [folder / f"{recording.stem}.wav" for recording in recordings]
    seconds = {}
    began = time.perf_counter()
    for recording, path in zip(recordings, cleaned, strict=True):
        original.clean(recording, path)
    seconds["clean"] = time.perf_counter() - began
    began = time.perf_counter()
    for semitones in original.PITCHES:
        for path in cleaned:
            original.pitched(path, path.with_name(f"{path.stem}_{semitones}.wav"), semitones)
    for speed in original.STRETCHES:
        for path in cleaned:
            original.stretched(path, path.with_name(f"{path.stem}_{speed}.wav"), speed)
    seconds["augment"] = time.perf_counter() - began
    began = time.perf_counter()
    for path in folder.iterdir():
        original.featurize(path)
    seconds["featurize"] = time.perf_counter() - began
    shutil.rmtree(folder)
    return {stage: value / len(recordings) for stage, value in seconds.items()}


def copied(source: Path, target: Path, *, only: str = "") -> Path:
    """A copy of a folder of corpora, or of the files there whose paths hold a pattern."""
    for path in source.rglob("*"):
        if path.is_file() and re.search(only, path.as_posix()):
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
    return target


def speaker_added(clone: Clone, cache: Path, source: Path, aside: Path) -> Run:
    """What it costs to come to features once the speech of `NEW_SPEAKER` arrives.

    Parameters
    ----------
    clone, cache : Clone, Path
        One that has the features of a source, and the user's cache that it ran with.
    source, aside : Path
        The source, a copy; and where the speaker's recordings are put for a while.
    """
    speech = next(path for path in source.rglob(NEW_SPEAKER) if "Speech" in str(path))
    shutil.move(speech, aside)
    for entry in {path.parents[1] for path in cache.rglob("ravdess-24-*")}:
        shutil.rmtree(entry, ignore_errors=True)
    clone.repro(cache, "featurize")
    shutil.move(aside, speech)
    # DVC has seen this state before, and would bring back whole outputs from its run cache
    return clone.repro(cache, "--no-run-cache", "featurize")


def trivial_repro(folder: Path) -> float:
    """Seconds that ``dvc repro`` takes to find nothing to do in a repository with one stage."""
    folder.mkdir()
    for command in (
        ["git", "init", "--quiet"],
        ["dvc", "init", "--quiet"],
        ["dvc", "stage", "add", "--quiet", "--name", "one", "--outs", "out", "echo 1 > out"],
        ["dvc", "repro", "--quiet"],
    ):
        subprocess.run(command, cwd=folder, check=True)
    began = time.perf_counter()
    subprocess.run(["dvc", "repro", "--quiet"], cwd=folder, check=True)
    return time.perf_counter() - began


def machine_scaling() -> float:
    """How much faster a process a core is than one process, where nothing is shared at all."""
    cores = os.cpu_count() or 1
    with ProcessPoolExecutor(cores) as pool:
        list(pool.map(_transform, range(cores)))  # so that all have started
        began = time.perf_counter()
        list(pool.map(_transform, range(cores)))
        together = time.perf_counter() - began
    return cores * _transform(0) / together


def _transform(seed: int) -> float:
    """Seconds that some thousand transforms take which fit into a core's own memory."""
    frames = np.random.default_rng(seed).standard_normal((64, 1024), np.float32)
    began = time.perf_counter()
    for _ in range(10_000):
        fft.rfft(frames, axis=1)
    return time.perf_counter() - began


def one_round(source: Path, folder: Path, sample: list[Path], total: int) -> dict[str, Any]:
    """One round of everything; figures by name, times in s and memory in bytes."""
    cache = folder / "cache"
    per_recording = time_original(sample, folder / "original")
    clone = Clone.make(folder / "full", source)
    full = clone.repro(cache, "featurize")
    data = {
        name: [path for path in (clone.folder / "data" / name).rglob("*") if path.is_file()]
        for name in ("raw", "merged", "clean", "augmented", "features")
    }
    few = copied(source, folder / "few", only=FEW)
    one = Clone.make(folder / "one", source).repro(folder / "cache1", "featurize", workers=1)
    small = Clone.make(folder / "small", few).repro(folder / "cache_small", "featurize")
    added = speaker_added(clone, cache, source, folder / "aside")
    nothing = statistics.median(clone.repro(cache, "featurize").total for _ in range(3))
    default = Clone.make(folder / "default", source, {}).repro(folder / "cache2", "featurize")
    original_total = sum(per_recording.values())
    return {
        "original_seconds_per_recording": per_recording,
        "stage_seconds": full.stages,
        "full_seconds": full.total,
        "dvc_seconds": full.dvc,
        "speedup": {
            **{stage: per_recording[stage] * total / full.stages[stage] for stage in STAGES},
            "total": original_total * total / full.data,
        },
        "speedup_default": original_total * total / default.data,
        "speedup_one_worker": original_total * total / one.data,
        "one_worker_over_all": one.data / full.data,
        "one_process_over_all": machine_scaling(),
        "bytes": {name: sum(p.stat().st_size for p in paths) for name, paths in data.items()},
        "files": {name: len(paths) for name, paths in data.items()},
        "new_speaker_seconds": added.total,
        "nothing_to_do_seconds": nothing,
        "trivial_seconds": trivial_repro(folder / "trivial"),
        "memory_original": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "memory_worker": max(full.worker[stage] for stage in STAGES),
        "memory_worker_few": max(small.worker[stage] for stage in STAGES),
    }


def medians(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """The median over rounds of every figure."""
    return {
        key: medians([one[key] for one in rounds])
        if isinstance(value, dict)
        else statistics.median(one[key] for one in rounds)
        for key, value in rounds[0].items()
    }


def table(result: dict[str, Any]) -> str:
    """The table of docs/cluster.md, section Measured."""
    of = result["median"]
    mib = {key: of[key] / 2**20 for key in of if key.startswith("memory")}
    stages = ", ".join(f"{stage} {of['speedup'][stage]:.1f}" for stage in STAGES)
    rest = result["train_and_evaluate"]
    whole = of["full_seconds"] + rest["total_seconds"]
    extra = of["nothing_to_do_seconds"] - of["trivial_seconds"]
    rows = [
        (
            "How many times as fast as the original recipe clean, augment and featurize are, both "
            f"with eight variants: its mean MFCC in one process, this log-mel in {result['cores']} "
            "workers",
            f"**{of['speedup']['total']:.1f}** ({stages})",
        ),
        (
            "The same for `params.yaml` as committed: one noisy variant, log-mel and functionals",
            f"**{of['speedup_default']:.0f}**",
        ),
        (
            "The first with one worker",
            f"**{of['speedup_one_worker']:.1f}**",
        ),
        (
            "Share of DVC itself in the time of all eight stages",
            f"**{100 * (of['dvc_seconds'] + rest['dvc_seconds']) / whole:.1f} %** "
            f"({100 * of['dvc_seconds'] / of['full_seconds']:.1f} % of ingest to featurize)",
        ),
        (
            "Time that `dvc repro` with nothing to do takes longer than in a trivial repository",
            f"**{extra:.2f} s**",
        ),
        (
            "Peak memory of a worker",
            f"**{mib['memory_worker']:.0f} MiB** ({mib['memory_worker_few']:.0f} MiB with "
            f"{result['few_recordings']} recordings; the original recipe: "
            f"{mib['memory_original']:.0f} MiB)",
        ),
        (
            "Time of `dvc repro featurize` after 60 recordings of a new speaker arrived, as a "
            "share of all eight stages from nothing",
            f"**{100 * of['new_speaker_seconds'] / whole:.1f} %** "
            f"({100 * of['new_speaker_seconds'] / of['full_seconds']:.1f} % of ingest to "
            "featurize)",
        ),
        (
            f"How many times as fast {result['cores']} workers are as one",
            f"**{of['one_worker_over_all']:.2f}** (processes that share nothing and only compute "
            f"transforms: {of['one_process_over_all']:.2f})",
        ),
    ]
    lines = ["| what | measured |", "|---|---|"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows])


def at_scale(result: dict[str, Any], utterances: float = 1e7) -> str:
    """A table of what ``utterances`` would cost by the measured unit costs."""
    of = result["median"]
    growth = utterances / (9 * result["recordings"])
    terabytes = {name: size * growth / 1e12 for name, size in of["bytes"].items()}
    files = max(of["files"].values()) * growth
    hours = sum(of["stage_seconds"][stage] for stage in STAGES) * result["cores"] * growth / 3600
    rows = [
        ("utterances", f"{utterances:,.0f}"),
        ("recordings, with eight variants of each", f"{utterances / 9:,.0f}"),
        ("times what was measured", f"{growth:.0f}"),
        *((f"storage of data/{name}", f"{size:.2f} TB") for name, size in terabytes.items()),
        ("storage in all, once", f"{sum(terabytes.values()):.1f} TB"),
        ("files in the largest dataset", f"{files:,.0f}"),
        (
            "time in which DVC hashes and commits all of it",
            f"{of['dvc_seconds'] * growth / 3600:.1f} h",
        ),
        *(
            (f"clean, augment and featurize on {cores} cores", f"{hours / cores:.2g} h")
            for cores in (2, 16, 64, 256)
        ),
    ]
    lines = ["| what | by the measured unit costs |", "|---|---|"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("corpora", type=Path, help="folder with RAVDESS and TESS, unpacked")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--sample", type=int, default=100, help="recordings for the original recipe"
    )
    options = parser.parse_args()
    found = sorted(p for p in options.corpora.rglob("*") if p.suffix.lower() in (".wav", ".flac"))
    sample = random.Random(0).sample(found, options.sample)
    original.featurize(sample[0])  # so that no round pays for librosa's imports
    rounds = []
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as place:
        source = copied(options.corpora, Path(place) / "corpora")
        few = sum(bool(re.search(FEW, path.as_posix())) for path in found)
        for number in tqdm(range(options.rounds), desc="rounds", disable=None):
            folder = Path(place) / f"round{number}"
            folder.mkdir()
            rounds.append(one_round(source, folder, sample, len(found)))
            if not number:
                rest = Clone(folder / "default").repro(folder / "cache2")
            shutil.rmtree(folder)
    result = {
        "recordings": len(found),
        "few_recordings": few,
        "sample_of_the_original_recipe": options.sample,
        "cores": os.cpu_count(),
        "train_and_evaluate": {"total_seconds": rest.total, "dvc_seconds": rest.dvc},
        "median": medians(rounds),
        "rounds": rounds,
    }
    RESULTS.write_text(json.dumps(result, indent=2) + "\n")
    print(f"{len(found)} recordings; the original recipe on a random sample of {options.sample}\n")
    print(table(result), at_scale(result), sep="\n\n")


if __name__ == "__main__":
    main()
