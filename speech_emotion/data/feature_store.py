"""The features of a dataset on disk, memory-mapped: what featurize writes and train reads.

A folder with ``manifest.csv``, ``front_end.json`` and one folder per kind. Frame features are one
array per shard, ``<kind>/<shard>.npy`` [frames of all its utterances, ...], with the first frame
of each utterance in ``<kind>/<shard>.offsets.npy`` [utterances + 1]; utterance features are one
matrix per shard, ``<kind>/<shard>.npy`` [utterances, values]. Rows follow the manifest's order.
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from speech_emotion.base.errors import PipelineError
from speech_emotion.data.manifest import read_manifest

FRONT_END_FILE = "front_end.json"

OPEN_FILES = 256
"""Most files that a store keeps mapped: each holds a descriptor, and a process may have 1,024."""


class FeatureStore:
    """Features by utterance, read from disk only where they are touched.

    Parameters
    ----------
    folder : Path
        What the featurize stage wrote.

    Attributes
    ----------
    manifest : pd.DataFrame
        One row per utterance; the row's position is the utterance's index below.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest: pd.DataFrame = read_manifest(folder)
        self._shard = self.manifest["shard"].to_numpy()
        self._place = self.manifest.groupby("shard", sort=False).cumcount().to_numpy()
        self._array = lru_cache(maxsize=OPEN_FILES)(self._open)
        self._is_framed = lru_cache(maxsize=None)(self._has_offsets)

    def front_end(self) -> dict[str, Any]:
        """The cleaning and feature settings that the features were made with.

        Raises
        ------
        PipelineError
            If they are missing or damaged.
        """
        path = self.folder / FRONT_END_FILE
        try:
            settings: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError) as error:
            raise PipelineError(
                f"{path} can't be read ({error}): run `dvc repro featurize` to make it."
            ) from None
        return settings

    @property
    def utterance_kinds(self) -> tuple[str, ...]:
        """The kinds with one vector per utterance, sorted."""
        return tuple(kind for kind in self._kinds() if not self._is_framed(kind))

    @property
    def frame_kinds(self) -> tuple[str, ...]:
        """The kinds with frames, sorted."""
        return tuple(kind for kind in self._kinds() if self._is_framed(kind))

    def require(self, kinds: tuple[str, ...], network: str) -> None:
        """Raise a `PipelineError` unless all feature kinds that a network takes are there."""
        missing = [kind for kind in kinds if not (self.folder / kind).is_dir()]
        if missing:
            raise PipelineError(
                f"the network {network!r} takes the features {', '.join(kinds)}, but "
                f"{self.folder} lacks {', '.join(missing)}: add them to featurize.kinds in "
                "params.yaml."
            )

    def frames(self, kind: str, index: int) -> np.ndarray:
        """Frame features of one utterance [frames, bands], mapped from the file."""
        shard = self._shard[index]
        offsets = self._array(kind, f"{shard}.offsets")
        place = self._place[index]
        return self._array(kind, shard)[offsets[place] : offsets[place + 1]]

    def vector(self, kind: str, index: int) -> np.ndarray:
        """Utterance features of one utterance [values], mapped from the file."""
        return self._array(kind, self._shard[index])[self._place[index]]

    def features(self, kinds: tuple[str, ...], index: int) -> dict[str, np.ndarray]:
        """The features of one utterance by kind, [frames, bands] or [values]."""
        return {
            kind: self.frames(kind, index) if self._is_framed(kind) else self.vector(kind, index)
            for kind in kinds
        }

    def _kinds(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if path.is_dir())

    def _has_offsets(self, kind: str) -> bool:
        return (self.folder / kind / f"{self._shard[0]}.offsets.npy").exists()

    def _open(self, kind: str, name: str) -> np.ndarray:
        path = self.folder / kind / f"{name}.npy"
        try:
            return np.load(path, mmap_mode="r")
        except FileNotFoundError:
            raise PipelineError(f"{path} is missing: rerun the stage that wrote it.") from None
