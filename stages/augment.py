"""Stage 4, augment: every recording and the variants made of it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import soxr

from speech_emotion.audio.cleaning import clean
from speech_emotion.audio.codec import decode, decode_own, encode, mix_down
from speech_emotion.audio.variants import AugmentingParams, AugmentParams, Original, make_variant
from speech_emotion.base.errors import run
from speech_emotion.base.files import replaced_folder
from speech_emotion.data.dataset import Shard, ShardWriter, Utterance
from speech_emotion.data.manifest import read_shards, write_manifest
from speech_emotion.data.shard_store import Finished, map_shards
from speech_emotion.params.clean import CleanParams
from speech_emotion.params.section import load


def augment(
    merged: Path, cleaned: Path, target: Path, params: AugmentParams, cleaning: CleanParams
) -> None:
    """Copy the cleaned recordings of a dataset into another and add their variants.

    Parameters
    ----------
    merged, cleaned : Path
        The dataset as it came, and as the clean stage made it.
    target : Path
        The folder to write.
    params : AugmentParams
        Which variants.
    cleaning : CleanParams
        How recordings are cleaned.
    """
    both = AugmentingParams(augment=params, clean=cleaning)
    came = {shard.name: shard for shard in read_shards(merged)}
    shards = [replace(shard, source=came.get(shard.name)) for shard in read_shards(cleaned)]
    with replaced_folder(target) as folder:
        finished = map_shards(augment_shard, both, shards, folder, "augment")
        write_manifest([utterance for one in finished for utterance in one.utterances], folder)


def augment_shard(params: AugmentingParams, folder: Path, shard: Shard) -> Finished:
    """Write the recordings of a shard below the folder, each followed by its variants."""
    rows = []
    rate = params.clean.sample_rate
    drawn = {one.id: params.augment.drawn_for(one.id) for one in shard.utterances}
    before = any(variant.before_cleaning for one in drawn.values() for variant in one)
    came = _as_they_came(shard, rate) if before else {}
    (folder / "shards").mkdir()
    with ShardWriter(folder / "shards" / f"{shard.name}.tar") as output:
        for utterance, name, content in shard:
            output.add(name, content)
            rows.append(utterance)
            with shard.decoding(utterance):
                recording, _ = decode_own(content)
            cleaned = Original(utterance.id, recording, rate)
            original = cleaned
            if came:
                others = _others(utterance, shard, came)
                original = Original(utterance.id, came[utterance.id], rate, others)
            for variant in drawn[utterance.id]:
                if variant.before_cleaning:
                    samples = make_variant(variant, original)
                    samples, _ = clean(samples[:, None], rate, params.clean)
                else:
                    samples = make_variant(variant, cleaned)
                row = replace(
                    utterance,
                    id=f"{utterance.id}_{variant.name}",
                    variant=variant.name,
                    duration=len(samples) / rate,
                )
                output.add(f"{row.id}.wav", encode(samples, rate))
                rows.append(row)
    return Finished(tuple(rows))


def _as_they_came(shard: Shard, rate: int) -> dict[str, np.ndarray]:
    """The recordings of a cleaned shard before they were cleaned, mono at a rate in Hz, by id."""
    assert shard.source is not None
    found = {}
    for utterance, _, content in shard.source:
        with shard.source.decoding(utterance):
            samples, own_rate = decode(content)
        mono = mix_down(samples)
        found[utterance.id] = mono if own_rate == rate else soxr.resample(mono, own_rate, rate)
    return found


def _others(
    utterance: Utterance, shard: Shard, recordings: Mapping[str, np.ndarray]
) -> list[np.ndarray]:
    """The other recordings of an utterance's speaker; who is not known may be anybody."""
    return [
        recordings[other.id]
        for other in shard.utterances
        if other.speaker == utterance.speaker != "" and other.id != utterance.id
    ]


def main() -> None:
    augment(
        Path("data/merged"),
        Path("data/clean"),
        Path("data/augmented"),
        load("augment", AugmentParams),
        load("clean", CleanParams),
    )


if __name__ == "__main__":
    run(main)
