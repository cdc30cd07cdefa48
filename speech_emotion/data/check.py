"""Before the first stage: checks params.yaml against the sources, and lists the files of these.

DVC can depend on one path of params.yaml, not on a list of them, nor on the files that a table
names. So this runs every time, in a second or two, and ingest depends on the list that it writes:
every file with its size and MD5. What has no place in a list is found on the way: params that are
wrong, or a split that does not fit the recordings, are refused here and not after an hour.
"""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from speech_emotion.audio.variants import AugmentParams
from speech_emotion.base.errors import run
from speech_emotion.base.files import write_whole
from speech_emotion.base.user_cache import user_cache
from speech_emotion.data.corpora import merged
from speech_emotion.data.intake import check_rejected, take_in
from speech_emotion.data.manifest import table
from speech_emotion.data.sources import Source, is_published, open_sources
from speech_emotion.data.task import set_task
from speech_emotion.features import FeaturizeParams
from speech_emotion.params.clean import CleanParams
from speech_emotion.params.evaluate import EvaluateParams
from speech_emotion.params.ingest import IngestParams
from speech_emotion.params.labels import LabelParams
from speech_emotion.params.section import load
from speech_emotion.params.split import SplitParams
from speech_emotion.params.train import TrainParams

LIST = Path("data/sources.csv")


def check(
    source: Source,
    ingest_params: IngestParams,
    split_params: SplitParams,
    label_params: LabelParams,
) -> tuple[str, ...]:
    """Refuse what can't come to a result, by the names of the recordings alone.

    Parameters
    ----------
    source : Source
        What there is.
    ingest_params, split_params, label_params : Section
        What is asked of it.

    Returns
    -------
    tuple of str
        What a user should know of the task, in sentences.

    Raises
    ------
    PipelineError
        If the source holds nothing that the task asks for.
    """
    intake = take_in(source, by_size=True)
    check_rejected(list(intake.rejected), source, ingest_params)
    recordings = table(merged(utterance) for _, utterance in intake.recordings)
    return set_task(recordings, split_params, label_params).remarks


def write_list(files: Mapping[str, Path], target: Path) -> None:
    """Write one row per file: its name, its size in bytes and its MD5."""
    # what DVC hashes its own files with, which remembers those that have not changed
    from dvc_data.hashfile.hash import hash_file
    from dvc_data.hashfile.state import State
    from dvc_objects.fs.local import localfs

    state = State(tmp_dir=str(user_cache("checksums")))
    try:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["file", "size", "md5"])
        for name, path in sorted(files.items()):
            meta, checksum = hash_file(str(path.absolute()), localfs, "md5", state)
            # not every name of a file is text
            shown = name.encode(errors="backslashreplace").decode()
            writer.writerow([shown, meta.size, checksum.value])
    finally:
        state.close()  # type: ignore[no-untyped-call]
    write_whole(target, text.getvalue())


def main() -> None:
    load("clean", CleanParams)
    load("augment", AugmentParams)
    load("featurize", FeaturizeParams)
    load("train", TrainParams)
    load("evaluate", EvaluateParams)
    ingest_params = load("ingest", IngestParams)
    split_params, label_params = load("split", SplitParams), load("labels", LabelParams)
    # what is published is for ingest to download, and has its checksums in the file
    published = [path for path in ingest_params.sources if is_published(path)]
    here = [path for path in ingest_params.sources if path not in published]
    source = open_sources(here) if here else Source(())
    if not published:
        for remark in check(source, ingest_params, split_params, label_params):
            print(remark)
    write_list({**source.files, **{path.as_posix(): path for path in published}}, LIST)


if __name__ == "__main__":
    run(main)
