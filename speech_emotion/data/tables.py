"""A table of recordings as a source: one row per recording, or per segment of a longer one.

Columns are read by the names that people give them already; audformat's and nkululeko's tables are
read as they are. See docs/data.md.
"""

import csv
import hashlib
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd

from speech_emotion.audio.codec import AUDIO_SUFFIXES, cut
from speech_emotion.audio.phone_formats import conversion
from speech_emotion.base.errors import AudioError, PipelineError
from speech_emotion.data.corpora import CORPORA
from speech_emotion.data.dataset import Utterance, published

TABLE_SUFFIXES = (".csv", ".tsv")
DELIMITERS = ",;\t"

FIELDS = ("channel", "intensity", "statement", "repetition")
"""Columns that a manifest has, too, under the same names."""

MEASURED = ("id", "source_id", "variant", "synthetic", "sample_rate", "duration", "shard", "part")
"""Names of columns that the pipeline writes itself: a table's columns of these names are left."""

SEXES = {
    **dict.fromkeys(("f", "female", "w", "woman"), "female"),
    **dict.fromkeys(("m", "male", "man"), "male"),
    **dict.fromkeys(("", "unknown", "other", "diverse", "nan"), ""),
}
PARTS = {
    "train": "train",
    **dict.fromkeys(("validation", "valid", "val", "dev", "devel"), "validation"),
    "test": "test",
    "": "",
}
"""What the columns sex and split may hold, in any letter case, and what a manifest makes of it."""

FAULTS_SHOWN = 10

LONGEST_ID = 64
"""An id of more bytes is cut and given a hash: names in a tar header must not exceed 100 bytes."""


@dataclass(frozen=True)
class TableRecording:
    """A recording that a row of a table names, or the segment of it.

    Attributes
    ----------
    name : str
        For messages: the table, the row and the file.
    file : str
        What the row calls it.
    path : Path
        Where it lies.
    start, end : float or None
        Of a segment, in s; None for those of the file.
    """

    name: str
    file: str
    path: Path
    start: float | None
    end: float | None

    @property
    def size(self) -> int:
        """Of the file, in bytes; a segment is at most that."""
        return self.path.stat().st_size if self.path.exists() else 0

    def read(self) -> bytes:
        """The file as it is, or a file of the segment in the same format."""
        try:
            if self.start is None and self.end is None:
                return self.path.read_bytes()
            return cut(self.path, self.start or 0.0, self.end)
        except OSError as error:
            raise AudioError(f"can't be read: {error.strerror or error}") from None


def read_table(path: Path) -> list[tuple[TableRecording, Utterance]]:
    """The recordings that a table names, each with what its row says.

    Parameters
    ----------
    path : Path
        A text file with a header, its columns separated by commas, semicolons or tabs. ``file``
        (relative to the table) and ``emotion`` are needed; ``speaker``, ``sex`` or ``gender``,
        ``corpus``, ``channel``, ``intensity``, ``statement``, ``repetition``, ``language``,
        ``split``, and ``start`` and ``end`` (in s, or as pandas writes a time) are known. Other
        columns are kept.

    Raises
    ------
    PipelineError
        With a sentence for each of the first `FAULTS_SHOWN` kinds of faults; rows are counted as a
        spreadsheet does, the header being row 1.
    """
    header, rows = _cells(path)
    faults: dict[str, list[int]] = {}
    found: list[tuple[TableRecording, Utterance]] = []
    earlier = Earlier()
    for number, cells in rows:
        try:
            if len(cells) != len(header):
                raise ValueError(f"has {len(cells)} columns, the header {len(header)}")
            row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
            recording, utterance = _recording(path, number, row)
            earlier.compare(number, row, recording, utterance)
        except ValueError as error:
            faults.setdefault(str(error), []).append(number)
        else:
            found.append((recording, utterance))
    if faults:
        raise PipelineError(
            f"{path}: {_listed(faults)}. Mend the table, or take these rows out of it."
        )
    if not found:
        raise PipelineError(f"{path} has no row below its header: add one row per recording.")
    return found


