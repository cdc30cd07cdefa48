"""The data stages of the original recipe as it ran them, to be timed against: one process, librosa.

Load, a moving average in pandas and a Python loop over the mask; eight variants; the mean MFCC of
audio loaded again at librosa's own rate.
"""

from pathlib import Path

import librosa
import numpy as np
import pandas as pd
import soundfile

RATE = 16000  # Hz, of cleaned audio
THRESHOLD = 0.0005  # of the moving average of the absolute signal, full scale 1
LONGEST = 2.97  # s of a recording that variants are made of
PITCHES = (-3.5, -2.5, -1, 1, 2.5, 3.5)  # semitones
STRETCHES = (0.81, 1.07)  # speed
COEFFICIENTS = 40


def clean(source: Path, target: Path) -> None:
    """Drop the quiet samples of a recording."""
    samples, _ = librosa.load(source, sr=RATE)
    smooth = pd.Series(samples).abs().rolling(RATE // 10, min_periods=1, center=True).mean()
    mask = []
    for value in smooth:
        mask.append(value > THRESHOLD)
    soundfile.write(target, samples[np.array(mask)], RATE)


def augment(source: Path, target: Path) -> list[Path]:
    """Write the eight variants of a cleaned recording."""
    samples, _ = librosa.load(source, sr=RATE, duration=LONGEST)
    made = [librosa.effects.pitch_shift(samples, sr=RATE, n_steps=step) for step in PITCHES]
    made += [librosa.effects.time_stretch(samples, rate=rate) for rate in STRETCHES]
    paths = [target / f"{source.stem}_{number}.wav" for number in range(len(made))]
    for path, variant in zip(paths, made, strict=True):
        soundfile.write(path, variant, RATE)
    return paths


def featurize(source: Path) -> np.ndarray:
    """Mean over time of the MFCC [shape=(40,)]."""
    samples, rate = librosa.load(source)
    mean: np.ndarray = librosa.feature.mfcc(y=samples, sr=rate, n_mfcc=COEFFICIENTS).mean(axis=1)
    return mean
