"""Features of more shards than a process may have files open."""

import resource
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from stages.lib.dataset import Utterance
from stages.lib.feature_store import OPEN_FILES, FeatureStore
from stages.lib.manifest import write_manifest

SHARDS = OPEN_FILES + 100


def utterance(number: int) -> Utterance:
    name = f"{number:03d}"
    return Utterance(
        id=name,
        source_id=name,
        variant="original",
        corpus="ravdess",
        synthetic=True,
        channel="speech",
        speaker=name,
        sex="female",
        emotion="sad",
        intensity="normal",
        statement="01",
        repetition="01",
        sample_rate=16000,
        duration=1.0,
        shard=f"{name}-000",
    )


@pytest.fixture
def few_descriptors() -> Iterator[None]:
    """This process may open a few files more than a store keeps open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (psutil.Process().num_fds() + OPEN_FILES + 50, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_any_number_of_shards_can_be_read(tmp_path: Path, few_descriptors: None) -> None:
    (tmp_path / "functionals").mkdir()
    for number in range(SHARDS):
        np.save(tmp_path / "functionals" / f"{number:03d}-000.npy", np.full((1, 2), number))
    write_manifest(map(utterance, range(SHARDS)), tmp_path)
    store = FeatureStore(tmp_path)
    for _ in range(2):
        read = [
            int(store.features(("functionals",), place)["functionals"][0])
            for place in range(SHARDS)
        ]
    assert read == list(range(SHARDS))
