"""Frames, windows and filter banks, shared by everything that looks at spectra.

NumPy is enough. librosa is the oracle in the tests of what is made of them.
"""

from functools import lru_cache

import numpy as np

try:
    from scipy.fft import rfft  # several rows at once: twice as fast
except ImportError:
    from numpy.fft import rfft

SLANEY_LINEAR_STEP = 200 / 3
SLANEY_BREAK = 1000.0
SLANEY_LOG_STEP = np.log(6.4) / 27
"""Slaney's mel scale (Auditory Toolbox, 1998): linear in Hz to the break, logarithmic above."""

POWER_FLOOR = 1e-10
"""The least power that a logarithm is taken of: -100 dB of a full-scale bin."""

BLOCK = 64
"""Frames transformed at once: few enough to stay in a core's own cache, and to reuse its memory.

Without scipy that takes a quarter of the time of all at once.
"""


def spectrogram(
    samples: np.ndarray, fft_size: int, window_length: int, hop_length: int
) -> np.ndarray:
    """Power spectrogram [shape=(1 + n // hop, fft_size // 2 + 1), float32].

    Hann windows centred on multiples of the hop, zeros beyond the ends.
    """
    return power_spectra(frames(samples, window_length, hop_length), hann(window_length), fft_size)


def power_spectra(cut: np.ndarray, window: np.ndarray, fft_size: int) -> np.ndarray:
    """Power spectrum of every frame [shape=(frames, fft_size // 2 + 1), float32].

    Parameters
    ----------
    cut : np.ndarray [shape=(frames, size)]
        The frames, as long as the window.
    window : np.ndarray [shape=(size,)]
        What they are multiplied by.
    fft_size : int
        In samples, no less than the window.
    """
    power = np.empty((len(cut), fft_size // 2 + 1), np.float32)
    for first in range(0, len(cut), BLOCK):
        block = slice(first, first + BLOCK)
        # where in a longer transform the window stands decides phases only
        spectrum = rfft(cut[block] * window, fft_size, axis=1)
        np.add(np.square(spectrum.real), np.square(spectrum.imag), out=power[block])
    return power


def below_loudest(power: np.ndarray) -> np.ndarray:
    """Level of each power of a spectrogram in dB, 0 for the loudest; shape kept."""
    decibel: np.ndarray = 10 * np.log10(np.maximum(power, POWER_FLOOR))
    return decibel - decibel.max()


def frames(samples: np.ndarray, size: int, hop_length: int) -> np.ndarray:
    """Frames [shape=(1 + n // hop, size)] centred on multiples of the hop, zeros beyond."""
    padded = np.zeros(len(samples) + size, np.float32)
    first = (size + 1) // 2
    padded[first : first + len(samples)] = samples
    return np.lib.stride_tricks.sliding_window_view(padded, size)[::hop_length]


@lru_cache(maxsize=64)
def hann(length: int) -> np.ndarray:
    """Periodic Hann window [shape=(length,), float32]."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    return window.astype(np.float32)


@lru_cache(maxsize=8)
def mel_bank(
    sample_rate: int, fft_size: int, mels: int, low: float, high: float, normalised: bool
) -> np.ndarray:
    """Triangular filters on Slaney's mel scale [shape=(fft_size // 2 + 1, mels), float32].

    Parameters
    ----------
    sample_rate : int
        In Hz.
    fft_size : int
        In samples.
    mels : int
        Number of filters.
    low, high : float
        Lower edge of the first and upper edge of the last filter, in Hz.
    normalised : bool
        True for filters of equal area, False for a peak of 1.
    """
    bins = np.fft.rfftfreq(fft_size, 1 / sample_rate)
    edges = mel_edges(mels, low, high)
    rising = (bins[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    bank = np.maximum(0, np.minimum(rising, falling))
    if normalised:
        bank *= 2 / (edges[2:] - edges[:-2])
    return bank.astype(np.float32)


def mel_edges(mels: int, low: float, high: float) -> np.ndarray:
    """Edges in Hz of overlapping bands [shape=(mels + 2,)], each centred where its neighbours end.

    Parameters
    ----------
    mels : int
        Number of bands, equally wide in mels.
    low, high : float
        Lower edge of the first and upper edge of the last band, in Hz.
    """
    return mel_to_hz(np.linspace(hz_to_mel(low), hz_to_mel(high), mels + 2))


def hz_to_mel(frequency: float) -> float:
    """Slaney's mel of a frequency in Hz."""
    if frequency < SLANEY_BREAK:
        return frequency / SLANEY_LINEAR_STEP
    return (
        SLANEY_BREAK / SLANEY_LINEAR_STEP
        + float(np.log(frequency / SLANEY_BREAK)) / SLANEY_LOG_STEP
    )


def mel_to_hz(mel: np.ndarray) -> np.ndarray:
    """Frequency in Hz of each of Slaney's mels."""
    above = mel - SLANEY_BREAK / SLANEY_LINEAR_STEP
    bent = SLANEY_BREAK * np.exp(SLANEY_LOG_STEP * above)
    return np.where(above < 0, mel * SLANEY_LINEAR_STEP, bent)


@lru_cache(maxsize=8)
def cosine_basis(size: int, coefficients: int) -> np.ndarray:
    """Orthonormal discrete cosine transform, type II [shape=(size, coefficients), float32]."""
    phase = np.pi * np.outer(np.arange(size) + 0.5, np.arange(coefficients)) / size
    basis = np.cos(phase) * np.sqrt(2 / size)
    basis[:, 0] /= np.sqrt(2)
    return basis.astype(np.float32)
