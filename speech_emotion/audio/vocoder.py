"""A phase vocoder: the duration or the pitch of a recording changed, and nothing else.

The same arithmetic as librosa's (its tests hold one against the other), with differences that
make it many times faster: the analysis of a recording serves all its variants, phases are turned
by multiplying unit phasors instead of through angles and exponentials, and the resampling that
turns another duration into another pitch happens in the inverse transform, whose size is another.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import fft

from speech_emotion.audio.spectra import frames, hann

FFT_SIZE = 2048
PARTS = 4
"""Size of a frame in samples, and in hops; librosa's defaults, 128 ms and 32 ms at 16 kHz."""

TOLERANCE = 5
"""What a shifted pitch may be off, in cents: about the least that is audible."""

SMALLEST = np.finfo(np.float32).tiny


@dataclass(frozen=True)
class Analysis:
    """The short-time spectrum of a recording, taken apart.

    Attributes
    ----------
    length : int
        Of the recording, in samples.
    magnitude : np.ndarray [shape=(frames + 1, bins), float32]
        Of every frame, and of silence after the last.
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
    pieces = frames(samples, FFT_SIZE, FFT_SIZE // PARTS) * hann(FFT_SIZE)
    phase = fft.rfft(pieces, axis=1, overwrite_x=True)
    magnitude = np.zeros((len(phase) + 1, phase.shape[1]), np.float32)
    np.abs(phase, out=magnitude[:-1])
    silent = magnitude[:-1] < SMALLEST
    phase *= np.float32(1) / np.maximum(magnitude[:-1], SMALLEST)
    phase[silent] = 1  # silence has no phase, yet must not end the product of turns
    advance = np.ones_like(phase)
    np.multiply(phase[1:], phase[:-1].conj(), out=advance[:-1])
    return Analysis(len(samples), magnitude, phase[0], advance)


def stretch(analysis: Analysis, rate: float) -> np.ndarray:
    """Play a recording ``rate`` times as fast at the same pitch (Flanagan & Golden, 1966).

    Returns
    -------
    np.ndarray [shape=(round(n / rate),), float32]
    """
    return _synthesise(analysis, rate, FFT_SIZE, round(analysis.length / rate))


def shift_pitch(analysis: Analysis, semitones: float) -> np.ndarray:
    """Shift the pitch and keep the duration.

    A stretched recording in frames of `FFT_SIZE` samples, played faster or slower, is one in
    frames of another size.

    Returns
    -------
    np.ndarray [shape=(n,), float32]
    """
    size = frame_size(semitones)
    return _synthesise(analysis, size / FFT_SIZE, size, analysis.length)


@lru_cache(maxsize=64)
def frame_size(semitones: float) -> int:
    """Samples that a frame of `FFT_SIZE` has, played higher by so many semitones.

    Hops are whole samples. Of the sizes within `TOLERANCE` the one that is transformed fastest.
    """
    exact = FFT_SIZE * 2 ** (-semitones / 12)
    nearest = max(round(exact / PARTS), 1)
    near = [
        hop
        for hop in range(nearest - PARTS, nearest + PARTS + 1)
        if hop > 0 and abs(1200 * np.log2(exact / (hop * PARTS))) <= TOLERANCE
    ]
    return PARTS * min(near or [nearest], key=_largest_factor)


def _largest_factor(number: int) -> int:
    factor = 2
    while factor < number:
        if number % factor:
            factor += 1
        else:
            number //= factor
    return number


def _synthesise(analysis: Analysis, rate: float, size: int, length: int) -> np.ndarray:
    """The recording ``rate`` times as fast, its frames of `FFT_SIZE` samples now of ``size``."""
    time = np.arange(0, len(analysis.advance), rate)
    before = time.astype(int)
    fraction = (time - before).astype(np.float32)[:, None]
    bins = min(size, FFT_SIZE) // 2 + 1
    spectrum = np.empty((len(time), bins), np.complex64)
    spectrum[0] = analysis.start[:bins]
    for step, turn in enumerate(before[:-1]):
        np.multiply(spectrum[step], analysis.advance[turn, :bins], out=spectrum[step + 1])
    magnitude = analysis.magnitude[before, :bins]
    slope = analysis.magnitude[before + 1, :bins]
    slope -= magnitude
    slope *= fraction
    magnitude += slope
    magnitude *= np.float32(size / FFT_SIZE)
    spectrum *= magnitude
    return _overlap_add(spectrum, size, length)


def _overlap_add(spectrum: np.ndarray, size: int, length: int) -> np.ndarray:
    """The signal [shape=(length,), float32] whose centred, windowed frames have these spectra.

    Least squares over overlapping frames (Griffin & Lim, 1984).
    """
    count, hop = len(spectrum), size // PARTS
    pieces = fft.irfft(spectrum, size, axis=1, overwrite_x=True)
    pieces *= hann(size)
    pieces = pieces.reshape(count, PARTS, hop)
    total = np.zeros((count + PARTS - 1, hop), np.float32)
    for part in range(PARTS):
        total[part : part + count] += pieces[:, part]
    # a hop of the signal has some part of each frame over it, fewer at the ends
    hops = np.arange(len(total))
    first, last = np.maximum(hops - count + 1, 0), np.minimum(hops, PARTS - 1)
    ends = (first > 0) | (last < PARTS - 1)
    weight = _summed_weights(size)
    total[~ends] /= weight[-1]
    total[ends] /= np.maximum(weight[last[ends] + 1] - weight[first[ends]], SMALLEST)
    signal = total.ravel()[size // 2 :][:length]
    return np.pad(signal, (0, length - len(signal)))


@lru_cache(maxsize=64)
def _summed_weights(size: int) -> np.ndarray:
    """Squared window summed over its first parts, none to all [shape=(PARTS + 1, hop)]."""
    squared = np.square(hann(size)).reshape(PARTS, -1)
    return np.concatenate([np.zeros_like(squared[:1]), np.cumsum(squared, axis=0)])
