"""Stage 2, rename_merge: one dataset under RAVDESS-style ids, the audio bytes untouched."""

from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

from stages.lib.corpora.registry import CORPORA
from stages.lib.dataset import Shard, ShardWriter, Utterance, replaced_folder
from stages.lib.errors import PipelineError, run
from stages.lib.manifest import read_shards, write_manifest
from stages.lib.parallel import map_parts

RENAME = {corpus.NAME: corpus.merged for corpus in CORPORA}


def rename_merge(source: Path, target: Path) -> None:
    """Give every utterance of the raw dataset its id, speaker and statement in the merged one."""
    shards = read_shards(source)
    check_collisions(shards)
    with replaced_folder(target) as folder:
        (folder / "shards").mkdir()
        renamed = map_parts(partial(rename_shard, folder), shards, "rename_merge")
        write_manifest([utterance for rows in renamed for utterance in rows], folder)


def check_collisions(shards: list[Shard]) -> None:
    """Raise a `PipelineError` that names both inputs if two of them would get one id."""
    taken: dict[str, str] = {}
    for shard in shards:
        for utterance in shard.utterances:
            identity = merged(utterance).id
            if identity in taken:
                raise PipelineError(
                    f"{taken[identity]} and {utterance.id} would both become {identity}. "
                    "Remove one of them from the source."
                )
            taken[identity] = utterance.id


def merged(utterance: Utterance) -> Utterance:
    """The row of a raw utterance in the merged dataset."""
    identity, speaker, statement = RENAME[utterance.corpus](utterance)
    return replace(utterance, id=identity, source_id=identity, speaker=speaker, statement=statement)


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
