"""Crops of a log-mel spectrogram, all of one length, as a convolutional network takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from speech_emotion.networks import Features

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
