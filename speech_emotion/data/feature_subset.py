"""A choice of a feature store's utterances: what a split hands to training or evaluation."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from speech_emotion.data.feature_store import FeatureStore
from speech_emotion.data.task import Task


class FeatureSubset:
    """Some utterances of a store and some of their kinds of features, read as they are asked for.

    Parameters
    ----------
    store : FeatureStore
        Where the features lie.
    kinds : tuple of str
        The kinds to read.
    task : Task
        What the utterances' classes are, in the order of the store's manifest.
    indices : np.ndarray [shape=(n,)]
        The chosen rows of the store's manifest; no other utterance is ever opened.
    as_recorded : float or None
        What share of a recording's weight is its own, the rest being its variants'; None weighs it
        like a variant.

    Attributes
    ----------
    kinds : tuple of str
        The kinds that are read.
    labels : tuple of str
        The classes of the task.
    manifest : pd.DataFrame
        The chosen rows of the task's manifest, numbered from 0 in the order of ``indices``; the
        column ``emotion`` holds the classes.
    weights : np.ndarray [shape=(n,)]
        How much each utterance counts in training; 1 for a variant.
    """

    def __init__(
        self,
        store: FeatureStore,
        kinds: tuple[str, ...],
        task: Task,
        indices: np.ndarray,
        as_recorded: float | None = None,
    ) -> None:
        self._store = store
        self._indices = indices
        self.kinds = kinds
        self.labels = task.labels
        self.manifest: pd.DataFrame = task.manifest.iloc[indices].reset_index(drop=True)
        self.weights = np.ones(len(indices))
        if as_recorded is not None:
            is_original = self.manifest["id"] == self.manifest["source_id"]
            utterances = self.manifest.groupby("source_id")["id"].transform("size").to_numpy()
            # a recording without variants keeps its weight
            among_variants = as_recorded / (1 - as_recorded) * np.maximum(utterances - 1, 1)
            self.weights[is_original] = among_variants[is_original]

    @property
    def classes(self) -> np.ndarray:
        """The place of each utterance's class in `labels` [shape=(n,), int]."""
        places = {label: place for place, label in enumerate(self.labels)}
        return self.manifest["emotion"].map(places).to_numpy(dtype=np.intp)

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, position: int) -> dict[str, np.ndarray]:
        """One utterance by kind: frames [frames, bands] or values [values], as stored."""
        return self._store.features(self.kinds, int(self._indices[position]))

    def __iter__(self) -> Iterator[dict[str, np.ndarray]]:
        return (self[position] for position in range(len(self)))
