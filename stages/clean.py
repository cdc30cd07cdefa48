"""Stage 3, clean: mono, resampled, denoised, silence cut, loudness as asked for."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from stages.lib.audio import MIN_DURATION, decode, encode
from stages.lib.cleaning import clean
from stages.lib.dataset import Shard, ShardWriter, Utterance, replaced_folder
from stages.lib.errors import PipelineError, run
from stages.lib.manifest import read_shards, write_manifest
from stages.lib.parallel import map_parts
from stages.lib.params.clean import CleanParams
from stages.lib.params.loader import load


def clean_dataset(source: Path, target: Path, params: CleanParams) -> None:
    """Clean every recording of a dataset into another, as 16-bit mono FLAC."""
    with replaced_folder(target) as folder:
        (folder / "shards").mkdir()
        shards = read_shards(source)
        results = list(map_parts(partial(clean_shard, params, folder), shards, "clean"))
        rescued = sum(count for _, count in results)
        utterances = [utterance for rows, _ in results for utterance in rows]
        if rescued:
            print(
                f"{rescued} of {len(utterances)} recordings: under {MIN_DURATION} s of sound, "
                "kept their loudest part"
            )
        write_manifest(utterances, folder)


def clean_shard(params: CleanParams, folder: Path, shard: Shard) -> tuple[list[Utterance], int]:
    """Clean the recordings of a shard; its new rows, and how many kept only their loudest part."""
    rows, rescues = [], 0
    with ShardWriter(folder / "shards" / f"{shard.name}.tar") as output:
        for utterance, _, content in shard:
            try:
                samples, sample_rate = decode(content)
            except ValueError as error:
                raise PipelineError(f"{shard.path}: {utterance.id} {error}.") from None
            cleaned, rescued = clean(samples, sample_rate, params)
            rescues += rescued
            output.add(f"{utterance.id}.flac", encode(cleaned, params.sample_rate))
            rows.append(
                replace(
                    utterance,
                    sample_rate=params.sample_rate,
                    duration=len(cleaned) / params.sample_rate,
                )
            )
    return rows, rescues


def main() -> None:
    clean_dataset(Path("data/merged"), Path("data/clean"), load("clean", CleanParams))


if __name__ == "__main__":
    run(main)
