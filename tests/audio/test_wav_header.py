"""A WAV file whose audio is there is read whatever its header counts; one that broke off is not."""

import io
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from conftest import tone, wav

from speech_emotion.audio.codec import decode, inspect
from speech_emotion.audio.recordings import opened
from speech_emotion.base.errors import AudioError

DATA = 44
"""Where the audio of a plain WAV file begins."""

SOUND = tone(1)
WHOLE = wav(SOUND)
ODD = wav(SOUND[:-1], subtype="PCM_U8")
"""15,999 bytes and one that fills them up."""

NAMED = wav(SOUND[:0]) + b"LIST\x0a\0\0\0INFOmuch.."
"""A recording of nothing, by a program that gave its name."""


def with_sizes(riff: int, data: int, content: bytes = WHOLE) -> bytes:
    """A WAV file whose header announces other sizes."""
    changed = bytearray(content)
    changed[4:8] = riff.to_bytes(4, "little")
    changed[DATA - 4 : DATA] = data.to_bytes(4, "little")
    return bytes(changed)


def read(content: bytes) -> tuple[np.ndarray, str | None]:
    with opened(io.BytesIO(content)) as recording:
        blocks = list(recording.blocks)
        samples = np.concatenate(blocks)
        assert recording.duration == pytest.approx(len(samples) / 16000)
        return samples, recording.remark


SIZE = len(WHOLE) - DATA


@pytest.mark.parametrize(
    ("content", "remark"),
    [
        (WHOLE, None),
        (with_sizes(44 + SIZE, SIZE), "announces 8 bytes more than there are"),
        (with_sizes(36 + SIZE + 2048, SIZE), "announces 2048 bytes more than there are"),
        (ODD[:-1], "announces 1 byte more than there is"),
        (with_sizes(0, 0), "says in its header that it holds nothing"),
        (with_sizes(36, 0), "says in its header that it holds nothing"),
        (with_sizes(36 + SIZE, SIZE + DATA), "announces 44 bytes of audio more"),
        (with_sizes(0, SIZE), None),
        (with_sizes(0xFFFFFFFF, 0xFFFFFFFF), None),
        (with_sizes(0x7FFFF024, 0x7FFFF000), None),
    ],
)
def test_what_is_there_is_read_and_what_is_wrong_is_said(
    content: bytes, remark: str | None
) -> None:
    expected, _ = decode(ODD if content == ODD[:-1] else WHOLE)
    samples, said = read(content)
    np.testing.assert_array_equal(samples, expected[:, 0])
    np.testing.assert_array_equal(decode(content)[0], expected)
    assert said == remark if remark is None else str(said).startswith(remark)
    assert inspect(content).remark == said
    assert inspect(content).digest == inspect(wav(expected, subtype="FLOAT")).digest


@pytest.mark.parametrize("missing", [100, 20000])
@pytest.mark.parametrize("riff", [36 + SIZE, 0])
def test_a_file_that_broke_off_is_refused(missing: int, riff: int) -> None:
    content = with_sizes(riff, SIZE)[:-missing]
    for use in (decode, inspect, read):
        with pytest.raises(AudioError, match="is cut short"):
            use(content)


def test_a_recording_of_nothing_stays_one() -> None:
    assert len(decode(NAMED)[0]) == 0


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="FFmpeg makes the file")
def test_mp3_in_wav_is_read(tmp_path: Path) -> None:
    (tmp_path / "right.wav").write_bytes(WHOLE)
    command = ["ffmpeg", "-loglevel", "error", "-i", "right.wav", "-c:a", "libmp3lame", "mp3.wav"]
    subprocess.run(command, cwd=tmp_path, check=True)
    content = (tmp_path / "mp3.wav").read_bytes()
    found = inspect(content)
    samples, _ = decode(content)
    assert found.duration == len(samples) / 16000 == pytest.approx(1, abs=0.15)
    assert found.remark is None
    with pytest.raises(AudioError, match="is cut short"):
        decode(content[: len(content) // 2])
