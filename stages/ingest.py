"""Stage 1, ingest: the recordings of a source, checked one by one, as they were published."""

import csv
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

from speech_emotion.audio.codec import inspect
from speech_emotion.base.errors import AudioError, run
from speech_emotion.base.files import replaced_folder
from speech_emotion.base.parallel import map_parts
from speech_emotion.data.dataset import ShardWriter, Utterance
from speech_emotion.data.intake import Rejected, ShardPlan, check_rejected, plan_shards, report
from speech_emotion.data.manifest import write_manifest
from speech_emotion.data.sources import open_source
from speech_emotion.params.ingest import IngestParams
from speech_emotion.params.section import load


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


def write_shard(folder: Path, plan: ShardPlan) -> tuple[list[Utterance], list[Rejected]]:
    """Check the recordings of a shard and write those that pass, bytes untouched."""
    kept, rejected = [], []
    with ShardWriter(folder / "shards" / f"{plan.name}.tar") as shard:
        for recording, utterance in plan.recordings:
            try:
                content = recording.read()
                sample_rate, duration = inspect(content)
            except AudioError as error:
                rejected.append(Rejected(recording.name, error.fault))
                continue
            shard.add(utterance.id + PurePosixPath(recording.name).suffix.lower(), content)
            kept.append(
                replace(utterance, sample_rate=sample_rate, duration=duration, shard=plan.name)
            )
    if not kept:
        (folder / "shards" / f"{plan.name}.tar").unlink()
    return kept, rejected


def main() -> None:
    ingest(load("ingest", IngestParams), Path("data/raw"))


if __name__ == "__main__":
    run(main)
