"""Test recordings in a worse state: softer, resampled to a telephone's rate, with noise.

A recording is degraded before the front end, as one that reaches a recogniser would be: it is
trimmed, cleaned and featurized in that state.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import soxr

from benchmarks.params import Condition
from speech_emotion.audio.cleaning import clean
from speech_emotion.audio.codec import decode, mix_down
from speech_emotion.audio.noise import add_noise, mix, pink_noise
from speech_emotion.data.manifest import read_shards
from speech_emotion.features import FeaturizeParams, featurize
from speech_emotion.params.clean import CleanParams

TELEPHONE_RATE = 8000
"""Sample rate of narrow-band telephony (ITU-T G.711), in Hz; its lower edge and its coding are left
out."""

QUIETER = 20.0
"""How much softer a lower gain records, in dB."""

WHITE: dict[Condition, float] = {"noise20": 20.0, "noise10": 10.0}
"""White noise by condition: signal-to-noise ratio in dB, over the whole recording."""

PINK = 20.0
"""The same of pink noise, which nothing is trained on: rooms and traffic are nearer to it."""


def degrade(
    samples: np.ndarray, sample_rate: int, condition: Condition, identity: str
) -> np.ndarray:
    """Bring a recording into a condition, its length and rate kept.

    Parameters
    ----------
    samples : np.ndarray [shape=(n,), float32]
        Mono, full scale 1.
    sample_rate : int
        In Hz.
    condition : str
        "quieter", "telephone", "noise20", "noise10" or "pink20".
    identity : str
        The recording's id, which seeds its noise.
    """
    if condition == "quieter":
        return samples * np.float32(10 ** (-QUIETER / 20))
    if condition == "telephone":
        narrow = soxr.resample(samples, sample_rate, TELEPHONE_RATE)
        wide = soxr.resample(narrow, TELEPHONE_RATE, sample_rate)[: len(samples)]
        return np.pad(wide, (0, len(samples) - len(wide)))
    if condition == "pink20":
        return mix(samples, pink_noise(len(samples), f"{identity}_{condition}"), PINK)
    return add_noise(samples, WHITE[condition], f"{identity}_{condition}")


def degraded_features(
    recordings: Path,
    identities: Iterable[str],
    condition: Condition,
    cleaning: CleanParams,
    features: FeaturizeParams,
) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """Features of some recordings in a condition, each with its id, in the dataset's order.

    Parameters
    ----------
    recordings : Path
        The merged dataset, its audio as published.
    identities : iterable of str
        Which recordings.
    condition : str
        As for `degrade`.
    cleaning, features : Section
        The front end that the model was trained with.
    """
    wanted = set(identities)
    for shard in read_shards(recordings):
        if not any(utterance.id in wanted for utterance in shard.utterances):
            continue
        for utterance, _, content in shard:
            if utterance.id not in wanted:
                continue
            with shard.decoding(utterance):
                samples, rate = decode(content)
            # noise is added at the rate of the features, or most of it would be filtered away
            mono = mix_down(samples)
            if rate != cleaning.sample_rate:
                mono = soxr.resample(mono, rate, cleaning.sample_rate)
            degraded = degrade(mono, cleaning.sample_rate, condition, utterance.id)
            cleaned, _ = clean(degraded[:, None], cleaning.sample_rate, cleaning)
            yield utterance.id, featurize(cleaned, cleaning.sample_rate, features)
