"""Stage 5, featurize: what the networks take of every utterance, as memory-mappable arrays."""

import json
from pathlib import Path

import numpy as np

from stages.lib import whisper
from stages.lib.audio import decode_own
from stages.lib.dataset import Shard, replaced_folder
from stages.lib.errors import PipelineError, run
from stages.lib.features import KINDS, featurize
from stages.lib.manifest import read_shards, write_manifest
from stages.lib.params.clean import CleanParams
from stages.lib.params.featurize import FeaturizeParams
from stages.lib.params.loader import load
from stages.lib.shard_store import Finished, map_shards


def featurize_dataset(
    source: Path, target: Path, params: FeaturizeParams, cleaning: CleanParams
) -> None:
    """Write the features of a dataset, with the settings of the whole way from audio to them."""
    if "log_mel" in params.kinds and params.log_mel.high > cleaning.sample_rate / 2:
        raise PipelineError(
            f"params.yaml: featurize.log_mel.high is {params.log_mel.high:g} Hz: expected at most "
            f"half of clean.sample_rate, {cleaning.sample_rate / 2:g} Hz."
        )
    if "whisper" in params.kinds:
        params = params.model_copy(update={"whisper": whisper.pinned(params.whisper)})
    with replaced_folder(target) as folder:
        finished = map_shards(featurize_shard, params, read_shards(source), folder, "featurize")
        settings = {"clean": cleaning.model_dump(), "featurize": params.model_dump()}
        (folder / "front_end.json").write_text(json.dumps(settings, indent=2) + "\n")
        write_manifest([utterance for one in finished for utterance in one.utterances], folder)


def featurize_shard(params: FeaturizeParams, folder: Path, shard: Shard) -> Finished:
    """Write one array a kind for the utterances of a shard, and the offsets of framed kinds."""
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
