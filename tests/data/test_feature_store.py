"""Features of more shards than a process may have files open."""

import resource
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from utterances import utterance

from speech_emotion.data.feature_store import OPEN_FILES, FeatureStore
from speech_emotion.data.manifest import write_manifest

SHARDS = OPEN_FILES + 100


@pytest.fixture
def few_descriptors() -> Iterator[None]:
    """This process may open a few files more than a store keeps open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (psutil.Process().num_fds() + OPEN_FILES + 50, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_any_number_of_shards_can_be_read(tmp_path: Path, few_descriptors: None) -> None:
    (tmp_path / "functionals").mkdir()
    names = [f"{number:03d}" for number in range(SHARDS)]
    for number, name in enumerate(names):
        np.save(tmp_path / "functionals" / f"{name}-000.npy", np.full((1, 2), number))
    write_manifest([utterance(id=name, speaker=name) for name in names], tmp_path)
    store = FeatureStore(tmp_path)
    for _ in range(2):
        read = [
            int(store.features(("functionals",), place)["functionals"][0])
            for place in range(SHARDS)
        ]
    assert read == list(range(SHARDS))
