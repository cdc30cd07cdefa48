"""Recordings of phones are decoded where FFmpeg is, and nothing else is handed to it."""

import io
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import tone

from speech_emotion.audio import phone_formats
from speech_emotion.audio.phone_formats import conversion
from speech_emotion.audio.recordings import opened
from speech_emotion.base.errors import AudioError

CODERS = {
    "m4a": "aac",
    "mp4": "aac",
    "mov": "aac",
    "3gp": "aac",
    "aac": "aac",
    "wma": "wmav2",
    "webm": "libopus",
    "mkv": "pcm_f32le",
}

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="FFmpeg makes the files")


@pytest.fixture
def no_ffmpeg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


def made(folder: Path, name: str, samples: np.ndarray) -> Path:
    """A file of another format with samples [n] or [n, channels] at 16 kHz."""
    soundfile.write(folder / "right.wav", samples, 16000, subtype="FLOAT")
    coder = CODERS[name.rpartition(".")[2]]
    command = ["ffmpeg", "-loglevel", "error", "-y", "-i", "right.wav", "-c:a", coder, f"./{name}"]
    subprocess.run(command, cwd=folder, check=True)
    return folder / name


def read(source: Path | io.BytesIO, channel: int | None = None) -> np.ndarray:
    with opened(source, channel) as recording:
        assert recording.remark is None
        return np.concatenate([*recording.blocks, np.zeros(0, np.float32)])


@needs_ffmpeg
@pytest.mark.parametrize("suffix", CODERS)
def test_what_phones_make_is_decoded(suffix: str, tmp_path: Path) -> None:
    path = made(tmp_path, f"-i $(v) 100%d.{suffix}", tone(2, amplitude=0.1))
    samples = read(path)
    rate = 48000 if suffix == "webm" else 16000
    assert len(samples) / rate == pytest.approx(2, abs=0.15)
    assert np.sqrt(np.mean(np.square(samples))) == pytest.approx(0.1 / np.sqrt(2), rel=0.05)
    np.testing.assert_array_equal(read(io.BytesIO(path.read_bytes())), samples)


@needs_ffmpeg
def test_its_channels_are_as_those_of_any_file(tmp_path: Path) -> None:
    stereo = np.stack([tone(1, amplitude=0.2), -tone(1, amplitude=0.1)], axis=1)
    path = made(tmp_path, "call.mkv", stereo)
    np.testing.assert_array_equal(read(path), stereo.mean(axis=1))
    np.testing.assert_array_equal(read(path, 2), stereo[:, 1])
    with pytest.raises(AudioError, match="has 2 channels: there is no channel 3"):
        read(path, 3)


@needs_ffmpeg
def test_what_can_not_be_decoded_is_reported_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = made(tmp_path, "v.m4a", tone(1))
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    (tmp_path / "cut.m4a").write_bytes(path.read_bytes()[:3000])
    with pytest.raises(AudioError, match="can't be decoded by FFmpeg: "):
        read(tmp_path / "cut.m4a")
    monkeypatch.setattr(phone_formats, "LARGEST_DECODED", 20000)
    with pytest.raises(AudioError, match=r"is too long to be decoded .* `ffmpeg -i v\.m4a v\.wav`"):
        read(path)
    assert not list(temporary.iterdir())


@needs_ffmpeg
@pytest.mark.parametrize("name", ["v.mp4", "v.webm"])
def test_a_file_that_broke_off_is_refused(name: str, tmp_path: Path) -> None:
    """FFmpeg itself goes on, with what there is."""
    given = made(tmp_path, name, tone(3))
    # a phone that has sent a file writes its index first
    command = ["ffmpeg", "-loglevel", "error", "-i", f"{given}", "-c", "copy"]
    subprocess.run([*command, "-movflags", "faststart", f"{tmp_path}/sent-{name}"], check=True)
    content = (tmp_path / f"sent-{name}").read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(AudioError, match="is cut short: its header announces more"):
        read(tmp_path / name)


@needs_ffmpeg
def test_a_film_without_sound_is_said_to_be_one(tmp_path: Path) -> None:
    path = tmp_path / "v.mp4"
    source = ["-f", "lavfi", "-i", "testsrc=duration=1:size=32x32"]
    subprocess.run(["ffmpeg", "-loglevel", "error", *source, str(path)], check=True)
    with pytest.raises(AudioError, match="has no sound in it"):
        read(path)


@needs_ffmpeg
def test_what_names_other_files_is_not_handed_to_ffmpeg(tmp_path: Path) -> None:
    secret = made(tmp_path, "secret.m4a", tone(1))
    for name, content in {
        "list.m4a": f"ffconcat version 1.0\nfile {secret}\n",
        "list.mp4": f"#EXTM3U\n#EXTINF:1,\n{secret}\n",
    }.items():
        (tmp_path / name).write_text(content)
        with pytest.raises(AudioError, match="can't be decoded: Format not recognised"):
            read(tmp_path / name)


@pytest.mark.usefixtures("no_ffmpeg")
def test_without_ffmpeg_it_is_said_how_to_convert(tmp_path: Path) -> None:
    content = b"\0\0\0\x20ftypM4A "
    (tmp_path / "v.m4a").write_bytes(content)
    with pytest.raises(AudioError, match=r"needs FFmpeg .* such as by `ffmpeg -i v\.m4a v\.wav`"):
        read(tmp_path / "v.m4a")
    with pytest.raises(AudioError, match="convert the recording elsewhere to WAV"):
        read(io.BytesIO(content))


def test_the_command_names_the_file_whatever_it_is_called() -> None:
    assert conversion(Path("calls/-i a.m4a")) == "`ffmpeg -i './-i a.m4a' './-i a.wav'`"
