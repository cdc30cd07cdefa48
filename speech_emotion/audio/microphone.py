"""The microphone, as chunks of samples."""

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from speech_emotion.base.errors import PipelineError

CHUNK = 0.05
"""In s; what waits for a chunk to fill is part of the delay of a live display."""

WAITING = 200
"""Chunks that wait at most while the caller is busy; what comes later is lost."""


@contextmanager
def chunks() -> Iterator[tuple[int, Iterator[np.ndarray]]]:
    """Record from the default microphone at its own rate, in mono, until the block is left.

    Yields
    ------
    sample_rate : int
        In Hz.
    chunks : iterator of np.ndarray [shape=(n, 1), float32]
        Full scale 1; waits for each.

    Raises
    ------
    PipelineError
        If there is no microphone, or it can't be opened.
    """
    try:
        import sounddevice
    except OSError as error:  # the package is there, the library below it is not
        raise PipelineError(
            f"the microphone needs PortAudio ({error}): install it, on Debian and Ubuntu with "
            "`apt install libportaudio2`."
        ) from None
    # simple, since Ctrl-C may come while a chunk is waited for, and must leave no lock behind
    waiting: queue.SimpleQueue[np.ndarray] = queue.SimpleQueue()

    def keep(samples: np.ndarray, frames: int, time: Any, status: Any) -> None:
        if waiting.qsize() < WAITING:
            waiting.put(samples.copy())  # PortAudio uses its memory again

    try:
        rate = int(sounddevice.query_devices(kind="input")["default_samplerate"])
        stream = sounddevice.InputStream(
            samplerate=rate,
            channels=1,
            dtype="float32",
            blocksize=round(CHUNK * rate),
            callback=keep,
        )
    except (sounddevice.PortAudioError, ValueError) as error:
        raise PipelineError(
            f"there is no microphone that can be opened ({error}): connect one, or choose it in "
            "the system's sound settings."
        ) from None
    with stream:
        yield rate, _arriving(waiting)


def _arriving(waiting: queue.SimpleQueue[np.ndarray]) -> Iterator[np.ndarray]:
    while True:
        yield waiting.get()
