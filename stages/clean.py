"""Stage 3, clean: mono, resampled, denoised, silence cut, loudness as asked for."""

from dataclasses import replace
from pathlib import Path

from speech_emotion.audio.cleaning import clean
from speech_emotion.audio.codec import MIN_DURATION, decode, encode
from speech_emotion.base.errors import run
from speech_emotion.base.files import replaced_folder
from speech_emotion.data.dataset import Shard, ShardWriter
from speech_emotion.data.manifest import read_shards, write_manifest
from speech_emotion.data.shard_store import Finished, map_shards
from speech_emotion.params.clean import CleanParams
from speech_emotion.params.section import load


def clean_dataset(source: Path, target: Path, params: CleanParams) -> None:
    """Clean every recording of a dataset into another, as 16-bit mono WAV."""
    with replaced_folder(target) as folder:
        finished = map_shards(clean_shard, params, read_shards(source), folder, "clean")
        rescued = sum(one.rescued for one in finished)
        utterances = [utterance for one in finished for utterance in one.utterances]
        if rescued:
            print(
                f"{rescued} of {len(utterances)} recordings: under {MIN_DURATION} s of sound, "
                "kept their loudest part"
            )
        write_manifest(utterances, folder)


def clean_shard(params: CleanParams, folder: Path, shard: Shard) -> Finished:
    """Write the cleaned recordings of a shard below the folder."""
    rows, rescued = [], 0
    (folder / "shards").mkdir()
    with ShardWriter(folder / "shards" / f"{shard.name}.tar") as output:
        for utterance, _, content in shard:
            with shard.decoding(utterance):
                samples, sample_rate = decode(content)
            cleaned, too_short = clean(samples, sample_rate, params)
            rescued += too_short
            output.add(f"{utterance.id}.wav", encode(cleaned, params.sample_rate))
            rows.append(
                replace(
                    utterance,
                    sample_rate=params.sample_rate,
                    duration=len(cleaned) / params.sample_rate,
                )
            )
    return Finished(tuple(rows), rescued)


def main() -> None:
    clean_dataset(Path("data/merged"), Path("data/clean"), load("clean", CleanParams))


if __name__ == "__main__":
    run(main)
