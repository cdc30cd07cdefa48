"""Small feature folders, as featurize writes them, with patterns to learn."""

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from utterances import utterance

from speech_emotion.data.corpora.ravdess import EMOTIONS
from speech_emotion.data.feature_store import FeatureStore
from speech_emotion.data.feature_subset import FeatureSubset
from speech_emotion.data.manifest import write_manifest
from speech_emotion.data.task import Task

SPEAKERS = ("01", "02", "03", "04", "05", "06")
BANDS = 16
VECTORS = {"mfcc_mean": np.float32, "functionals": np.float32, "whisper_pooled": np.float16}
"""The utterance-level kinds, and how they are stored."""

FRONT_END = {
    "clean": {"sample_rate": 16000},
    "featurize": {"kinds": ["log_mel", "mfcc_mean", "functionals", "whisper", "whisper_pooled"]},
}


def subset(
    store: FeatureStore,
    kinds: tuple[str, ...],
    indices: np.ndarray,
    of: type[FeatureSubset] = FeatureSubset,
) -> FeatureSubset:
    """Utterances of a store, the emotions of its manifest being the classes.

    Parameters
    ----------
    store, kinds, indices
        As for `FeatureSubset`.
    of : type
        `FeatureSubset`, or what a test derives from it.
    """
    return of(store, kinds, Task(EMOTIONS, store.manifest, {}, ()), indices)


class Known(list[Any]):
    """The features of some utterances, for networks that need no more of them than the classes."""

    labels = EMOTIONS


def spectrogram(emotion: str, frames: int, draw: np.random.Generator) -> np.ndarray:
    """Noise with two louder bands that tell the emotion: float16 [frames, 16]."""
    values = draw.normal(-5, 1, (frames, BANDS))
    first = 2 * EMOTIONS.index(emotion)
    values[:, first : first + 2] += 3
    return values.astype(np.float16)


def vector(emotion: str, draw: np.random.Generator) -> np.ndarray:
    """Noise with one outstanding coefficient that tells the emotion: float32 [40]."""
    values = draw.normal(0, 1, 40)
    values[5 * EMOTIONS.index(emotion)] += 4
    return values.astype(np.float32)


def embeddings(emotion: str, frames: int, draw: np.random.Generator) -> np.ndarray:
    """Noise of three layers; the second tells the emotion: float16 [frames, 3, 16]."""
    values = draw.normal(0, 1, (frames, 3, BANDS)) * [[1], [5], [100]]
    values[:, 1, 2 * EMOTIONS.index(emotion)] += 5
    return values.astype(np.float16)


def write_features(
    folder: Path, *, repetitions: int = 1, marked: str | None = None, marker: float = np.nan
) -> None:
    """Write features of six speakers, each recording with one variant.

    The kinds are log_mel, whisper, mfcc_mean, functionals, which are the same as mfcc_mean, and
    whisper_pooled, which are the same in float16.

    Parameters
    ----------
    folder : Path
        The folder to write.
    repetitions : int
        Recordings by speaker and emotion.
    marked : str or None
        A speaker whose features are all ``marker``.
    """
    draw = np.random.default_rng(0)
    utterances = []
    for kind in ("log_mel", "whisper", *VECTORS):
        (folder / kind).mkdir(parents=True)
    for speaker in SPEAKERS:
        framed: dict[str, list[np.ndarray]] = {"log_mel": [], "whisper": []}
        vectors = []
        for emotion, repetition, variant in product(
            EMOTIONS, range(repetitions), ("original", "pitch+1")
        ):
            source = f"{EMOTIONS.index(emotion) + 1:02d}-{repetition:02d}-{speaker}"
            frames = int(draw.integers(40, 220))
            framed["log_mel"].append(spectrogram(emotion, frames, draw))
            framed["whisper"].append(embeddings(emotion, frames, draw))
            vectors.append(vector(emotion, draw))
            if speaker == marked:
                for arrays in (*framed.values(), vectors):
                    arrays[-1][:] = marker
            utterances.append(
                utterance(
                    id=source if variant == "original" else f"{source}_{variant}",
                    source_id=source,
                    variant=variant,
                    synthetic=True,
                    speaker=speaker,
                    sex="female" if int(speaker) % 2 == 0 else "male",
                    emotion=emotion,
                    repetition=f"{repetition:02d}",
                    duration=frames * 0.016,
                )
            )
        for kind, arrays in framed.items():
            offsets = np.cumsum([0, *(len(array) for array in arrays)])
            np.save(folder / kind / f"{speaker}-000.npy", np.concatenate(arrays))
            np.save(folder / kind / f"{speaker}-000.offsets.npy", offsets)
        for kind, dtype in VECTORS.items():
            np.save(folder / kind / f"{speaker}-000.npy", np.stack(vectors).astype(dtype))
    (folder / "front_end.json").write_text(json.dumps(FRONT_END), encoding="utf-8")
    write_manifest(utterances, folder)
