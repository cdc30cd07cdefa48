"""How many recordings a second the REST interface recognises on one core, and how long each waits.

``python -m benchmarks.requests_per_second`` needs the model of ``make repro``, Linux, two cores and
a minute; it serves the page and the interface on one core, sends one recording again and again from
another, prints the table of docs/predict.md and writes benchmarks/requests_per_second.json. Times
of one machine say little: look at what more clients cost.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import requests
import soundfile

from benchmarks.predict import EXPORTED, ROOT, SECONDS, speech

RESULTS = ROOT / "benchmarks" / "requests_per_second.json"

CLIENTS = (1, 8)
"""So many send at a time, each its next recording when it has the answer to the last."""

PATHS = ("/predict", "/timeline")

WARM_UP, MEASURED = 2.0, 12.0
"""How long clients send before anything counts, and how long it counts, in s."""


@contextmanager
def served_on_one_core(model: Path) -> Iterator[tuple[str, psutil.Process]]:
    """The address of a server with the first core to itself; this process keeps to the others."""
    process = psutil.Process()
    first, *others = cores = process.cpu_affinity()
    command = [sys.executable, "-u", "-m", "speech_emotion.serving.page"]
    process.cpu_affinity([first])  # which the server inherits
    server = subprocess.Popen(
        [*command, "--model", model, "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    process.cpu_affinity(others or [first])
    try:
        assert server.stdout is not None
        yield server.stdout.readline().split()[2], psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait()
        process.cpu_affinity(cores)


def send_for_a_while(address: str, content: bytes, clients: int) -> dict[str, float]:
    """What so many clients at a time get."""
    began = time.monotonic()
    counts_from, ends = began + WARM_UP, began + WARM_UP + MEASURED
    waited: list[float] = []

    def client() -> None:
        with requests.Session() as session:
            session.trust_env = False  # no proxy reaches loopback
            while (sent := time.monotonic()) < ends:
                answer = session.post(address, files={"file": content}, timeout=60)
                answer.raise_for_status()
                answered = time.monotonic()
                if counts_from <= answered < ends:
                    waited.append(answered - sent)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {
        "requests": len(waited),
        "per_second": round(len(waited) / MEASURED, 1),
        "median_ms": round(1000 * statistics.median(waited), 1),
        "p99_ms": round(1000 * float(np.percentile(waited, 99)), 1),
    }


def measure(model: Path) -> dict[str, Any]:
    """Requests per second and waiting times, by path and number of clients."""
    samples, rate = speech()
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        soundfile.write(file.name, samples, rate)
        content = Path(file.name).read_bytes()
    with served_on_one_core(model) as (address, server):
        found = {
            path: {
                str(clients): send_for_a_while(address + path, content, clients)
                for clients in CLIENTS
            }
            for path in PATHS
        }
        memory = server.memory_info().rss
    return {
        "recording_s": SECONDS,
        "recording_bytes": len(content),
        "measured_s": MEASURED,
        "memory_bytes": memory,
        **found,
    }


def table(measured: dict[str, Any]) -> str:
    """The table of docs/predict.md."""
    lines = [
        "| what | clients at a time | recordings a second | wait, median | wait, 99th percentile |",
        "|---|---|---|---|---|",
    ]
    for path in PATHS:
        for clients, one in measured[path].items():
            lines.append(
                f"| `{path}`, {measured['recording_s']} s recording | {clients} | "
                f"{one['per_second']:.0f} | {one['median_ms']:.0f} ms | {one['p99_ms']:.0f} ms |"
            )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--model", type=Path, default=EXPORTED)
    measured = measure(parser.parse_args().model.resolve())
    RESULTS.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    print(table(measured))


if __name__ == "__main__":
    main()
