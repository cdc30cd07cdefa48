"""A real Dask cluster on loopback: the same bytes, and a worker that is killed loses nothing."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest
from conftest import ROOT, merge
from dask.system import CPU_COUNT
from distributed import Client

from speech_emotion.audio.variants import AugmentParams
from speech_emotion.base.errors import PipelineError
from speech_emotion.params.clean import CleanParams
from speech_emotion.params.ingest import IngestParams
from stages.augment import augment
from stages.clean import clean_dataset
from stages.ingest import ingest

pytestmark = pytest.mark.slow

LOCAL = ["--host", "127.0.0.1", "--no-dashboard"]

FolderBytes = Callable[[Path], dict[str, bytes]]


@contextmanager
def started(*command: str) -> Iterator[subprocess.Popen[str]]:
    """A process of Dask's that does not outlive the test."""
    process = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli." + command[0], *command[1:]],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE if command[0] == "dask_scheduler" else subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            # a nanny has workers of its own
            for one in (*psutil.Process(process.pid).children(recursive=True), process):
                one.kill()
            process.wait()


def address_reported(process: subprocess.Popen[str]) -> str:
    assert process.stderr
    for line in process.stderr:
        if found := re.search(r"Scheduler at:\s+(tcp://\S+)", line):
            return found[1]
    raise AssertionError("the scheduler ended before it reported its address")


@pytest.fixture
def cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[subprocess.Popen[str]]]:
    """Two workers of one thread each, in processes of their own; SER_DASK_SCHEDULER names them."""
    with ExitStack() as processes:
        scheduler = processes.enter_context(started("dask_scheduler", "--port", "0", *LOCAL))
        address = address_reported(scheduler)
        monkeypatch.setenv("SER_DASK_SCHEDULER", address)
        options = ["--nthreads", "1", "--no-nanny", "--local-directory"]
        yield [
            processes.enter_context(
                started("dask_worker", address, *LOCAL, *options, str(tmp_path / f"worker{number}"))
            )
            for number in range(2)
        ]


def test_the_workers_of_the_page_are_one_per_core_of_one_thread_each(tmp_path: Path) -> None:
    [line] = [
        line
        for line in (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8").splitlines()
        if "dask worker tcp://" in line
    ]
    options = line.split("#")[0].split("tcp://ADDRESS:8786")[1].split()
    place = ["--local-directory", str(tmp_path)]
    with started("dask_scheduler", "--port", "0", *LOCAL) as scheduler:
        address = address_reported(scheduler)
        with (
            started("dask_worker", address, *LOCAL, *options, *place),
            Client(address) as client,  # type: ignore[no-untyped-call]
        ):
            client.wait_for_workers(CPU_COUNT, timeout=60)
            assert list(client.nthreads().values()) == [1] * CPU_COUNT


def build(
    source: Path, data: Path, clean_params: CleanParams, augment_params: AugmentParams
) -> None:
    merge(source, data)
    clean_dataset(data / "merged", data / "clean", clean_params)
    augment(data / "merged", data / "clean", data / "augmented", augment_params, clean_params)


def test_a_cluster_gives_the_same_bytes_and_survives_a_killed_worker(
    cluster: list[subprocess.Popen[str]],
    corpora: Path,
    tmp_path: Path,
    clean_params: CleanParams,
    augment_params: AugmentParams,
    folder_bytes: FolderBytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SER_CACHE", str(tmp_path / "cache of the cluster"))
    build(corpora, tmp_path / "cluster", clean_params, augment_params)

    monkeypatch.setenv("SER_CACHE", str(tmp_path / "cache of the survivor"))
    killer = subprocess.Popen(
        [sys.executable, "-c", KILLER, str(tmp_path / "survivor"), str(cluster[0].pid)]
    )
    build(corpora, tmp_path / "survivor", clean_params, augment_params)
    assert killer.poll() == 0, "the worker was not killed while it cleaned"
    assert cluster[0].wait() == -signal.SIGKILL

    monkeypatch.delenv("SER_DASK_SCHEDULER")
    monkeypatch.setenv("SER_CACHE", str(tmp_path / "cache of this machine"))
    build(corpora, tmp_path / "alone", clean_params, augment_params)
    expected = folder_bytes(tmp_path / "alone")
    assert folder_bytes(tmp_path / "cluster") == expected
    assert folder_bytes(tmp_path / "survivor") == expected


KILLER = """
import os, pathlib, signal, sys, time
data, worker = pathlib.Path(sys.argv[1]), int(sys.argv[2])
deadline = time.monotonic() + 120
while not list(data.glob("clean.partial/.scratch/*/shards/*.tar")):
    if time.monotonic() > deadline:
        sys.exit(1)
    time.sleep(0.01)  # until the workers are in the middle of cleaning
os.kill(worker, signal.SIGKILL)
"""


def test_a_scheduler_that_does_not_answer_is_named(
    corpora: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SER_DASK_SCHEDULER", "tcp://127.0.0.1:9")
    began = time.monotonic()
    with pytest.raises(PipelineError, match=r"SER_DASK_SCHEDULER is 'tcp://127\.0\.0\.1:9'"):
        ingest(IngestParams.model_validate({"from": corpora, "max_rejected": 0}), tmp_path / "raw")
    assert time.monotonic() - began < 60
    assert not (tmp_path / "raw").exists()
