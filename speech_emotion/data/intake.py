"""What comes in from a source: which corpus and shard each file belongs to, and what stays out."""

import sys
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from speech_emotion.base.errors import PipelineError
from speech_emotion.data.corpora import CORPORA
from speech_emotion.data.dataset import Utterance, shard_groups
from speech_emotion.data.sources import Source, SourceFile
from speech_emotion.params.ingest import IngestParams


@dataclass(frozen=True)
class Rejected:
    """An audio file that stays out, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class ShardPlan:
    """The recordings that go into one shard, each with what its name says."""

    name: str
    recordings: tuple[tuple[SourceFile, Utterance], ...]


def plan_shards(source: Source) -> tuple[list[ShardPlan], list[Rejected]]:
    """Read the names: which recording goes into which shard, and which names nobody published.

    Raises
    ------
    PipelineError
        If two files claim to be the same recording; the message names both.
    """
    named: dict[str, tuple[SourceFile, Utterance]] = {}
    rejected = []
    for recording in source.recordings:
        path = PurePosixPath(recording.name)
        corpus = next((one for one in CORPORA.values() if one.claims(path.stem)), None)
        if corpus is None:
            rejected.append(
                Rejected(recording.name, f"unknown name: not of the form of {_titles()}")
            )
            continue
        try:
            utterance = corpus.parse(path.stem, path.parent.name)
        except ValueError as error:
            rejected.append(Rejected(recording.name, f"unknown name: {error}"))
            continue
        if utterance.id in named:
            raise PipelineError(
                f"two files are the recording {utterance.id}: {named[utterance.id][0].name} and "
                f"{recording.name}. Keep one of them."
            )
        named[utterance.id] = recording, replace(utterance, synthetic=source.synthetic)
    entries = list(named.values())
    groups = shard_groups(
        [(f"{row.corpus}-{row.speaker}", row.id, one.size) for one, row in entries]
    )
    return [
        ShardPlan(name, tuple(entries[i] for i in members)) for name, members in groups
    ], rejected


def report(utterances: list[Utterance], rejected: list[Rejected], source: Source) -> None:
    """Print what was found of each corpus, against what was published."""
    found = Counter((utterance.corpus, utterance.channel) for utterance in utterances)
    for corpus in CORPORA.values():
        if not any(found[corpus.name, channel] for channel in corpus.published):
            continue
        for channel, published in corpus.published.items():
            count = found[corpus.name, channel]
            if source.synthetic:
                print(f"{corpus.name} {channel}: {count} synthetic recordings")
            elif count == published:
                print(f"{corpus.name} {channel}: all {published} recordings as published")
            else:
                print(
                    f"warning: {corpus.name} {channel}: {count} of the {published} recordings "
                    "published",
                    file=sys.stderr,
                )
    if rejected:
        print(f"warning: {len(rejected)} files rejected, see rejected.csv", file=sys.stderr)


def check_rejected(rejected: list[Rejected], total: int, params: IngestParams) -> None:
    """Raise a `PipelineError` if there is no audio, or more than the allowed share was rejected."""
    if not total:
        raise PipelineError(
            f"ingest.from is {params.source}, which holds no WAV or FLAC file: expected "
            f"{_titles()} as published, in zip archives or unpacked."
        )
    if len(rejected) > params.max_rejected * total or len(rejected) == total:
        first = "; ".join(f"{one.name} ({one.reason})" for one in rejected[:10])
        raise PipelineError(
            f"{len(rejected)} of {total} audio files failed the checks, more than the share of "
            f"{params.max_rejected:g} that ingest.max_rejected allows. The first: {first}. "
            "Mend or remove them, or raise ingest.max_rejected."
        )


def _titles() -> str:
    """Such as "RAVDESS or TESS"."""
    return " or ".join(corpus.title for corpus in CORPORA.values())
