"""Benchmark stage 3: clean, augment and featurize for one front end.

``python -m benchmarks.features FRONT_END [--across]``. Cleaned and augmented audio is not kept: the
store of finished shards has it (docs/cluster.md).
"""

import argparse
import shutil
from collections.abc import Collection
from pathlib import Path

from benchmarks.recipes import FrontEnd, load_front_end
from benchmarks.recordings import RECORDINGS, RECORDINGS_ACROSS
from speech_emotion.base.errors import run
from speech_emotion.data.manifest import read_shards, write_manifest
from stages.augment import augment
from stages.clean import clean_dataset
from stages.featurize import featurize_dataset

FEATURES = Path("benchmarks/data/features")
FEATURES_ACROSS = Path("benchmarks/data/features_across")
"""Of RAVDESS and TESS, and of these and a third corpus, by front end."""


def make_features(front_end: FrontEnd, recordings: Path, target: Path) -> None:
    """Take the merged recordings through a front end."""
    audio = target.with_name(f"{target.name}.audio.partial")
    if front_end.corpora is not None:
        recordings = some_corpora(recordings, front_end.corpora, audio / "recordings")
    clean_dataset(recordings, audio / "clean", front_end.clean)
    augment(recordings, audio / "clean", audio / "augmented", front_end.augment, front_end.clean)
    featurize_dataset(audio / "augmented", target, front_end.featurize, front_end.clean)
    shutil.rmtree(audio)


def some_corpora(recordings: Path, corpora: Collection[str], target: Path) -> Path:
    """Write a dataset of some corpora's recordings, the audio itself linked; the target."""
    (target / "shards").mkdir(parents=True)
    chosen = [one for one in read_shards(recordings) if one.utterances[0].corpus in corpora]
    for shard in chosen:
        (target / "shards" / shard.path.name).symlink_to(shard.path)
    write_manifest([utterance for shard in chosen for utterance in shard.utterances], target)
    return target


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.features")
    parser.add_argument("front_end")
    parser.add_argument("--across", action="store_true", help="of the recordings of all corpora")
    given = parser.parse_args()
    recordings, features = RECORDINGS, FEATURES
    if given.across:
        recordings, features = RECORDINGS_ACROSS, FEATURES_ACROSS
    make_features(load_front_end(given.front_end), recordings, features / given.front_end)


if __name__ == "__main__":
    run(main)
