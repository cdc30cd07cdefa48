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
from speech_emotion.data.intake import (
    Rejected,
    ShardPlan,
    check_rejected,
    mark_same_audio,
    plan_shards,
    report,
    report_headers,
    report_left_out,
    take_in,
)
from speech_emotion.data.manifest import write_manifest
from speech_emotion.data.sources import open_sources
from speech_emotion.params.ingest import IngestParams
from speech_emotion.params.section import load


def ingest(params: IngestParams, target: Path) -> None:
    """Write the raw dataset and ``rejected.csv`` into the target folder."""
    source = open_sources(params.sources)
    intake = take_in(source)
    plans, rejected = plan_shards(intake.recordings), list(intake.rejected)
    utterances: list[Utterance] = []
    digests: dict[str, str] = {}
    remarks: list[str] = []
    with replaced_folder(target) as folder:
        (folder / "shards").mkdir()
        for kept, failed, remarkable in map_parts(partial(write_shard, folder), plans, "ingest"):
            for utterance, digest in kept:
                utterances.append(utterance)
                digests[utterance.id] = digest
            rejected += failed
            remarks += remarkable
        rejected.sort(key=lambda one: one.name)
        report(utterances, rejected, intake.repeated)
        check_rejected(rejected, source, params)
        report_headers(remarks)
        report_left_out(source)
        write_manifest(mark_same_audio(utterances, digests), folder)
        with (folder / "rejected.csv").open(
            "w", newline="", encoding="utf-8", errors="backslashreplace"
        ) as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["name", "reason"])
            writer.writerows([one.name, one.reason] for one in rejected)


def write_shard(
    folder: Path, plan: ShardPlan
) -> tuple[list[tuple[Utterance, str]], list[Rejected], list[str]]:
    """Check the recordings of a shard and write those that pass, bytes untouched.

    Returns
    -------
    kept : list of (Utterance, str)
        The rows of those that passed, each with what is equal for equal samples.
    rejected : list of Rejected
        The others.
    remarks : list of str
        What is wrong with the headers of some that passed.
    """
    kept, rejected, remarks = [], [], []
    with ShardWriter(folder / "shards" / f"{plan.name}.tar") as shard:
        for recording, utterance in plan.recordings:
            try:
                content = recording.read()
                sample_rate, duration, digest, remark = inspect(content)
            except AudioError as error:
                rejected.append(Rejected(recording.name, error.fault))
                continue
            shard.add(utterance.id + PurePosixPath(recording.name).suffix.lower(), content)
            row = replace(utterance, sample_rate=sample_rate, duration=duration, shard=plan.name)
            kept.append((row, digest))
            if remark:
                remarks.append(f"{recording.name} {remark}")
    if not kept:
        (folder / "shards" / f"{plan.name}.tar").unlink()
    return kept, rejected, remarks


def main() -> None:
    ingest(load("ingest", IngestParams), Path("data/raw"))


if __name__ == "__main__":
    run(main)
