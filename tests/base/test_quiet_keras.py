"""TensorFlow starts without its greetings, and reports of faults still come through."""

import subprocess
import sys
from contextlib import nullcontext

import pytest
from conftest import ROOT

from speech_emotion.base.quiet_keras import without_greetings


@pytest.mark.slow
def test_it_starts_without_greetings() -> None:
    program = (
        "from speech_emotion.base.quiet_keras import keras, tf\n"
        "tf.config.list_logical_devices()\n"
        "keras.Sequential([keras.layers.Dense(1)])(tf.ones((1, 2)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout == done.stderr == ""


@pytest.mark.parametrize("failing", [False, True])
def test_what_is_no_greeting_comes_through(
    capfd: pytest.CaptureFixture[str], failing: bool
) -> None:
    lines = [
        "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
        "I0000 00:00:1795689321.851638    2312 port.cc:153] oneDNN custom operations are on.",
        "E0000 00:00:1.0 2 cuda_platform.cc:52] failed call to cuInit: UNKNOWN ERROR (303)",
        "E0000 00:00:1.0 2 bfc_allocator.cc:1] ran out of memory",
        "a warning of something else",
    ]
    with pytest.raises(ZeroDivisionError) if failing else nullcontext(), without_greetings():
        for line in lines:
            subprocess.run(["sh", "-c", f"echo '{line}' >&2"], check=True)
        if failing:
            raise ZeroDivisionError
    assert capfd.readouterr().err.splitlines() == lines[3:]
