"""Benchmark stage 2: ingest and rename_merge the real corpora, once for all front ends."""

import argparse
import shutil
from pathlib import Path

from benchmarks.params import FILE, SourceParams, load_source
from speech_emotion.base.errors import PipelineError, run
from speech_emotion.data.sources import open_sources
from stages.ingest import ingest
from stages.rename_merge import rename_merge

RECORDINGS = Path("benchmarks/data/recordings")
RECORDINGS_ACROSS = Path("benchmarks/data/recordings_across")
"""RAVDESS and TESS, and these and a third corpus, in which "across" trains and tests."""


def merge_recordings(params: SourceParams, target: Path) -> None:
    """Write the merged dataset of the source.

    Raises
    ------
    PipelineError
        If the source is synthetic and the params don't say that this is meant.
    """
    if open_sources(params.sources).synthetic and not params.synthetic:
        sources = ", ".join(map(str, params.sources))
        raise PipelineError(
            f"{FILE}: ingest.from leads to {sources}, a synthetic corpus, on which benchmarks mean "
            "nothing: name a folder with the real corpora. Tests of the machinery set "
            "ingest.synthetic to true."
        )
    raw = target.with_name("raw.partial")
    ingest(params, raw)
    rename_merge(raw, target)
    shutil.rmtree(raw)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recordings")
    parser.add_argument("--across", action="store_true", help="of all corpora")
    if parser.parse_args().across:
        merge_recordings(load_source("across"), RECORDINGS_ACROSS)
    else:
        merge_recordings(load_source("ingest"), RECORDINGS)


if __name__ == "__main__":
    run(main)
