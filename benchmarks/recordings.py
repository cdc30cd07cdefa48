"""Benchmark stage 2: ingest and rename_merge the real corpora, once for all front ends."""

import shutil
from pathlib import Path

from benchmarks.params import FILE, SourceParams, load_source
from speech_emotion.base.errors import PipelineError, run
from speech_emotion.data.sources import open_source
from stages.ingest import ingest
from stages.rename_merge import rename_merge

RECORDINGS = Path("benchmarks/data/recordings")


def merge_recordings(params: SourceParams, target: Path) -> None:
    """Write the merged dataset of the source.

    Raises
    ------
    PipelineError
        If the source is synthetic and the params don't say that this is meant.
    """
    if open_source(params.source).synthetic and not params.synthetic:
        raise PipelineError(
            f"{FILE}: ingest.from leads to {params.source}, a synthetic corpus, on which "
            "benchmarks mean nothing: name a folder with the real corpora. Tests of the machinery "
            "set ingest.synthetic to true."
        )
    raw = target.with_name("raw.partial")
    ingest(params, raw)
    rename_merge(raw, target)
    shutil.rmtree(raw)


def main() -> None:
    merge_recordings(load_source(), RECORDINGS)


if __name__ == "__main__":
    run(main)
