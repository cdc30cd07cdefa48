"""Stage 4, augment: every recording and the variants made of it."""

from dataclasses import replace
from pathlib import Path

from speech_emotion.audio.codec import decode_own, encode
from speech_emotion.audio.variants import AugmentParams, Original, make_variants
from speech_emotion.base.errors import run
from speech_emotion.base.files import replaced_folder
from speech_emotion.data.dataset import Shard, ShardWriter
from speech_emotion.data.manifest import read_shards, write_manifest
from speech_emotion.data.shard_store import Finished, map_shards
from speech_emotion.params.section import load


def augment(source: Path, target: Path, params: AugmentParams) -> None:
    """Copy the recordings of a dataset into another and add their variants."""
    with replaced_folder(target) as folder:
        finished = map_shards(augment_shard, params, read_shards(source), folder, "augment")
        write_manifest([utterance for one in finished for utterance in one.utterances], folder)


def augment_shard(params: AugmentParams, folder: Path, shard: Shard) -> Finished:
    """Write the recordings of a shard below the folder, each followed by its variants."""
    rows = []
    (folder / "shards").mkdir()
    decoded = {}
    for utterance, _, content in shard:
        with shard.decoding(utterance):
            decoded[utterance.id] = decode_own(content)
    with ShardWriter(folder / "shards" / f"{shard.name}.tar") as output:
        for utterance, name, content in shard:
            output.add(name, content)
            rows.append(utterance)
            recording, sample_rate = decoded[utterance.id]
            # who is not known may be anybody
            others = [
                decoded[other.id][0]
                for other in shard.utterances
                if other.speaker == utterance.speaker != "" and other.id != utterance.id
            ]
            original = Original(utterance.id, recording, sample_rate, others)
            made = make_variants(original, params.variants)
            for variant, samples in zip(params.variants, made, strict=True):
                row = replace(
                    utterance,
                    id=f"{utterance.id}_{variant.name}",
                    variant=variant.name,
                    duration=len(samples) / sample_rate,
                )
                output.add(f"{row.id}.wav", encode(samples, sample_rate))
                rows.append(row)
    return Finished(tuple(rows))


def main() -> None:
    augment(Path("data/clean"), Path("data/augmented"), load("augment", AugmentParams))


if __name__ == "__main__":
    run(main)
