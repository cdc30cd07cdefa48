"""WAV files with a wrong number in the header: what is there of them, and how it is read."""

import io
from typing import BinaryIO, NamedTuple

LARGEST_WAV = 0x7FFFF000
"""Programs that write WAV to a pipe announce this (SoX) or up to 2^32 - 1 (FFmpeg), in bytes."""

MISCOUNTED = 80
"""So many bytes of audio may be announced and missing: a program that counts the header as audio
announces 44 bytes too much, or 80 with the longest header of the common ones. They are less than
5 ms of speech at the lowest of usual rates, and more is missing where a copy broke off."""

MOST_CHUNKS = 1000
"""A file of more chunks before its audio is none that a program wrote."""


class WavHeader(NamedTuple):
    """What the header of a file says, against what is there.

    Attributes
    ----------
    file : BinaryIO
        What to give libsndfile: the file, or the file behind a header that is mended.
    remark : str or None
        What the user should know of a header that is wrong, where all of the audio is there.
    is_cut_short : bool
        Whether audio is missing.
    """

    file: BinaryIO
    remark: str | None = None
    is_cut_short: bool = False


class _Patched(io.RawIOBase):
    """A file with other bytes at some places, for reading."""

    def __init__(self, file: BinaryIO, patches: dict[int, bytes]) -> None:
        self._file = file
        self._patches = patches

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        start = self._file.tell()
        content = bytearray(self._file.read(len(buffer)))
        for place, patch in self._patches.items():
            for at, byte in enumerate(patch, place - start):
                if 0 <= at < len(content):
                    content[at] = byte
        buffer[: len(content)] = content
        return len(content)


def read_header(file: BinaryIO) -> WavHeader:
    """Hold the header of a WAV file against its size; of another file, nothing is said.

    Parameters
    ----------
    file : BinaryIO
        Seekable; read from its start.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    start = file.read(12)
    place = _audio(file) if start[:4] == b"RIFF" and start[8:] == b"WAVE" else None
    file.seek(0)
    if place is None:
        return WavHeader(file)
    begin, announced = place
    there = size - begin
    riff = int.from_bytes(start[4:8], "little")
    if announced == 0 and there and not _begins_with_chunk(file, begin, size):
        remark = "says in its header that it holds nothing, as if a recorder was cut off"
        return WavHeader(_sized(file, begin, there), f"{remark}: it was read to its end")
    if announced >= LARGEST_WAV and announced > there:  # by a program that could not know
        return WavHeader(_sized(file, begin, there))
    if announced > there + MISCOUNTED:
        return WavHeader(file, is_cut_short=True)
    if announced > there:
        missing = _bytes(announced - there)
        remark = f"announces {missing} of audio more than it holds: it was read to its end"
        return WavHeader(_sized(file, begin, there), remark)
    if size < riff + 8 < LARGEST_WAV:
        count = riff + 8 - size
        more = f"{_bytes(count)} more than there {'are' if count > 1 else 'is'}"
        return WavHeader(file, f"announces {more} in its header, but all of its audio is there")
    return WavHeader(file)


def _audio(file: BinaryIO) -> tuple[int, int] | None:
    """Where the audio begins, and how long it is by the header, in bytes; None if there is none."""
    place = 12
    for _ in range(MOST_CHUNKS):
        file.seek(place)
        head = file.read(8)
        if len(head) < 8:
            return None
        length = int.from_bytes(head[4:], "little")
        if head[:4] == b"data":
            return place + 8, length
        place += 8 + length + length % 2
    return None


def _begins_with_chunk(file: BinaryIO, place: int, size: int) -> bool:
    """Whether what stands there is a whole chunk, such as the name of the program that wrote it."""
    file.seek(place)
    head = file.read(8)
    file.seek(0)
    length = int.from_bytes(head[4:], "little")
    return (
        len(head) == 8
        and head[:4].isascii()
        and head[:4].decode("ascii").isprintable()
        and place + 8 + length <= size
    )


def _sized(file: BinaryIO, begin: int, there: int) -> BinaryIO:
    """The file behind a header that announces so many bytes of audio."""
    there = min(there, 0xFFFFFFFF - begin)
    riff = (begin - 8 + there).to_bytes(4, "little")
    patches = {4: riff, begin - 4: there.to_bytes(4, "little")}
    return io.BufferedReader(_Patched(file, patches))


def _bytes(count: int) -> str:
    return f"{count} byte{'s' if count > 1 else ''}"
