"""Results put together: means over folds and seeds, and differences with their uncertainty."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.params import Item
from benchmarks.results import Run, read_result
from speech_emotion.reporting.scoring import LEVEL, accuracy, interval_method, resampled, uar

Counts = dict[str, np.ndarray]
"""Confusion matrices [k, k] by speaker, or another group."""


@dataclass(frozen=True)
class Measured:
    """A recipe on an item, by the seeds whose folds are all done.

    Attributes
    ----------
    item, recipe : str
        Their names.
    speakers : int or None
        How many trained, where their number varies.
    seeds : dict of int to dict of str to dict
        Results by seed and fold.
    """

    item: str
    recipe: str
    speakers: int | None
    seeds: dict[int, dict[str, dict[str, Any]]]

    @property
    def results(self) -> list[dict[str, Any]]:
        """All results, seed after seed."""
        return [result for folds in self.seeds.values() for result in folds.values()]

    def ua(self, condition: str = "as_recorded", folds: Iterable[str] | None = None) -> list[float]:
        """UAR, mean over folds (all, or those named), for each seed."""
        return [
            float(
                np.mean(
                    [
                        uar(_all(result["confusion"][condition]))
                        for fold, result in by_fold.items()
                        if folds is None or fold in folds
                    ]
                )
            )
            for by_fold in self.seeds.values()
        ]

    def fold_ua(self) -> dict[str, float]:
        """UAR of each fold, mean over seeds."""
        folds = next(iter(self.seeds.values()))
        return {
            fold: float(
                np.mean(
                    [
                        uar(_all(one[fold]["confusion"]["as_recorded"]))
                        for one in self.seeds.values()
                    ]
                )
            )
            for fold in folds
        }

    def by_speaker(
        self,
        condition: str = "as_recorded",
        seeds: Iterable[int] | None = None,
        folds: Iterable[str] | None = None,
    ) -> Counts:
        """Counts by test speaker, summed over seeds and folds (all, or those named)."""
        counts: Counts = {}
        for seed, by_fold in self.seeds.items():
            if seeds is not None and seed not in seeds:
                continue
            for fold, result in by_fold.items():
                if folds is not None and fold not in folds:
                    continue
                _add(counts, result["confusion"][condition])
        return dict(sorted(counts.items()))

    def by_intensity(self) -> Counts:
        """Counts of the recordings as they are by acted intensity, over all seeds and folds."""
        counts: Counts = {}
        for result in self.results:
            _add(counts, result["confusion_by_intensity"])
        return counts


def collect(items: dict[str, Item], folder: Path) -> tuple[list[Measured], dict[str, int]]:
    """What is whole, and how many trainings of each item are still to be run.

    A seed counts once all folds of its recipe are there, since means over other folds could not
    be compared.
    """
    found, missing = [], {}
    for name, item in items.items():
        lacking = 0
        for recipe, speakers in _rows(item):
            seeds = {}
            for seed in item.seeds:
                results = {
                    str(fold): read_result(
                        Run(item=name, recipe=recipe, seed=seed, fold=str(fold), speakers=speakers),
                        folder,
                    )
                    for fold in item.folds
                }
                done = {fold: one for fold, one in results.items() if one is not None}
                lacking += len(results) - len(done)
                if len(done) == len(results):
                    seeds[seed] = done
            if seeds:
                found.append(Measured(name, recipe, speakers, seeds))
        if lacking:
            missing[name] = lacking
    return found, missing


def _rows(item: Item) -> Iterator[tuple[str, int | None]]:
    for recipe in item.recipes:
        for speakers in item.speakers or (None,):
            yield recipe, speakers


def pooled(counts: Counts) -> np.ndarray:
    """All speakers' counts in one matrix [k, k]."""
    return np.sum(list(counts.values()), axis=0)


def pooled_accuracy(counts: Counts) -> float:
    """Share of all test recordings whose emotion was recognised."""
    return float(accuracy(pooled(counts)))


def interval(counts: Counts) -> tuple[float, float] | None:
    """Interval of the UAR over speakers; None for one speaker."""
    _, bounds = interval_method(list(counts))
    found = bounds(uar, np.stack(list(counts.values())))
    return None if found["low"] is None or found["high"] is None else (found["low"], found["high"])


def recalls(counts: Counts) -> np.ndarray:
    """Recall of each emotion [shape=(k,)], not a number for one that nobody expressed."""
    confusion = pooled(counts)
    total = confusion.sum(axis=1)
    return np.divide(
        np.diagonal(confusion), total, out=np.full(len(total), np.nan), where=total > 0
    )


@dataclass(frozen=True)
class Difference:
    """UAR of one system less that of another on the same recordings.

    Attributes
    ----------
    value : float
        Over all speakers.
    low, high : float
        Interval of a bootstrap that draws speakers and takes both systems' recordings of each.
    better : float
        Share of the draws in which the first is the better one.
    """

    value: float
    low: float
    high: float
    better: float


def difference(first: Counts, second: Counts) -> Difference:
    """Compare two systems on the same speakers, paired by `resampled`."""
    assert list(first) == list(second), "the same speakers, in the same order"
    draws = [uar(resampled(np.stack(list(one.values())))) for one in (first, second)]
    gain = draws[0] - draws[1]
    low, high = np.quantile(gain, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Difference(
        value=float(uar(pooled(first)) - uar(pooled(second))),
        low=float(low),
        high=float(high),
        better=float((gain > 0).mean()),
    )


def _add(counts: Counts, matrices: dict[str, Any]) -> None:
    for name, matrix in matrices.items():
        counts[name] = counts.get(name, 0) + np.array(matrix)


def _all(by_speaker: dict[str, Any]) -> np.ndarray:
    return np.sum([np.array(matrix) for matrix in by_speaker.values()], axis=0)
