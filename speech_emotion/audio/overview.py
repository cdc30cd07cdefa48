"""What a recording of any length looks like, in a few hundred columns."""

from dataclasses import dataclass

import numpy as np

from speech_emotion.audio.recordings import Recording
from speech_emotion.audio.spectra import below_loudest, mel_bank, mel_edges, spectrogram

COLUMNS = 800
"""About as many as a picture has pixels."""

WINDOW = 0.025
"""Of the spectrogram, in s; each column averages the frames that fit in it, 8 at most."""

FRAMES_OF_COLUMN = 8
MELS = 64
HIGHEST = 8000.0
"""Upper edge of the highest band, in Hz, or half the sample rate."""


@dataclass(frozen=True)
class Overview:
    """Columns that lie evenly over a recording.

    Attributes
    ----------
    low, high : np.ndarray [shape=(columns,)]
        Least and greatest sample, full scale 1.
    log_mel : np.ndarray [shape=(bands, columns)]
        In dB below the loudest.
    frequencies : np.ndarray [shape=(bands,)]
        The centres of the bands, in Hz.
    duration : float
        Of the recording, in s.
    """

    low: np.ndarray
    high: np.ndarray
    log_mel: np.ndarray
    frequencies: np.ndarray
    duration: float


def overview(recording: Recording, duration: float) -> Overview:
    """Read a recording, a column of it in memory at a time.

    Parameters
    ----------
    recording : Recording
        What to read.
    duration : float
        How long it is, in s.
    """
    rate = recording.sample_rate
    column = max(int(np.ceil(duration * rate / COLUMNS)), round(WINDOW * rate))
    top = min(HIGHEST, rate / 2)
    window = round(WINDOW * rate)
    bank = mel_bank(rate, window, MELS, 0.0, top, False)
    held = np.zeros(0, np.float32)
    lows, highs, powers = [], [], []
    total = 0

    def add(samples: np.ndarray) -> None:
        lows.append(samples.min())
        highs.append(samples.max())
        # frames are centred on multiples of the hop, the first on the start
        hop = max(len(samples) // FRAMES_OF_COLUMN, window)
        powers.append((spectrogram(samples, window, window, hop) @ bank).mean(axis=0))

    for block in recording.blocks:
        total += len(block)
        held = np.concatenate([held, block])
        while len(held) >= column:
            add(held[:column])
            held = held[column:]
    if len(held):
        add(held)
    return Overview(
        np.array(lows),
        np.array(highs),
        below_loudest(np.array(powers).T),
        mel_edges(MELS, 0.0, top)[1:-1],
        total / rate,
    )