class Earlier:
    """What the rows above said, so that a row can't contradict them."""

    def __init__(self) -> None:
        self._audio: dict[object, int] = {}
        self._ids: dict[str, int] = {}
        self._sexes: dict[tuple[str, str], tuple[str, int]] = {}
        self._spellings: dict[tuple[str, str], str] = {}

    def compare(
        self, number: int, row: Mapping[str, str], recording: TableRecording, utterance: Utterance
    ) -> None:
        """Take in one row; raise a `ValueError` if it does not go with one above.

        Parameters
        ----------
        number : int
            Of the row.
        row : mapping of str to str
            Its cells.
        recording, utterance
            What was made of it.
        """
        audio = (recording.path.resolve(), recording.start, recording.end)
        first = self._audio.setdefault(audio, number)
        if first != number:
            raise ValueError(f"names the same recording as row {first}")
        first = self._ids.setdefault(utterance.id, number)
        if first != number:
            raise ValueError(
                f"would have the same id as row {first}, {utterance.id}: rename a file"
            )
        if not utterance.speaker:
            return
        who = (utterance.corpus, utterance.speaker)
        spelling = self._spellings.setdefault(who, row["speaker"])
        if spelling != row["speaker"]:
            raise ValueError(
                f"has the speaker {row['speaker']!r}, a row above {spelling!r}: both would be "
                f"written {utterance.speaker!r}"
            )
        sex, first = self._sexes.setdefault(who, (utterance.sex, number))
        if sex != utterance.sex:
            raise ValueError(
                f"says that the speaker {row['speaker']} is {utterance.sex or 'of unknown sex'}, "
                f"row {first} {sex or 'of unknown sex'}"
            )


def _listed(faults: Mapping[str, Sequence[int]]) -> str:
    """Each fault once, with the first row that has it and how many more do."""
    sentences = []
    for fault, rows in list(faults.items())[:FAULTS_SHOWN]:
        more = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
        sentences.append(f"row {rows[0]}{more}: {fault}")
    rest = sum(len(rows) for rows in list(faults.values())[FAULTS_SHOWN:])
    if rest:
        sentences.append(f"and {rest} more rows have other faults")
    return ". ".join(sentences)


def columns_left(path: Path) -> list[str]:
    """The columns of a table that are not kept, since the pipeline has columns of that name."""
    return sorted(set(_cells(path)[0]) & set(MEASURED))


