"""Noise added to recordings at a signal-to-noise ratio."""

import zlib

import numpy as np


def add_noise(samples: np.ndarray, ratio: float, seed: str) -> np.ndarray:
    """Add white noise at a signal-to-noise ratio in dB, drawn from a seed of its own."""
    generator = np.random.default_rng(zlib.crc32(seed.encode()))
    return mix(samples, generator.standard_normal(len(samples), dtype=np.float32), ratio)


def mix(samples: np.ndarray, noise: np.ndarray, ratio: float) -> np.ndarray:
    """Add a noise of any loudness at a signal-to-noise ratio in dB, over the whole length."""
    signal_power = np.mean(np.square(samples), dtype=np.float64)
    noise_power = np.mean(np.square(noise), dtype=np.float64)
    gain = np.sqrt(signal_power / noise_power) * 10 ** (-ratio / 20)
    return samples + noise * np.float32(gain)
