"""What sets of functionals are worth to one and the same classifier, on EmoBox' folds of RAVDESS.

The classifier is a linear support vector machine on standardised values, its cost chosen in each
fold by cross-validation over the training speakers. No set has a say in it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from tqdm import tqdm

from speech_emotion.audio.codec import decode_own
from speech_emotion.data.dataset import Shard
from speech_emotion.data.splits import TEST_CORPUS, TEST_SPEAKERS

FOLDS = TEST_SPEAKERS["emobox6"]
COSTS = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
"""Of the support vector machine, to choose from."""

GROUPS = 5
"""Parts of the training speakers, each of which every cost is tried on."""


def mean_uar(vectors: np.ndarray, emotions: np.ndarray, speakers: np.ndarray) -> float:
    """Mean over the folds of the unweighted average recall.

    Parameters
    ----------
    vectors : np.ndarray [shape=(n, values)]
        One row per recording.
    emotions, speakers : np.ndarray [shape=(n,), str]
        Of each.
    """
    found = []
    for actors in FOLDS.values():
        test = np.isin(speakers, actors)
        scaler = StandardScaler().fit(vectors[~test])
        known, new = scaler.transform(vectors[~test]), scaler.transform(vectors[test])
        search = GridSearchCV(
            SVC(kernel="precomputed", class_weight="balanced"),
            {"C": COSTS},
            scoring="balanced_accuracy",
            cv=GroupKFold(GROUPS),
        )
        search.fit(known @ known.T, emotions[~test], groups=speakers[~test])
        found.append(balanced_accuracy_score(emotions[test], search.predict(new @ known.T)))
    return float(np.mean(found))


def vectors_of(
    compute: Callable[[np.ndarray, int], np.ndarray], shards: Sequence[Shard], kept: Path
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vectors, emotions and speakers of RAVDESS' speech, one row per recording.

    Parameters
    ----------
    compute : callable
        Samples and their rate in Hz to a vector.
    shards : sequence of Shard
        Of a cleaned dataset.
    kept : Path
        A file that the vectors are read from where it is there, and written to where it is not.
    """
    rows = [
        (utterance, content)
        for shard in shards
        if shard.utterances[0].corpus == TEST_CORPUS
        for utterance, _, content in shard
        if utterance.channel == "speech"
    ]
    emotions = np.array([utterance.emotion for utterance, _ in rows])
    speakers = np.array([utterance.speaker for utterance, _ in rows])
    if not kept.exists():
        recordings = tqdm(rows, desc=kept.stem, disable=None)
        vectors = [compute(*decode_own(content)) for _, content in recordings]
        np.save(kept, np.asarray(vectors, np.float32))
    return np.load(kept), emotions, speakers
