"""Stage 5, featurize: what the networks take of every utterance, as memory-mappable arrays."""

import json
from pathlib import Path

import numpy as np

from speech_emotion.audio.codec import decode_own
from speech_emotion.base.errors import run
from speech_emotion.base.files import replaced_folder
from speech_emotion.data.dataset import Shard
from speech_emotion.data.feature_store import FRONT_END_FILE
from speech_emotion.data.manifest import read_shards, write_manifest
from speech_emotion.data.shard_store import Finished, map_shards
from speech_emotion.features import KINDS, FeaturizeParams, featurize
from speech_emotion.params.clean import CleanParams
from speech_emotion.params.section import load


def featurize_dataset(
    source: Path, target: Path, params: FeaturizeParams, cleaning: CleanParams
) -> None:
    """Write the features of a dataset, with the settings of the whole way from audio to them."""
    params = params.prepared(cleaning.sample_rate)
    with replaced_folder(target) as folder:
        finished = map_shards(featurize_shard, params, read_shards(source), folder, "featurize")
        settings = {"clean": cleaning.model_dump(), "featurize": params.model_dump()}
        (folder / FRONT_END_FILE).write_text(json.dumps(settings, indent=2) + "\n")
        write_manifest([utterance for one in finished for utterance in one.utterances], folder)


def featurize_shard(params: FeaturizeParams, folder: Path, shard: Shard) -> Finished:
    """Write one array per kind for the utterances of a shard, and the offsets of framed kinds."""
    features: dict[str, list[np.ndarray]] = {kind: [] for kind in params.kinds}
    for utterance, _, content in shard:
        with shard.decoding(utterance):
            samples, sample_rate = decode_own(content)
        for kind, values in featurize(samples, sample_rate, params).items():
            features[kind].append(values)
    for kind, arrays in features.items():
        (folder / kind).mkdir()
        if KINDS[kind].framed:
            offsets = np.cumsum([0, *(len(array) for array in arrays)])
            np.save(folder / kind / f"{shard.name}.offsets.npy", offsets)
            np.save(folder / kind / f"{shard.name}.npy", np.concatenate(arrays))
        else:
            np.save(folder / kind / f"{shard.name}.npy", np.stack(arrays))
    return Finished(shard.utterances)


def main() -> None:
    featurize_dataset(
        Path("data/augmented"),
        Path("data/features"),
        load("featurize", FeaturizeParams),
        load("clean", CleanParams),
    )


if __name__ == "__main__":
    run(main)