def _cells(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header in lower case, and the cells of every row that is not empty, with its number."""
    try:
        # spreadsheets begin a file with a byte order mark
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise PipelineError(f"{path} is not text in UTF-8: save it as such.") from None
    lines = text.splitlines()
    first = lines[0] if lines else ""
    delimiter = max(DELIMITERS, key=first.count)
    read = list(
        csv.reader(text.splitlines(keepends=True), delimiter=delimiter, skipinitialspace=True)
    )
    header = [name.strip().lower() for name in read[0]] if read else []
    if "sex" not in header:
        header = ["sex" if name == "gender" else name for name in header]
    missing = [name for name in ("file", "emotion") if name not in header]
    if missing:
        raise PipelineError(
            f"{path} has no column {' and no column '.join(missing)}; it has "
            f"{', '.join(filter(None, header)) or 'none'}: expected a table with a header and one "
            "row per recording."
        )
    twice = sorted(name for name, count in Counter(header).items() if name and count > 1)
    if twice:
        raise PipelineError(f"{path} has the column {twice[0]} twice: rename one.")
    return header, [(n, cells) for n, cells in enumerate(read[1:], start=2) if any(cells)]


def _recording(
    table: Path, number: int, row: Mapping[str, str]
) -> tuple[TableRecording, Utterance]:
    """One row; a `ValueError` says what is wrong with it."""
    if not row["file"]:
        raise ValueError("has no file")
    path = table.parent / row["file"]
    if not path.is_file():
        # as Windows writes paths
        path = table.parent / row["file"].replace("\\", "/")
    if not path.is_file():
        raise ValueError(f"its file {row['file']} does not exist beside the table")
    if path.suffix.lower() not in AUDIO_SUFFIXES:
        raise ValueError(
            f"its file {row['file']} is neither WAV nor FLAC: convert it, such as by "
            f"{conversion(path)}"
        )
    if not row["emotion"]:
        raise ValueError("has no emotion")
    start, end = (_seconds(row.get(name, ""), name) for name in ("start", "end"))
    if start is not None and end is not None and start >= end:
        raise ValueError(f"its segment starts at {start:g} s and ends at {end:g} s")
    corpus = _as_name(row.get("corpus") or table.stem).lower()
    if corpus in CORPORA and CORPORA[corpus].has_ids_of_its_own:
        raise ValueError(
            f"its corpus is called {corpus}, as a corpus whose recordings are known by their file "
            "names: name the folder of that in ingest.from, or call the table's corpus otherwise"
        )
    utterance = published(
        id=f"{corpus}-{_identity(row['file'], start, end)}",
        corpus=corpus,
        emotion=row["emotion"],
        speaker=_as_name(row.get("speaker", "")),
        sex=_one_of(SEXES, row.get("sex", ""), "sex"),
        channel=_as_name(row.get("channel", "")).lower(),
        intensity=row.get("intensity", ""),
        statement=row.get("statement", ""),
        repetition=row.get("repetition", ""),
        extra=_extra(row, start, end),
    )
    return TableRecording(
        f"{table} row {number}: {row['file']}", row["file"], path, start, end
    ), utterance


def _extra(row: Mapping[str, str], start: float | None, end: float | None) -> dict[str, str]:
    """What the manifest keeps of a row in columns of their own."""
    read = {"", "file", "emotion", "speaker", "sex", "corpus", "start", "end", *FIELDS, *MEASURED}
    extra = {name: value for name, value in row.items() if name not in read}
    extra["split"] = _one_of(PARTS, row.get("split", ""), "split")
    extra["start"] = "" if start is None else f"{start:g}"
    extra["end"] = "" if end is None else f"{end:g}"
    return {name: value for name, value in extra.items() if value}


def _one_of(known: Mapping[str, str], value: str, column: str) -> str:
    try:
        return known[value.lower()]
    except KeyError:
        expected = ", ".join(dict.fromkeys(filter(None, known.values())))
        raise ValueError(f"its {column} is {value!r}: expected {expected} or nothing") from None


def _seconds(value: str, column: str) -> float | None:
    """A time in s, as a number or as pandas writes it; None where there is none."""
    if not value or value.lower() in ("nat", "nan"):
        return None
    readers: tuple[Callable[[str], float], ...] = (
        lambda text: float(text.replace(",", ".")),
        lambda text: pd.Timedelta(text).total_seconds(),
    )
    for reader in readers:
        try:
            seconds = reader(value)
        except ValueError:
            continue
        if math.isfinite(seconds) and seconds >= 0:
            return seconds
    raise ValueError(f"its {column} is {value!r}: expected seconds, such as 1.5")


def _identity(file: str, start: float | None, end: float | None) -> str:
    """Such as wav_03a01Fa, or call_1500-2500 for a segment, in ms: from the row alone."""
    name = _as_name(str(PurePosixPath(file.replace("\\", "/")).with_suffix("")))
    if start is not None or end is not None:
        name += f"_{round(1000 * (start or 0))}-{'' if end is None else round(1000 * end)}"
    if len(name.encode()) > LONGEST_ID:
        mark = hashlib.sha256(name.encode()).hexdigest()[:12]
        name = f"{name.encode()[-(LONGEST_ID - 13) :].decode(errors='ignore')}-{mark}"
    return name


def _as_name(text: str) -> str:
    """Text that can be part of a file's name and of a list in params.yaml."""
    return re.sub(r"[\s/\\]+", "_", text.strip().strip("./\\"))
