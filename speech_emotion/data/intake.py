"""What comes in from a source: which corpus and shard each file belongs to, and what stays out."""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from speech_emotion.audio.phone_formats import conversion
from speech_emotion.base.errors import AudioError, PipelineError
from speech_emotion.data.corpora import CORPORA
from speech_emotion.data.dataset import SAME_AUDIO, Utterance, shard_groups
from speech_emotion.data.sources import ARCHIVE_SUFFIXES, LooseFile, Renamed, Source, SourceFile
from speech_emotion.params.ingest import IngestParams

SHOWN = 5
"""So many of what is alike are named in a message."""


@dataclass(frozen=True)
class Rejected:
    """An audio file that stays out, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Intake:
    """What goes in.

    Attributes
    ----------
    recordings : tuple of (SourceFile, Utterance)
        Each recording once, with what its name or its table says.
    rejected : tuple of Rejected
        Files whose names nobody published.
    repeated : int
        Files that hold the same bytes as another of the same recording.
    """

    recordings: tuple[tuple[SourceFile, Utterance], ...]
    rejected: tuple[Rejected, ...]
    repeated: int


@dataclass(frozen=True)
class ShardPlan:
    """The recordings that go into one shard, each with what its name says."""

    name: str
    recordings: tuple[tuple[SourceFile, Utterance], ...]


def take_in(source: Source, *, by_size: bool = False) -> Intake:
    """Read the names: which file is which recording, and which names nobody published.

    Parameters
    ----------
    source : Source
        What there is.
    by_size : bool
        Take two files of one recording for equal if their sizes are, without reading them.

    Raises
    ------
    PipelineError
        If two files of different bytes claim to be the same recording; the message names both.
    """
    named: dict[str, tuple[SourceFile, Utterance]] = {}
    rejected, repeated = [], 0
    for recording in source.recordings:
        try:
            utterance = source.rows.get(recording.name) or _by_name(recording.name)
        except ValueError as error:
            rejected.append(Rejected(recording.name, f"unknown name: {error}"))
            continue
        first = named.get(utterance.id)
        if first is None:
            made = recording.name in source.synthetic
            named[utterance.id] = recording, replace(utterance, synthetic=made)
        elif _equal(first[0], recording, by_size):
            repeated += 1
        else:
            raise PipelineError(
                f"two files are the recording {utterance.id}, and their bytes differ: "
                f"{first[0].name} and {recording.name}. Keep one of them."
            )
    return Intake(tuple(named.values()), tuple(rejected), repeated)


def _by_name(name: str) -> Utterance:
    path = PurePosixPath(name)
    corpus = next((one for one in CORPORA.values() if one.claims(path.stem)), None)
    if corpus is None:
        raise ValueError(f"not of the form of {_titles()}")
    return corpus.parse(path.stem, path.parent.name)


def _equal(first: SourceFile, second: SourceFile, by_size: bool) -> bool:
    try:
        return first.size == second.size and (by_size or first.read() == second.read())
    except AudioError:
        return False


def plan_shards(recordings: Iterable[tuple[SourceFile, Utterance]]) -> list[ShardPlan]:
    """Which recording goes into which shard."""
    entries = list(recordings)
    groups = shard_groups(
        [(f"{row.corpus}-{row.speaker or 'unknown'}", row.id, one.size) for one, row in entries]
    )
    return [ShardPlan(name, tuple(entries[i] for i in members)) for name, members in groups]


def mark_same_audio(utterances: list[Utterance], digests: dict[str, str]) -> list[Utterance]:
    """Say which recordings have equal samples, and mark those that a split could part.

    Two takes of one known speaker are on one side of every split that is independent of speakers;
    RAVDESS was published with such a pair. Others get a common value in a column of the manifest.

    Parameters
    ----------
    utterances : list of Utterance
        All recordings.
    digests : dict of str to str
        Equal for recordings of equal samples, by id.
    """
    alike = defaultdict(list)
    for utterance in utterances:
        alike[digests[utterance.id]].append(utterance)
    groups = [group for group in alike.values() if len(group) > 1]
    if not groups:
        return utterances
    shown = "; ".join(
        " and ".join(f"{one.id} (speaker {one.speaker or 'unknown'})" for one in group)
        for group in groups[:SHOWN]
    )
    more = f"; and {len(groups) - SHOWN} more" if len(groups) > SHOWN else ""
    print(f"warning: the same audio under several names: {shown}{more}", file=sys.stderr)
    marked = {
        one.id
        for group in groups
        for one in group
        if not one.speaker or len({(other.corpus, other.speaker) for other in group}) > 1
    }
    return [
        replace(one, extra={**one.extra, SAME_AUDIO: digests[one.id]}) if one.id in marked else one
        for one in utterances
    ]


def report(utterances: list[Utterance], rejected: list[Rejected], repeated: int) -> None:
    """Print what was found of each corpus, against what was published."""
    found = Counter((one.corpus, one.channel, one.synthetic) for one in utterances)
    for (corpus, channel, synthetic), count in sorted(found.items()):
        known = CORPORA.get(corpus)
        published = known.published.get(channel) if known else None
        name = f"{corpus} {channel}".rstrip()
        if synthetic:
            print(f"{name}: {count} synthetic recordings")
        elif published is None:
            print(f"{name}: {count} recordings")
        elif count == published:
            print(f"{name}: all {published} recordings as published")
        else:
            _warn(f"{name}: {count} of the {published} recordings published")
    for corpus in sorted({one.corpus for one in utterances if not one.synthetic} & set(CORPORA)):
        for channel, published in CORPORA[corpus].published.items():
            if not any(one[:2] == (corpus, channel) for one in found):
                _warn(f"{corpus} {channel}: none of the {published} recordings published")
    if repeated:
        print(f"{repeated} files repeat another of the same recording, byte by byte: counted once")
    if rejected:
        _warn(f"{len(rejected)} files rejected, see rejected.csv")


def report_headers(remarks: list[str]) -> None:
    """Print a warning of files that were taken whole though a number in their header is wrong."""
    if remarks:
        more = f"; and {len(remarks) - SHOWN} more" if len(remarks) > SHOWN else ""
        shown = "; ".join(sorted(remarks)[:SHOWN])
        _warn(f"taken although a number in the header is wrong: {shown}{more}")


def report_left_out(source: Source) -> None:
    """Print a warning of files that may hold recordings, but not as the pipeline takes them."""
    if source.left_out:
        _warn(f"left out: {_what_to_do(source)}")


def check_rejected(rejected: list[Rejected], source: Source, params: IngestParams) -> None:
    """Raise a `PipelineError` if there is no audio, or more than the allowed share was rejected."""
    total = len(source.recordings)
    if not total:
        hint = f" It holds {_what_to_do(source)}." if source.left_out else ""
        raise PipelineError(
            f"ingest.from is {', '.join(map(str, params.sources))}, which holds no WAV or FLAC "
            f"file: expected {_titles()} as published, in zip archives or unpacked, or a table of "
            f"your own recordings.{hint}"
        )
    if len(rejected) > params.max_rejected * total or len(rejected) == total:
        first = "; ".join(f"{one.name} ({one.reason})" for one in rejected[:10])
        raise PipelineError(
            f"{len(rejected)} of {total} audio files failed the checks, more than the share of "
            f"{params.max_rejected:g} that ingest.max_rejected allows. The first: {first}. "
            f"Mend or remove them{_if_read_only(rejected, source)}, or raise ingest.max_rejected."
        )


def _what_to_do(source: Source) -> str:
    """Such as "2 .mp3 files (a.mp3, b.mp3): convert ..."."""
    by_suffix = defaultdict(list)
    for name in source.left_out:
        by_suffix[PurePosixPath(name).suffix.lower()].append(name)
    listed = ", ".join(
        f"{len(names)} {suffix} file{'s' if len(names) > 1 else ''} ({_first(names)})"
        for suffix, names in sorted(by_suffix.items())
    )
    hints = []
    if set(by_suffix) & set(ARCHIVE_SUFFIXES):
        hints.append("unpack archives that are not zip or lie within another")
    if others := sorted(set(by_suffix) - set(ARCHIVE_SUFFIXES)):
        example = PurePosixPath(by_suffix[others[0]][0])
        hints.append(f"convert recordings to WAV or FLAC, such as by {conversion(example)}")
    return f"{listed}: {', and '.join(hints)}"


def _first(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _if_read_only(rejected: list[Rejected], source: Source) -> str:
    """What must come first where `dvc add` has made the files read-only."""
    names = {one.name for one in rejected}
    for one in source.recordings:
        file = one.recording if isinstance(one, Renamed) else one
        if one.name in names and isinstance(file, LooseFile) and _is_read_only(file.path):
            return (
                " (they are read-only, as `dvc add` leaves files: run `dvc unprotect` on what you "
                "added first)"
            )
    return ""


def _is_read_only(path: Path) -> bool:
    return path.exists() and not path.stat().st_mode & 0o200


def _warn(sentence: str) -> None:
    print(f"warning: {sentence}", file=sys.stderr)


def _titles() -> str:
    """Such as "RAVDESS or TESS"."""
    *others, last = [corpus.title for corpus in CORPORA.values()]
    return f"{', '.join(others)} or {last}"
