"""The picture of a timeline: waveform, log-mel spectrogram, emotion over time."""

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from matplotlib.figure import Figure

from speech_emotion.audio.overview import overview
from speech_emotion.audio.recordings import opened
from speech_emotion.reporting import figures
from speech_emotion.serving.answers import Window


def timeline_picture(
    source: Path | BinaryIO,
    windows: Sequence[Window],
    labels: Sequence[str],
    subject: str,
    width: float = 8.0,
) -> Figure:
    """Draw the timeline of a recording.

    Parameters
    ----------
    source : Path or seekable binary stream
        The recording, which is read once more.
    windows : sequence of Window
        What `Recognizer.timeline` made of it.
    labels : sequence of str
        Its labels.
    subject : str
        What stands under the title.
    width : float
        In inches.
    """
    duration = windows[-1].end
    with opened(source) as recording:
        seen = overview(recording, duration)
    # windows overlap; each is drawn around its middle
    middles = np.array([(window.start + window.end) / 2 for window in windows])
    edges = np.concatenate([[0], (middles[1:] + middles[:-1]) / 2, [duration]])
    nothing = [np.nan] * len(labels)
    return figures.timeline(
        (seen.low, seen.high),
        seen.log_mel,
        seen.frequencies,
        seen.duration,
        np.stack([edges[:-1], edges[1:]], axis=1),
        np.array([list((window.probabilities or {}).values()) or nothing for window in windows]),
        labels,
        subject,
        width,
    )
