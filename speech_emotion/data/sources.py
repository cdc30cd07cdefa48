"""Where recordings come from: a folder of corpora, published archives, or the synthetic corpus."""

import lzma
import os
import sys
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePath, PurePosixPath
from typing import Literal, Protocol

import pooch
import requests
import yaml
from pydantic import Field

from speech_emotion.base.errors import AudioError, PipelineError
from speech_emotion.base.user_cache import user_cache
from speech_emotion.data.synthetic.corpus import SyntheticSettings
from speech_emotion.data.synthetic.corpus import recordings as synthetic_recordings
from speech_emotion.params.section import Section, check

AUDIO_SUFFIXES = (".wav", ".flac")

UNREADABLE = (
    zipfile.BadZipFile,  # a wrong checksum
    RuntimeError,  # a password, or a compression that Python does not know
    OSError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
)
"""What reading a member of an archive may raise."""


class SourceFile(Protocol):
    """One audio file of a source: its path as published, and its bytes when asked for."""

    @property
    def name(self) -> str: ...

    @property
    def size(self) -> int:
        """Of the file, in bytes; where code makes the audio, about."""

    def read(self) -> bytes:
        """The file; raises an `AudioError` where it can't be read."""


@dataclass(frozen=True)
class LooseFile:
    """An audio file in a folder."""

    name: str
    path: Path

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def read(self) -> bytes:
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise AudioError(f"can't be read: {error.strerror or error}") from None


@dataclass(frozen=True)
class ZipMember:
    """An audio file in a zip archive, read straight from it."""

    name: str
    size: int
    archive: Path
    member: str

    def read(self) -> bytes:
        try:
            return _opened(self.archive).read(self.member)
        except UNREADABLE as error:
            raise AudioError(
                f"can't be read from the archive: {error or 'it ends early'}"
            ) from None


@lru_cache(maxsize=8)
def _opened(archive: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(archive)
    except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
        raise PipelineError(
            f"{archive} is not a zip archive that can be read ({error}): get it again."
        ) from None


class Archive(Section):
    """One published archive: address, file name, md5 and, where known, size in bytes."""

    name: str
    url: str
    md5: str = Field(pattern="^[0-9a-f]{32}$")
    size: int | None = Field(default=None, gt=0)


class PublishedSource(Section):
    """A source file such as data/published.yaml."""

    source: Literal["published"]
    archives: tuple[Archive, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Source:
    """All the recordings of a source, sorted by name, and whether code made them."""

    recordings: Sequence[SourceFile]
    synthetic: bool


def open_source(path: Path) -> Source:
    """Find the recordings that ``ingest.from`` names; downloads what is published and not here.

    Raises
    ------
    PipelineError
        If the path does not exist, the file does not describe a source, an archive is damaged
        or a download fails.
    """
    if path.is_dir():
        return Source(_in_folder(path.absolute()), synthetic=False)
    if not path.is_file():
        raise PipelineError(
            f"ingest.from is {str(path)!r}, which does not exist: expected a folder with the "
            "corpora or a file such as data/synthetic.yaml or data/published.yaml."
        )
    if path.suffix.lower() == ".zip":
        raise PipelineError(
            f"ingest.from is {path}, an archive: expected the folder that holds it."
        )
    try:
        described = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise PipelineError(f"ingest.from is {path}, which is not valid YAML: {error}") from None
    kind = described.get("source") if isinstance(described, dict) else None
    if kind == "synthetic":
        settings = check(described, SyntheticSettings, str(path))
        return Source(synthetic_recordings(settings), synthetic=True)
    if kind == "published":
        archives = _download(check(described, PublishedSource, str(path)).archives)
        found = [one for path in archives for one in _in_archive(path, PurePosixPath(path.name))]
        return Source(sorted(found, key=lambda one: one.name), synthetic=False)
    raise PipelineError(
        f"ingest.from is {path}, whose key `source` is {kind!r}: expected synthetic or published."
    )


def _in_folder(folder: Path) -> list[LooseFile | ZipMember]:
    found: list[LooseFile | ZipMember] = []
    for path in _files(folder):
        place = PurePosixPath(path.relative_to(folder).as_posix())
        if is_hidden(place):
            continue
        if path.suffix.lower() == ".zip":
            found += _in_archive(path, place)
        elif _is_audio(place):
            found.append(LooseFile(str(place), path))
    return sorted(found, key=lambda recording: recording.name)


def _files(folder: Path) -> Iterator[Path]:
    """The files below a folder, through links to folders too, each folder once."""
    seen = set()
    for here, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(here)
        if real in seen:
            folders.clear()  # a link back to where the walk has been
            continue
        seen.add(real)
        folders.sort()
        yield from (Path(here, name) for name in names)


def _in_archive(archive: Path, place: PurePosixPath) -> list[ZipMember]:
    return [
        ZipMember(str(place / member.filename), member.file_size, archive, member.filename)
        for member in _opened(archive).infolist()
        if _is_audio(PurePosixPath(member.filename))
        and not is_hidden(PurePosixPath(member.filename))
    ]


def _is_audio(path: PurePosixPath) -> bool:
    return path.suffix.lower() in AUDIO_SUFFIXES


def is_hidden(path: PurePath) -> bool:
    """Whether it is what operating systems leave beside the audio."""
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)


def _download(archives: Sequence[Archive]) -> list[Path]:
    fetcher = pooch.create(
        path=user_cache("downloads"),
        base_url="",
        registry={archive.name: f"md5:{archive.md5}" for archive in archives},
        urls={archive.name: archive.url for archive in archives},
        retry_if_failed=2,
    )
    missing = [archive for archive in archives if not (fetcher.abspath / archive.name).exists()]
    if missing:
        size = sum(archive.size or 0 for archive in missing) / 1e6
        known = f", {size:,.0f} MB or more" if size else ""
        print(f"downloading {len(missing)} archives to {fetcher.abspath}{known}", file=sys.stderr)
    paths = []
    for archive in archives:
        try:
            got = fetcher.fetch(archive.name, progressbar=sys.stderr.isatty())
        except ValueError:
            raise PipelineError(
                f"{archive.url} did not arrive as published: its md5 is not {archive.md5}. "
                "Try again; if it stays so, download it by hand and set ingest.from to its folder."
            ) from None
        except (OSError, requests.RequestException) as error:
            raise PipelineError(
                f"{archive.url} could not be downloaded ({error}): check the connection, or "
                "download it by hand and set ingest.from to its folder."
            ) from None
        paths.append(Path(got))
    return paths
