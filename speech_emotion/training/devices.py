"""Where TensorFlow computes, and that it computes the same twice."""

from typing import Any

from speech_emotion.base.quiet_keras import tf


def make_deterministic() -> None:
    """Let every operation of TensorFlow give the same result each time, at some cost in speed."""
    tf.config.experimental.enable_op_determinism()


def strategy() -> Any:
    """All GPUs if there are several, otherwise the one device that there is."""
    if len(tf.config.list_logical_devices("GPU")) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()
