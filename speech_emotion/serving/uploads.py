"""What the page and the REST interface take of others: how large, and how long."""

from pathlib import Path
from typing import BinaryIO

from speech_emotion.audio.recordings import opened
from speech_emotion.base.errors import AudioError

MAX_SIZE = 120_000_000
"""Of an upload, in bytes; ten minutes of 16-bit stereo at 48 kHz are 115 MB."""

MAX_SECONDS = 600.0
"""Of a recording, in s."""

MAX_SAMPLE_RATE = 400_000
"""Of a recording, in Hz: more than recorders make. A second of it is decoded at once, so that a
header could ask for any amount of memory."""

UPLOAD_LIFE = 600
"""An upload that is not complete, or was not recognised, is given up after this, in s."""


class TooLongError(AudioError):
    """A recording that lasts longer than `MAX_SECONDS`."""


def require_short(source: Path | BinaryIO) -> float:
    """The duration of a recording, in s.

    Raises
    ------
    TooLongError
        If it lasts longer than `MAX_SECONDS`.
    AudioError
        If it can't be read, does not say how long it is, or is beyond `MAX_SAMPLE_RATE`.
    """
    # of one channel: to mix several, all of the recording would be decoded first
    with opened(source, channel=1) as recording:
        duration, sample_rate = recording.duration, recording.sample_rate
    if duration is None:
        raise AudioError("does not say how long it is: save it again with another program")
    if sample_rate > MAX_SAMPLE_RATE:
        raise AudioError(f"has a rate of {sample_rate} Hz, and {MAX_SAMPLE_RATE} Hz is the limit")
    if duration > MAX_SECONDS:
        raise TooLongError(f"lasts {duration:.0f} s, and {MAX_SECONDS:.0f} s is the limit")
    return duration
