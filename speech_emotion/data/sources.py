"""Where recordings come from: a folder of corpora, a table, archives, or the synthetic corpus."""

import lzma
import os
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePath, PurePosixPath
from typing import Literal, Protocol

import pooch
import requests
import yaml
from pydantic import Field

from speech_emotion.audio.codec import AUDIO_SUFFIXES
from speech_emotion.audio.phone_formats import PHONE_SUFFIXES
from speech_emotion.base.errors import AudioError, PipelineError
from speech_emotion.base.user_cache import user_cache
from speech_emotion.data.dataset import Utterance
from speech_emotion.data.synthetic.corpus import SyntheticSettings
from speech_emotion.data.synthetic.corpus import recordings as synthetic_recordings
from speech_emotion.data.tables import TABLE_SUFFIXES, columns_left, read_table
from speech_emotion.params.section import Section, check

ARCHIVE_SUFFIXES = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz")
SPREADSHEET_SUFFIXES = (".xlsx", ".xls", ".ods")
OTHER_AUDIO_SUFFIXES = (
    *PHONE_SUFFIXES, ".mp3", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".aifc", ".au", ".caf",
)  # fmt: skip
"""What is no recording to the pipeline, but very likely was meant to be."""

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


@dataclass(frozen=True)
class Renamed:
    """A recording under a name that says which source it is of."""

    name: str
    recording: SourceFile

    @property
    def size(self) -> int:
        return self.recording.size

    def read(self) -> bytes:
        return self.recording.read()


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
    """What one or more sources hold.

    Attributes
    ----------
    recordings : sequence of SourceFile
        All the recordings, those of a folder sorted by name, those of a table in its order.
    synthetic : frozenset of str
        The names of those that code made.
    rows : dict of str to Utterance
        What a table says of its recordings, by their names; others are known by their names alone.
    left_out : sequence of str
        The names of files that may hold recordings, but not as the pipeline takes them.
    files : dict of str to Path
        The files that it is read from, by what they are called in it.
    """

    recordings: Sequence[SourceFile]
    synthetic: frozenset[str] = frozenset()
    rows: Mapping[str, Utterance] = field(default_factory=dict)
    left_out: Sequence[str] = ()
    files: Mapping[str, Path] = field(default_factory=dict)


def open_sources(paths: Sequence[Path]) -> Source:
    """Find the recordings of all the sources that ``ingest.from`` names, as `open_source` does.

    Where there are several, the names of those in folders and archives begin with their source.
    """
    if len(paths) == 1:
        return open_source(paths[0])
    sources = [open_source(path) for path in paths]
    recordings: list[SourceFile] = []
    synthetic: set[str] = set()
    for path, source in zip(paths, sources, strict=True):
        for one in source.recordings:
            in_table = one.name in source.rows  # whose names say where they come from
            named = one if in_table else Renamed(f"{path.as_posix()}/{one.name}", one)
            recordings.append(named)
            if one.name in source.synthetic:
                synthetic.add(named.name)
    return Source(
        recordings,
        frozenset(synthetic),
        {name: row for source in sources for name, row in source.rows.items()},
        [
            f"{path.as_posix()}/{name}"
            for path, source in zip(paths, sources, strict=True)
            for name in source.left_out
        ],
        {
            f"{path.as_posix()}/{name}": file
            for path, source in zip(paths, sources, strict=True)
            for name, file in source.files.items()
        },
    )


def open_source(path: Path) -> Source:
    """Find the recordings of one source; downloads what is published and not here.

    Raises
    ------
    PipelineError
        If the path does not exist, the file does not describe a source, an archive is damaged
        or a download fails.
    """
    if path.is_dir():
        return _in_folder(path.absolute())
    if not path.is_file():
        raise PipelineError(
            f"ingest.from is {str(path)!r}, which does not exist: expected a folder with "
            "corpora, a table of recordings such as data/mine.csv, data/synthetic.yaml or "
            "data/published.yaml."
        )
    if path.suffix.lower() in TABLE_SUFFIXES:
        return _in_table(path)
    if path.suffix.lower() in SPREADSHEET_SUFFIXES:
        raise PipelineError(f"ingest.from is {path}, a spreadsheet: save it as CSV and name that.")
    if path.suffix.lower() in ARCHIVE_SUFFIXES:
        raise PipelineError(
            f"ingest.from is {path}, an archive: expected the folder that holds it."
        )
    described = _described(path)
    kind = described.get("source") if isinstance(described, dict) else None
    if kind == "synthetic":
        settings = check(described, SyntheticSettings, str(path))
        made = synthetic_recordings(settings)
        return Source(made, frozenset(one.name for one in made), files={path.name: path})
    if kind == "published":
        archives = _download(check(described, PublishedSource, str(path)).archives)
        found = [one for path in archives for one in _in_archive(path, PurePosixPath(path.name))]
        return Source(_sorted(found), files={path.name: path})
    raise PipelineError(
        f"ingest.from is {path}, whose key `source` is {kind!r}: expected synthetic or published; "
        f"a table of recordings ends in {' or '.join(TABLE_SUFFIXES)}."
    )


def is_published(path: Path) -> bool:
    """Whether a source is a file that names published archives, as yet undownloaded perhaps."""
    if not path.is_file() or path.suffix.lower() not in (".yaml", ".yml"):
        return False
    described = _described(path)
    return isinstance(described, dict) and described.get("source") == "published"


def _described(path: Path) -> object:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise PipelineError(f"ingest.from is {path}, which is not valid YAML: {error}") from None


def _in_table(path: Path) -> Source:
    entries = read_table(path)
    left = columns_left(path)
    if left:
        print(
            f"warning: {path}: the columns {', '.join(left)} are not kept, since the pipeline has "
            "columns of these names",
            file=sys.stderr,
        )
    return Source(
        [recording for recording, _ in entries],
        rows={recording.name: utterance for recording, utterance in entries},
        files={path.name: path, **{recording.file: recording.path for recording, _ in entries}},
    )


def _in_folder(folder: Path) -> Source:
    found: list[LooseFile | ZipMember] = []
    files = {}
    left_out: list[str] = []
    for path in _files(folder):
        place = PurePosixPath(path.relative_to(folder).as_posix())
        if is_hidden(place):
            continue
        if path.suffix.lower() == ".zip":
            found += _in_archive(path, place)
            left_out += _left_out(place / one.filename for one in _opened(path).infolist())
        elif _is_audio(place):
            found.append(LooseFile(str(place), path))
        else:
            left_out += _left_out([place])
            continue
        files[str(place)] = path
    return Source(_sorted(found), left_out=sorted(left_out), files=files)


def _sorted(found: Iterable[LooseFile | ZipMember]) -> list[LooseFile | ZipMember]:
    return sorted(found, key=lambda recording: recording.name)


def _left_out(places: Iterable[PurePosixPath]) -> list[str]:
    """Those that may hold recordings that the pipeline does not read."""
    endings = (*OTHER_AUDIO_SUFFIXES, *ARCHIVE_SUFFIXES)
    return [
        str(place) for place in places if place.suffix.lower() in endings and not is_hidden(place)
    ]


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
