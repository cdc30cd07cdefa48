"""Stage 2, rename_merge: one dataset under RAVDESS-style ids, the audio bytes untouched."""

from functools import partial
from pathlib import Path, PurePosixPath

from speech_emotion.base.errors import PipelineError, run
from speech_emotion.base.files import replaced_folder
from speech_emotion.base.parallel import map_parts
from speech_emotion.data.corpora import merged
from speech_emotion.data.dataset import Shard, ShardWriter, Utterance
from speech_emotion.data.manifest import read_shards, write_manifest


def rename_merge(source: Path, target: Path) -> None:
    """Give every utterance of the raw dataset its id, speaker and statement in the merged one."""
    shards = read_shards(source)
    check_one_to_one(shards)
    with replaced_folder(target) as folder:
        (folder / "shards").mkdir()
        renamed = map_parts(partial(rename_shard, folder), shards, "rename_merge")
        write_manifest([utterance for rows in renamed for utterance in rows], folder)


def check_one_to_one(shards: list[Shard]) -> None:
    """Raise a `PipelineError` if two utterances or two speakers would become one."""
    ids: dict[str, str] = {}
    speakers: dict[str, str] = {}
    for utterance in (utterance for shard in shards for utterance in shard.utterances):
        row = merged(utterance)
        if row.id in ids:
            raise PipelineError(
                f"{ids[row.id]} and {utterance.id} would both become {row.id}. "
                "Remove one of them from the source."
            )
        ids[row.id] = utterance.id
        speaker = f"{utterance.speaker} of {utterance.corpus}"
        if row.speaker and speakers.setdefault(row.speaker, speaker) != speaker:
            raise PipelineError(
                f"the speakers {speakers[row.speaker]} and {speaker} would both become "
                f"{row.speaker}, though they are different people. Give one of them another name "
                "in `merged` of the corpus' module in speech_emotion/data/corpora."
            )


def rename_shard(folder: Path, shard: Shard) -> list[Utterance]:
    """Copy a shard's audio under the new names."""
    rows = []
    with ShardWriter(folder / "shards" / f"{shard.name}.tar") as output:
        for utterance, name, content in shard:
            row = merged(utterance)
            output.add(row.id + PurePosixPath(name).suffix, content)
            rows.append(row)
    return rows


def main() -> None:
    rename_merge(Path("data/raw"), Path("data/merged"))


if __name__ == "__main__":
    run(main)
