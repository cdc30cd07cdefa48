"""Variants of a recording: pitch shifted, stretched, with noise."""

import zlib

import librosa
import numpy as np

from stages.lib.params.augment import Variant


def make_variant(
    samples: np.ndarray, sample_rate: int, variant: Variant, source_id: str
) -> np.ndarray:
    """Make one variant of a recording.

    Parameters
    ----------
    samples : np.ndarray [shape=(n,), float32]
        The recording, mono, full scale 1.
    sample_rate : int
        In Hz.
    variant : Variant
        What to do.
    source_id : str
        The recording's id, which seeds what is random: neither order nor number of workers matter.

    Returns
    -------
    np.ndarray [shape=(m,), float32]
        m = n but for a stretch by s, where m is about n / s.
    """
    if variant.pitch is not None:
        made = librosa.effects.pitch_shift(samples, sr=sample_rate, n_steps=variant.pitch)
    elif variant.stretch is not None:
        made = librosa.effects.time_stretch(samples, rate=variant.stretch)
    else:
        assert variant.noise is not None  # a Variant holds exactly one of the three
        seed = zlib.crc32(f"{source_id}_{variant.name}".encode())
        noise = np.random.default_rng(seed).standard_normal(len(samples), dtype=np.float32)
        signal_power = np.mean(np.square(samples), dtype=np.float64)
        noise_power = np.mean(np.square(noise), dtype=np.float64)
        made = samples + noise * np.float32(
            np.sqrt(signal_power / noise_power) * 10 ** (-variant.noise / 20)
        )
    return made
