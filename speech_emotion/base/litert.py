"""Reads LiteRT files, which run without Keras and TensorFlow."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ai_edge_litert.interpreter import Interpreter

from speech_emotion.base.errors import PipelineError


def interpreter(path: Path) -> Interpreter:
    """What runs a ``.tflite`` file, on one core.

    Raises
    ------
    PipelineError
        If the file is no LiteRT model.
    """
    try:
        with _no_greeting():
            loaded = Interpreter(model_path=str(path), num_threads=1)
            loaded.allocate_tensors()
            return loaded
    except (ValueError, RuntimeError) as error:
        raise PipelineError(
            f"{path} is not a model that can be loaded ({error}): run `dvc repro export` to "
            "make it anew, or `dvc pull` to fetch it again."
        ) from None


@contextmanager
def _no_greeting() -> Iterator[None]:
    """Keep LiteRT from announcing itself on standard error; it has no switch for that."""
    standard_error = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(standard_error, 2)
        os.close(standard_error)
        os.close(nowhere)
