"""Recordings as phones and browsers make them, which libsndfile does not read: by way of FFmpeg."""

import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import BinaryIO

from speech_emotion.audio.codec import CUT_SHORT
from speech_emotion.base.errors import AudioError

PHONE_SUFFIXES = (
    ".m4a", ".mp4", ".mov", ".3gp", ".3g2", ".aac", ".amr", ".wma", ".webm", ".mka", ".mkv",
)  # fmt: skip

FORMATS = (
    (4, b"ftyp", "mov"),
    (4, b"moov", "mov"),
    (4, b"mdat", "mov"),
    (0, b"\x1aE\xdf\xa3", "matroska"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (0, b"#!AMR", "amr"),
    (0, b"\xff\xf1", "aac"),
    (0, b"\xff\xf9", "aac"),
    (0, b"caff", "caf"),
)
"""What a file of such a format has where, and what FFmpeg calls the format. It gets to read no
other: a list of files to play, as others are, may name any file of this machine."""

LARGEST_DECODED = 2_000_000_000
"""What a file may come to, in bytes: 87 minutes in stereo at 48 kHz, in single precision."""

LONGEST_WAIT = 600.0
"""FFmpeg may take as long as this, in s."""

BROKEN_OFF = ("partial file", "File ended prematurely")
"""What FFmpeg says, and goes on, where a file announces more than there is."""

NO_SOUND = "matches no streams"
"""What it says of a film without sound."""


def format_of(file: BinaryIO) -> str | None:
    """What FFmpeg calls a file's format, by its first bytes; None if it is none of `FORMATS`."""
    file.seek(0)
    start = file.read(16)
    return next((name for place, magic, name in FORMATS if start[place:].startswith(magic)), None)


@contextmanager
def converted(source: Path | BinaryIO, form: str) -> Iterator[tuple[BinaryIO, str | None]]:
    """The first audio in a file as a WAV file in single precision, which is deleted afterwards.

    Parameters
    ----------
    source : Path or BinaryIO
        The file.
    form : str
        Its format, by `format_of`.

    Yields
    ------
    file : BinaryIO
        The WAV file.
    remark : str or None
        What FFmpeg said of a file that it could decode.

    Raises
    ------
    AudioError
        If FFmpeg is not installed or can't decode it, or it is too long.
    """
    program = shutil.which("ffmpeg")
    if program is None:
        raise AudioError(
            "needs FFmpeg to be decoded, which is not installed: install it, or convert the "
            f"recording elsewhere{_such_as(source)}"
        )
    with tempfile.TemporaryDirectory() as folder:
        given, target = Path(folder, "given"), Path(folder, "decoded.wav")
        if isinstance(source, Path):
            given = source.absolute()
        else:
            source.seek(0)
            with given.open("wb") as copy:
                shutil.copyfileobj(source, copy)
        command = [
            program, "-nostdin", "-hide_banner", "-loglevel", "error",
            "-protocol_whitelist", "file", "-f", form, "-i", f"file:{given}",
            "-map", "0:a:0", "-map_metadata", "-1", "-c:a", "pcm_f32le",
            "-fs", str(LARGEST_DECODED), "-f", "wav", f"file:{target}",
        ]  # fmt: skip
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=LONGEST_WAIT, check=False, errors="replace"
            )
        except subprocess.TimeoutExpired:
            raise AudioError(f"is not decoded by FFmpeg in {LONGEST_WAIT:g} s") from None
        if any(words in done.stderr for words in BROKEN_OFF):
            raise AudioError(CUT_SHORT)
        if NO_SOUND in done.stderr:
            raise AudioError("has no sound in it")
        said = done.stderr.replace(f"file:{given}: ", "").strip().splitlines()
        # before a part of FFmpeg speaks, it says where it lies in memory
        last = said[-1].strip().rpartition("] ")[2].rstrip(".") if said else ""
        if done.returncode:
            raise AudioError(f"can't be decoded by FFmpeg: {last or 'it does not say why'}")
        if target.stat().st_size >= LARGEST_DECODED:
            raise AudioError(
                f"is too long to be decoded here, with more than {LARGEST_DECODED / 1e9:g} GB of "
                f"audio: convert it{_such_as(source)}"
            )
        with target.open("rb") as file:
            yield file, f"was decoded by FFmpeg, which says of it: {last}" if last else None


def _such_as(source: Path | BinaryIO) -> str:
    return f", such as by {conversion(source)}" if isinstance(source, Path) else " to WAV"


def conversion(path: PurePath) -> str:
    """The command that makes a WAV file of one of another format."""
    given, made = (
        shlex.quote(f"./{name}" if name.startswith("-") else name)  # or it would be an option
        for name in (path.name, f"{path.stem}.wav")
    )
    return f"`ffmpeg -i {given} {made}`"
