"""Keras and TensorFlow, started without what TensorFlow says of itself each time it starts.

Modules that need them at import take them from here. TensorFlow announces its instructions, the
GPUs that it does not find and its logging on standard error, by levels that no switch reaches
(github.com/tensorflow/tensorflow/issues/100442). Whatever else comes then is passed on, and so is
all that comes later.
"""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

GREETINGS = re.compile(
    r"^(?:[IW]\d{4} |\d{4}-\d\d-\d\d [\d:.]+: [IW] )"  # information and warnings, by their level
    r"|^WARNING: All log messages before absl::InitializeLog"
    r"|^To enable the following instructions"
    r"|failed call to cuInit"  # "error" of every machine without a GPU
)


@contextmanager
def without_greetings() -> Iterator[None]:
    """Hold back standard error, and then write of it what does not match `GREETINGS`."""
    try:
        standard_error = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(standard_error, 2)
            os.close(standard_error)
            held.seek(0)
            for line in held:
                if not GREETINGS.search(line.decode(errors="replace")):
                    os.write(2, line)


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# takes of a GPU what it needs and not all there is, so that several experiments share one
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
# sums are added up in another order by another number of threads, and the weights differ
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
with without_greetings():
    import keras
    import tensorflow as tf

    tf.config.list_physical_devices()  # looks for GPUs, and complains of none

__all__ = ["keras", "tf"]
