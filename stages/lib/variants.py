"""Variants of a recording: pitch shifted, stretched, with noise."""

import zlib
from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np

from stages.lib.params.augment import Variant
from stages.lib.vocoder import analyse, shift_pitch, stretch


def make_variants(
    samples: np.ndarray, variants: Iterable[Variant], source_id: str
) -> Iterator[np.ndarray]:
    """Make the variants of a recording, one after the other.

    Parameters
    ----------
    samples : np.ndarray [shape=(n,), float32]
        The recording, mono, full scale 1.
    variants : iterable of Variant
        What to do.
    source_id : str
        The recording's id, which seeds what is random: neither order nor number of workers matter.

    Yields
    ------
    np.ndarray [shape=(m,), float32]
        m = n but for a stretch by s, where m = n / s.
    """
    # a variant by noise, or none at all, needs no analysis
    analysis = cache(lambda: analyse(samples))
    for variant in variants:
        if variant.pitch is not None:
            yield shift_pitch(analysis(), variant.pitch)
        elif variant.stretch is not None:
            yield stretch(analysis(), variant.stretch)
        else:
            assert variant.noise is not None  # a Variant holds exactly one of the three
            yield add_noise(samples, variant.noise, f"{source_id}_{variant.name}")


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
