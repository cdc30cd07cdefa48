"""From a Keras model to the bytes of a LiteRT model."""

import contextlib
import io
import tempfile
from pathlib import Path
from typing import Any

from speech_emotion.base.quiet_keras import keras, tf


def to_litert(model: keras.Model) -> bytes:
    """Convert a model in float32; built-in operators only, so that any LiteRT runtime has them.

    Its inputs are one segment at a time, each kind [1, ...]: shapes that never change are what
    phones and microcontrollers plan their memory by. Only an encoder takes any number of frames.
    """
    return _convert(model, [tf.lite.OpsSet.TFLITE_BUILTINS])


def to_int8(model: keras.Model) -> bytes:
    """Convert a model to 8-bit weights, a quarter of the size; activations stay float32.

    8-bit activations would need one scale for all functionals of an utterance, which reach from
    thousandths to thousands: nothing would be left of most.
    """
    return _convert(
        model, [tf.lite.OpsSet.TFLITE_BUILTINS], optimizations=[tf.lite.Optimize.DEFAULT]
    )


def _convert(model: keras.Model, operators: list[Any], **options: Any) -> bytes:
    one_segment = {
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
                input_signature=[one_segment],
                target_spec={"supported_ops": operators},
                **options,
            )
        return path.read_bytes()
