"""A page with its REST interface, served by a process of its own as ``ser-app`` serves it."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from conftest import ROOT

from speech_emotion.serving.recognizer import Recognizer

PATIENCE = 60
"""For what a busy machine has yet to do, in s."""


@dataclass(frozen=True)
class Server:
    """What is being served: its process, its port, where uploads go, and its model."""

    process: psutil.Process
    port: int
    uploads: Path
    recognizer: Recognizer

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def files(self) -> list[Path]:
        """The uploads that are kept."""
        return [path for path in self.uploads.rglob("*") if path.is_file()]


@contextmanager
def served(model: Path, uploads: Path) -> Iterator[Server]:
    """Serve a model until the block ends; temporary files, of whatever kind, go to ``uploads``."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            sys.executable,
            "-u",
            "-m",
            "speech_emotion.serving.page",
            "--model",
            model,
            "--port",
            str(port),
        ],
        cwd=ROOT,
        env={**os.environ, "GRADIO_TEMP_DIR": str(uploads), "TMPDIR": str(uploads)},
        stdout=subprocess.PIPE,
        text=True,
    )
    given_up = threading.Timer(PATIENCE, process.kill)
    given_up.start()
    try:
        assert process.stdout is not None
        assert any("Running on" in line for line in process.stdout), "the page did not start"
        given_up.cancel()
        yield Server(psutil.Process(process.pid), port, uploads, Recognizer.load(model))
    finally:
        process.terminate()
        process.wait()


def curl(*arguments: str) -> str:
    """What curl prints."""
    return subprocess.run(
        ["curl", "-s", *arguments], check=True, capture_output=True, text=True
    ).stdout
