"""From a Keras model to the bytes of a LiteRT model."""

import contextlib
import io
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from stages.lib.networks.network import Features


def to_litert(model: keras.Model) -> bytes:
    """Convert a model in float32; built-in operators only, so that any LiteRT runtime has them.

    Its inputs are one view at a time, each kind [1, ...]: shapes that never change are what
    phones and microcontrollers plan their memory by.
    """
    return _convert(model, [tf.lite.OpsSet.TFLITE_BUILTINS])


def to_int8(model: keras.Model, examples: Iterable[Features]) -> bytes:
    """Convert a model to 8-bit weights and activations; inputs and outputs stay float32.

    Parameters
    ----------
    model : keras.Model
        The model.
    examples : iterable of dict
        Inputs [1, ...] by kind, from training recordings, whose ranges set the scales.
    """
    kept = list(examples)

    def representative() -> Iterator[dict[str, np.ndarray]]:
        yield from kept

    return _convert(
        model,
        [tf.lite.OpsSet.TFLITE_BUILTINS_INT8],
        optimizations=[tf.lite.Optimize.DEFAULT],
        representative_dataset=representative,
    )


def _convert(model: keras.Model, operators: list[Any], **options: Any) -> bytes:
    one_view = {
        kind: keras.InputSpec(shape=(1, *tensor.shape[1:]), dtype="float32", name=kind)
        for kind, tensor in model.input.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        # the converter narrates its steps
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            model.export(
                path,
                format="litert",
                verbose=False,
                input_signature=[one_view],
                target_spec={"supported_ops": operators},
                **options,
            )
        return path.read_bytes()
