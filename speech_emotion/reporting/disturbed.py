"""What a model takes recordings for in another state, such as with noise or from a telephone.

A recording is changed before the front end, as one that reaches a recogniser would be: it is
cleaned and featurized in that state.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import soxr

from speech_emotion.audio.cleaning import clean
from speech_emotion.audio.codec import decode, mix_down
from speech_emotion.audio.disturbances import DISTURBANCES
from speech_emotion.base.parallel import map_parts
from speech_emotion.data.dataset import Shard
from speech_emotion.data.manifest import read_shards
from speech_emotion.features import FeaturizeParams, featurize
from speech_emotion.params.clean import CleanParams
from speech_emotion.params.section import check

Change = Callable[[np.ndarray, int, str], np.ndarray]
"""Samples [n], their rate in Hz and the recording's id to changed samples [m]."""

Features = dict[str, np.ndarray]

RECORDINGS_AT_ONCE = 16
"""Features of so many, under every change, are in memory at a time for each worker."""


@dataclass(frozen=True)
class FrontEnd:
    """From audio to features, as the model was trained with."""

    clean: CleanParams
    featurize: FeaturizeParams


def read_front_end(settings: Mapping[str, object], where: str) -> FrontEnd:
    """The front end that a feature store or a model names, checked.

    Parameters
    ----------
    settings : mapping
        With the keys clean and featurize.
    where : str
        The file that a message begins with.
    """
    return FrontEnd(
        check(settings.get("clean"), CleanParams, f"{where}: clean"),
        check(settings.get("featurize"), FeaturizeParams, f"{where}: featurize"),
    )


@dataclass(frozen=True)
class Part:
    """Some recordings of a shard, by id."""

    shard: Shard
    identities: frozenset[str]


def changed_features(
    dataset: Path, identities: Iterable[str], changes: Mapping[str, Change], front_end: FrontEnd
) -> Iterator[tuple[list[str], dict[str, list[Features]]]]:
    """Features of some recordings under every change, some recordings at a time.

    Parameters
    ----------
    dataset : Path
        The merged dataset, its audio as published.
    identities : iterable of str
        Which recordings.
    changes : mapping of str to callable
        What is done to a recording, by any name; picklable.
    front_end : FrontEnd
        What the model was trained with.

    Yields
    ------
    identities : list of str
        Those of some recordings, in the dataset's order.
    features : dict of str to list of dict
        By the name of the change, the features of each of them by kind.
    """
    wanted = set(identities)
    parts = []
    for shard in read_shards(dataset):
        chosen = [one.id for one in shard.utterances if one.id in wanted]
        for first in range(0, len(chosen), RECORDINGS_AT_ONCE):
            parts.append(Part(shard, frozenset(chosen[first : first + RECORDINGS_AT_ONCE])))
    yield from map_parts(partial(_change_part, changes, front_end), parts, "disturb")


def _change_part(
    changes: Mapping[str, Change], front_end: FrontEnd, part: Part
) -> tuple[list[str], dict[str, list[Features]]]:
    rate = front_end.clean.sample_rate
    identities: list[str] = []
    features: dict[str, list[Features]] = {name: [] for name in changes}
    for utterance, _, content in part.shard:
        if utterance.id not in part.identities:
            continue
        with part.shard.decoding(utterance):
            samples, own_rate = decode(content)
        # noise is added at the rate of the features, or most of it would be filtered away
        mono = mix_down(samples)
        if own_rate != rate:
            mono = soxr.resample(mono, own_rate, rate)
        identities.append(utterance.id)
        for name, change in changes.items():
            cleaned, _ = clean(change(mono, rate, utterance.id)[:, None], rate, front_end.clean)
            features[name].append(featurize(cleaned, rate, front_end.featurize))
    return identities, features


def disturbed_predictions(
    dataset: Path,
    identities: Sequence[str],
    front_end: FrontEnd,
    predict: Callable[[list[Features]], np.ndarray],
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What a model takes recordings for under every disturbance.

    Parameters
    ----------
    dataset : Path
        The merged dataset, its audio as published.
    identities : sequence of str
        Which recordings.
    front_end : FrontEnd
        What the model was trained with.
    predict : callable
        From the features of n utterances to the places of their classes among the labels
        [shape=(n,)].

    Returns
    -------
    dict of str to (np.ndarray [shape=(n,), int], np.ndarray [shape=(n,), int])
        By the name of the disturbance: places of the predicted classes among the labels, and
        places of the recordings in ``identities``.
    """
    changes = {name: disturbance.apply for name, disturbance in DISTURBANCES.items()}
    places = {identity: place for place, identity in enumerate(identities)}
    order: list[int] = []
    found: dict[str, list[np.ndarray]] = {name: [] for name in changes}
    for some, features in changed_features(dataset, identities, changes, front_end):
        order += [places[identity] for identity in some]
        for name in changes:
            found[name].append(predict(features[name]))
    return {
        name: (np.concatenate(classes) if classes else np.array([], int), np.array(order, int))
        for name, classes in found.items()
    }


def evenly(count: int, most: int) -> np.ndarray:
    """Places of no more than ``most`` of ``count`` things, evenly from the first to the last."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))
