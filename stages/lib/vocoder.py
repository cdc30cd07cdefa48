"""A phase vocoder: the duration of a recording changed, its pitch kept.

The same arithmetic as librosa's (its tests hold one against the other), with two differences that
make it about nine times faster: the analysis of a recording serves all its variants, and phases
are turned by multiplying unit phasors instead of through angles and exponentials.
"""

from dataclasses import dataclass

import numpy as np

from stages.lib.features import frames, hann

FFT_SIZE = 2048
HOP_LENGTH = 512
"""In samples; librosa's defaults, 128 ms and 32 ms at 16 kHz."""

SMALLEST = np.finfo(np.float32).tiny


@dataclass(frozen=True)
class Analysis:
    """The short-time spectrum of a recording, taken apart.

    Attributes
    ----------
    length : int
        Of the recording, in samples.
    magnitude : np.ndarray [shape=(frames, bins), float32]
        Of every frame.
    start : np.ndarray [shape=(bins,), complex64]
        Phase of the first frame, as unit phasors.
    advance : np.ndarray [shape=(frames, bins), complex64]
        Turn of the phase from each frame to the next, as unit phasors; none after the last.
    """

    length: int
    magnitude: np.ndarray
    start: np.ndarray
    advance: np.ndarray


def analyse(samples: np.ndarray) -> Analysis:
    """Take a recording [shape=(n,), float32] apart."""
    spectrum = np.fft.rfft(frames(samples, FFT_SIZE, HOP_LENGTH) * hann(FFT_SIZE, FFT_SIZE), axis=1)
    magnitude = np.abs(spectrum)
    phase = spectrum / np.maximum(magnitude, SMALLEST)
    phase[magnitude < SMALLEST] = 1  # silence has no phase, yet must not end the product of turns
    advance = np.ones_like(phase)
    np.multiply(phase[1:], phase[:-1].conj(), out=advance[:-1])
    return Analysis(len(samples), magnitude, phase[0], advance)


def stretch(analysis: Analysis, rate: float) -> np.ndarray:
    """Play a recording ``rate`` times as fast at the same pitch (Flanagan & Golden, 1966).

    Returns
    -------
    np.ndarray [shape=(round(n / rate),), float32]
    """
    time = np.arange(0, len(analysis.magnitude), rate)
    before = time.astype(int)
    fraction = (time - before).astype(np.float32)[:, None]
    magnitude = np.pad(analysis.magnitude, ((0, 1), (0, 0)))
    spectrum = np.empty((len(time), magnitude.shape[1]), np.complex64)
    spectrum[0] = analysis.start
    for step, turn in enumerate(analysis.advance[before[:-1]]):
        np.multiply(spectrum[step], turn, out=spectrum[step + 1])
    spectrum *= (1 - fraction) * magnitude[before] + fraction * magnitude[before + 1]
    return overlap_add(spectrum, round(analysis.length / rate))


def overlap_add(spectrum: np.ndarray, length: int) -> np.ndarray:
    """The signal [shape=(length,), float32] whose centred, windowed frames have these spectra.

    Least squares over overlapping frames (Griffin & Lim, 1984).
    """
    window = hann(FFT_SIZE, FFT_SIZE)
    parts = FFT_SIZE // HOP_LENGTH
    count = len(spectrum)
    pieces = np.fft.irfft(spectrum, FFT_SIZE, axis=1) * window
    total = np.zeros((count + parts - 1, HOP_LENGTH), np.float32)
    weight = np.zeros_like(total)
    for part in range(parts):
        span = slice(part * HOP_LENGTH, (part + 1) * HOP_LENGTH)
        total[part : part + count] += pieces[:, span]
        weight[part : part + count] += np.square(window[span])
    total /= np.where(weight > SMALLEST, weight, 1)
    signal = total.ravel()[FFT_SIZE // 2 :][:length]
    return np.pad(signal, (0, length - len(signal)))
