"""Noise added to recordings at a signal-to-noise ratio."""

import zlib

import numpy as np


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
    gain = np.sqrt(signal_power / noise_power) * 10 ** (-ratio / 20)
    return samples + noise * np.float32(gain)


def pink_noise(length: int, seed: str) -> np.ndarray:
    """Gaussian noise of as much power in every octave, drawn from a seed of its own.

    Its spectrum falls by 3 dB an octave, down to the lowest frequency that the length holds.
    """
    spectrum = np.fft.rfft(random_numbers(seed).standard_normal(length))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    return np.fft.irfft(spectrum, length).astype(np.float32)
