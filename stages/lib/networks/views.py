"""The views of an utterance that each network sees, whose predictions are averaged. NumPy only.

Prediction without Keras finds them here by the network's name. A network that is not here can't
be exported.
"""

from collections.abc import Callable

import numpy as np

from stages.lib.networks.network import Features

FRAMES = 160
"""Frames of a crop: 2.56 s at a hop of 256 samples and 16 kHz."""

CROPS = 3
"""Crops of an utterance whose predictions are averaged; more where these would leave gaps."""

PADDING_PERCENTILE = 2
"""A short utterance is padded with this percentile of its own values, by band."""


def crops(utterance: Features) -> Features:
    """Evenly spaced crops that together cover the utterance: {"log_mel": [crops, 160, bands]}."""
    frames = utterance["log_mel"]
    spare = len(frames) - FRAMES
    count = max(CROPS, -(-len(frames) // FRAMES))
    starts = np.linspace(min(0, spare), max(0, spare), count).round()
    return {"log_mel": read_frames(frames, starts[:, None] + np.arange(FRAMES))}


def mean_sequence(utterance: Features) -> Features:
    """The one vector of an utterance as a sequence: {"mfcc_mean": [1, coefficients, 1]}."""
    return {"mfcc_mean": utterance["mfcc_mean"].astype(np.float32)[None, :, None]}


def vector(utterance: Features) -> Features:
    """The one vector of an utterance: {"functionals": [1, values]}."""
    return {"functionals": utterance["functionals"][None]}


def crops_and_vector(utterance: Features) -> Features:
    """The crops, the functionals beside each: [crops, 160, bands] and [crops, values]."""
    views = crops(utterance)
    vectors = np.repeat(utterance["functionals"][None], len(views["log_mel"]), axis=0)
    return {**views, "functionals": vectors}


VIEWS: dict[str, Callable[[Features], Features]] = {
    "cnn2d": crops,
    "functionals_lda": vector,
    "fusion": crops_and_vector,
    "baseline_cnn1d": mean_sequence,
}
"""By network: from an utterance's features, as stored, to inputs of each kind [views, ...]."""


def read_frames(frames: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Frames [..., bands] at places [...] between frames, linearly; padding before and after."""
    frames = frames.astype(np.float32)
    if places.min() < 0 or places.max() > len(frames) - 1:
        padding = np.percentile(frames, PADDING_PERCENTILE, axis=0, keepdims=True)
        frames = np.concatenate([padding, frames, padding], dtype=np.float32)
        places = np.clip(places + 1, 0, len(frames) - 1)
    below = places.astype(int)
    above = np.minimum(below + 1, len(frames) - 1)
    share = (places - below).astype(np.float32)[..., None]
    return frames[below] * (1 - share) + frames[above] * share
