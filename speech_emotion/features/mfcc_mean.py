"""Mean over time of the mel-frequency cepstral coefficients, the original recipe's feature."""

import numpy as np

from speech_emotion.features import mfcc
from speech_emotion.features.mfcc import Params

SECTION = "mfcc"
FRAMED = False
DTYPE = np.float32


def compute(samples: np.ndarray, sample_rate: int, params: Params) -> np.ndarray:
    """One vector [shape=(coefficients,)]."""
    return mfcc.compute(samples, sample_rate, params).mean(axis=0)
