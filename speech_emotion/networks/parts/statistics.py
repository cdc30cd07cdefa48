"""What networks standardise their inputs by: mean and variance over training frames."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from speech_emotion.networks import Features


def frame_statistics(training: Iterable[Features], kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance over all frames of a kind, an utterance in memory at a time.

    Parameters
    ----------
    training : iterable of dict
        The training utterances.
    kind : str
        A kind of features with frames: [frames, ...].

    Returns
    -------
    (array, array)
        Mean and variance, each of the shape of one frame.
    """
    count, total, squares = 0, np.zeros(()), np.zeros(())
    for utterance in training:
        frames = utterance[kind].astype(np.float64)
        count += len(frames)
        total = total + frames.sum(axis=0)
        squares = squares + np.square(frames).sum(axis=0)
    mean = total / count
    return mean, squares / count - np.square(mean)
