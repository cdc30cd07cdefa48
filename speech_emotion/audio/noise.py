"""Noise added to recordings at a signal-to-noise ratio."""

import zlib

import numpy as np

SPREAD = 10.0
"""Signal-to-noise ratios that are drawn lie up to so many dB above the lowest."""

STEEPEST = 2.0
"""Coloured noise is of a power that falls with the frequency to the power of 0 (white) to this
(brown)."""


def random_numbers(seed: str) -> np.random.Generator:
    """Random numbers of a text's own, the same every time and on every machine."""
    return np.random.default_rng(zlib.crc32(seed.encode()))


def add_noise(samples: np.ndarray, ratio: float, seed: str) -> np.ndarray:
    """Add white noise at a signal-to-noise ratio in dB, drawn from a seed of its own."""
    noise = random_numbers(seed).standard_normal(len(samples), dtype=np.float32)
    return mix(samples, noise, ratio)


def mix(samples: np.ndarray, noise: np.ndarray, ratio: float) -> np.ndarray:
    """Add a noise of any loudness at a signal-to-noise ratio in dB, over the whole length."""
    signal_power = np.mean(np.square(samples), dtype=np.float64)
    noise_power = np.mean(np.square(noise), dtype=np.float64)
    if not noise_power:
        return samples
    gain = np.sqrt(signal_power / noise_power) * 10 ** (-ratio / 20)
    return samples + noise * np.float32(gain)


def mix_somewhere_above(
    samples: np.ndarray, noise: np.ndarray, lowest: float, random: np.random.Generator
) -> np.ndarray:
    """Add a noise at a signal-to-noise ratio drawn from `lowest` dB to `SPREAD` dB above it.

    The result is as loud as the samples were (root mean square).
    """
    return as_loud_as(samples, mix(samples, noise, random.uniform(lowest, lowest + SPREAD)))


def as_loud_as(original: np.ndarray, changed: np.ndarray) -> np.ndarray:
    """What was made of a recording, brought to its root mean square; silence stays silence."""
    powers = [np.mean(np.square(one), dtype=np.float64) for one in (original, changed)]
    return changed * np.float32(np.sqrt(powers[0] / powers[1])) if powers[1] else changed


def pink_noise(length: int, seed: str) -> np.ndarray:
    """Gaussian noise of as much power in every octave, drawn from a seed of its own.

    Its spectrum falls by 3 dB an octave, down to the lowest frequency that the length holds.
    """
    return coloured_noise(length, random_numbers(seed), 1.0)


def coloured_noise(length: int, random: np.random.Generator, fall: float) -> np.ndarray:
    """Gaussian noise whose power falls with the frequency to the power of ``fall``."""
    spectrum = np.fft.rfft(random.standard_normal(length))
    spectrum /= np.maximum(np.arange(len(spectrum)), 1) ** (fall / 2)
    return np.fft.irfft(spectrum, length).astype(np.float32)
