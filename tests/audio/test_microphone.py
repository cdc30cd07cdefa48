"""Listening to a microphone, through the real PortAudio and ALSA: the device plays a file."""

import ctypes.util
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT

from speech_emotion.data.corpora.ravdess import EMOTIONS

DEVICE = """\
</usr/share/alsa/alsa.conf>
pcm.filed {{ type file, slave.pcm null, file /dev/null, infile "{file}", format raw }}
pcm.!default {{ type plug, slave {{ pcm filed, format S16_LE, rate 48000, channels 1 }} }}
"""
RATE = 48000
COMMAND = (sys.executable, "-m", "speech_emotion", "--mic")
CONFIGURATION = Path("/usr/share/alsa/alsa.conf")


HAS_ALSA = pytest.mark.skipif(
    not CONFIGURATION.exists() or not ctypes.util.find_library("portaudio"),
    reason="no PortAudio with ALSA: apt install libportaudio2 libasound2-data",
)


@pytest.fixture
def speaking(speech: tuple[np.ndarray, int], tmp_path: Path) -> dict[str, str]:
    """The environment in which the microphone hears speech."""
    samples, rate = speech
    assert rate == RATE
    (np.tile(samples, 20) * 32767).astype("<i2").tofile(tmp_path / "speech.raw")
    device = DEVICE.format(file=tmp_path / "speech.raw")
    (tmp_path / "asound.conf").write_text(device)
    return {**os.environ, "ALSA_CONFIG_PATH": str(tmp_path / "asound.conf")}


@HAS_ALSA
@pytest.mark.parametrize("adapt", [(), ("--adapt",)])
def test_the_microphone_is_listened_to_until_ctrl_c(
    adapt: tuple[str, ...], models: Path, speaking: dict[str, str]
) -> None:
    process = subprocess.Popen(
        [*COMMAND, *adapt, "--json", "--model", models / "export"],
        cwd=ROOT,
        env=speaking,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a shell has what it runs in the background ignore Ctrl-C, and these tests may run there
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )

    assert process.stdout is not None
    # so that a microphone that says nothing ends the test too
    given_up = threading.Timer(120, process.kill)
    given_up.start()
    try:
        lines = [json.loads(process.stdout.readline()) for _ in range(6)]
        process.send_signal(signal.SIGINT)
        _, reported = process.communicate(timeout=60)
    finally:
        given_up.cancel()
        process.kill()
    assert process.returncode == 0, reported
    assert "Listening; Ctrl-C ends it." in reported
    assert "Traceback" not in reported
    assert [line["time"] for line in lines] == [0.5, 1, 1.5, 2, 2.5, 3]
    assert any(line["speech"] for line in lines)
    for line in lines:
        assert line["emotion"] in (EMOTIONS if line["speech"] else (None,))


@HAS_ALSA
def test_a_model_that_knows_nothing_of_voices_does_not_adapt(
    models: Path, speaking: dict[str, str], tmp_path: Path
) -> None:
    shutil.copytree(models / "export", tmp_path / "export")
    (tmp_path / "export" / "voices.npz").unlink()
    done = subprocess.run(
        [*COMMAND, "--adapt", "--model", tmp_path / "export"],
        cwd=ROOT,
        env=speaking,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "the model knows nothing of voices" in done.stderr


def test_without_a_microphone_it_says_so(models: Path) -> None:
    try:
        done = subprocess.run(
            [*COMMAND, "--model", models / "export"],
            cwd=ROOT,
            env={**os.environ, "ALSA_CONFIG_PATH": str(CONFIGURATION)},
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
    except subprocess.TimeoutExpired:
        pytest.skip("this machine has a microphone")
    assert done.returncode == 1
    assert "error: " in done.stderr
    assert "microphone" in done.stderr
    assert "Traceback" not in done.stderr
