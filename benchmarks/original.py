"""The data stages of the original recipe as it ran them, to be timed against: one process, librosa.

Each of its notebooks is a loop over files. One loads at 16 kHz, with a moving average in pandas
and a Python loop over the mask. The others load at librosa's own 22.05 kHz: one makes a variant of
every file, eight times over, the last takes the mean MFCC of every file and variant.
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


def pitched(source: Path, target: Path, semitones: float) -> None:
    """Write a variant of a cleaned recording, its pitch shifted."""
    samples, rate = librosa.load(source, duration=LONGEST)
    made = librosa.effects.pitch_shift(samples, sr=rate, n_steps=semitones)
    soundfile.write(target, made, int(rate))


def stretched(source: Path, target: Path, speed: float) -> None:
    """Write a variant of a cleaned recording, played at another speed."""
    samples, rate = librosa.load(source, duration=LONGEST)
    made = librosa.effects.time_stretch(samples, rate=speed)
    soundfile.write(target, made, int(rate))


def featurize(source: Path) -> np.ndarray:
    """Mean over time of the MFCC [shape=(40,)]."""
    samples, rate = librosa.load(source)
    mean: np.ndarray = librosa.feature.mfcc(y=samples, sr=rate, n_mfcc=COEFFICIENTS).mean(axis=1)
    return mean
