"""Stage 1, ingest: the recordings of a source, checked one by one, as they were published."""

import csv
import sys
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

from stages.lib.audio import inspect
from stages.lib.corpora.registry import CORPORA
from stages.lib.dataset import ShardWriter, Utterance, replaced_folder, shard_groups
from stages.lib.errors import PipelineError, run
from stages.lib.manifest import write_manifest
from stages.lib.parallel import map_parts
from stages.lib.params.ingest import IngestParams
from stages.lib.params.loader import load
from stages.lib.sources import Recording, Source, open_source


@dataclass(frozen=True)
class Rejected:
    """An audio file that stays out, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class ShardPlan:
    """The recordings that go into one shard, each with what its name says."""

    name: str
    recordings: tuple[tuple[Recording, Utterance], ...]


def ingest(params: IngestParams, target: Path) -> None:
    """Write the raw dataset and ``rejected.csv`` into the target folder."""
    source = open_source(params.source)
    plans, rejected = plan_shards(source)
    utterances: list[Utterance] = []
    with replaced_folder(target) as folder:
        (folder / "shards").mkdir()
        for kept, failed in map_parts(partial(write_shard, folder), plans, "ingest"):
            utterances += kept
            rejected += failed
        rejected.sort(key=lambda one: one.name)
        report(utterances, rejected, source)
        check_rejected(rejected, len(source.recordings), params)
        write_manifest(utterances, folder)
        with (folder / "rejected.csv").open(
            "w", newline="", encoding="utf-8", errors="backslashreplace"
        ) as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["name", "reason"])
            writer.writerows([one.name, one.reason] for one in rejected)


def plan_shards(source: Source) -> tuple[list[ShardPlan], list[Rejected]]:
    """Read the names: which recording goes into which shard, and which names nobody published.

    Raises
    ------
    PipelineError
        If two files claim to be the same recording; the message names both.
    """
    named: dict[str, tuple[Recording, Utterance]] = {}
    rejected = []
    for recording in source.recordings:
        path = PurePosixPath(recording.name)
        corpus = next((one for one in CORPORA if one.claims(path.stem)), None)
        if corpus is None:
            rejected.append(
                Rejected(recording.name, "unknown name: neither RAVDESS' nor TESS' form")
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


def write_shard(folder: Path, plan: ShardPlan) -> tuple[list[Utterance], list[Rejected]]:
    """Check the recordings of a shard and write those that pass, bytes untouched."""
    kept, rejected = [], []
    with ShardWriter(folder / "shards" / f"{plan.name}.tar") as shard:
        for recording, utterance in plan.recordings:
            try:
                content = recording.read()
                sample_rate, duration = inspect(content)
            except ValueError as error:
                rejected.append(Rejected(recording.name, str(error)))
                continue
            shard.add(utterance.id + PurePosixPath(recording.name).suffix.lower(), content)
            kept.append(
                replace(utterance, sample_rate=sample_rate, duration=duration, shard=plan.name)
            )
    if not kept:
        (folder / "shards" / f"{plan.name}.tar").unlink()
    return kept, rejected


def report(utterances: list[Utterance], rejected: list[Rejected], source: Source) -> None:
    """Print what was found, a corpus at a time, against what was published."""
    found = Counter((utterance.corpus, utterance.channel) for utterance in utterances)
    for corpus in CORPORA:
        for channel, published in corpus.PUBLISHED.items():
            count = found[corpus.NAME, channel]
            if source.synthetic:
                print(f"{corpus.NAME} {channel}: {count} synthetic recordings")
            elif count == published:
                print(f"{corpus.NAME} {channel}: all {published} recordings as published")
            else:
                print(
                    f"warning: {corpus.NAME} {channel}: {count} of the {published} recordings "
                    "published",
                    file=sys.stderr,
                )
    if rejected:
        print(f"warning: {len(rejected)} files rejected, see rejected.csv", file=sys.stderr)


def check_rejected(rejected: list[Rejected], total: int, params: IngestParams) -> None:
    """Raise a `PipelineError` if there is no audio, or more than the allowed share was rejected."""
    if not total:
        raise PipelineError(
            f"ingest.from is {params.source}, which holds no WAV or FLAC file: expected RAVDESS or "
            "TESS as published, in zip archives or unpacked."
        )
    if len(rejected) > params.max_rejected * total or len(rejected) == total:
        first = "; ".join(f"{one.name} ({one.reason})" for one in rejected[:10])
        raise PipelineError(
            f"{len(rejected)} of {total} audio files failed the checks, more than the share of "
            f"{params.max_rejected:g} that ingest.max_rejected allows. The first: {first}. "
            "Mend or remove them, or raise ingest.max_rejected."
        )


def main() -> None:
    ingest(load("ingest", IngestParams), Path("data/raw"))


if __name__ == "__main__":
    run(main)
