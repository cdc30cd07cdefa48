"""Whether a sound is speech: the network of Silero VAD, in NumPy, and a rule on what it says.

Silero Team, "Silero VAD: pre-trained enterprise-grade Voice Activity Detector", version 6.2.3,
https://github.com/snakers4/silero-vad. Its weights are in silero_vad.npz, in half precision
(scripts/speech_weights.py), under the MIT licence beside them. The packages that run it weigh 11 MB
and more, and the smallest takes thirty times as long.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import soxr

from speech_emotion.audio.loudness import amplitude_ratio

RATE = 16000
"""Sample rate that the network expects, in Hz."""

CHUNK = 512
"""Samples that each probability is of."""

CONTEXT = 64
"""Samples before a chunk that the network hears with it, and mirrored ones after it."""

SPECTRUM, SPECTRUM_HOP = 256, 128
"""Length of the network's spectra and from one to the next, in samples."""

CELLS = 128
"""Of the network's memory."""

SPAN = 32
"""Chunks in a row, 1.02 s, over which the probability of speech is averaged."""

PROBABLE = 0.34
"""A sound holds speech if one of these averages is as high, as after a third of a second of it.
docs/predict.md says what passes, and what does not."""

LEVEL = amplitude_ratio(-20)
"""What is softer is raised to it, for the network misses soft speech: the root mean square of the
loudest `LEVEL_FRAME`."""

LEVEL_FRAME = 0.1
"""In s."""

WEIGHTS = Path(__file__).with_name("silero_vad.npz")


class SpeechDetector:
    """Listens to one sound in blocks of any length; each is heard with what came before.

    Parameters
    ----------
    sample_rate : int
        Of the blocks, in Hz.
    memory : float
        How much of the past it can be asked about, in s.
    """

    def __init__(self, sample_rate: int, memory: float) -> None:
        self._most = max(_chunks(memory), 1)
        self._heard = np.zeros(0, np.float32)
        self._weights = _weights()
        self._resampled = (
            soxr.ResampleStream(sample_rate, RATE, 1, dtype="float32").resample_chunk
            if sample_rate != RATE
            else np.asarray
        )
        self._loudest = float(np.finfo(np.float32).tiny)
        self._unheard = np.zeros(CONTEXT, np.float32)  # the context first
        self._hidden = np.zeros(CELLS, np.float32)
        self._cells = np.zeros(CELLS, np.float32)

    def feed(self, samples: np.ndarray) -> None:
        """Listen to the next samples [n], full scale 1."""
        self._heard = np.concatenate([self._heard, self.probabilities(samples)])[-self._most :]

    def heard_speech(self, duration: float) -> bool:
        """Whether there was speech in the last so many s."""
        heard = self._heard[-max(_chunks(duration), 1) :]
        span = min(SPAN, self._most)
        padded = np.pad(heard, (0, max(span - len(heard), 0)))
        return bool(np.convolve(padded, np.full(span, 1 / span), "valid").max() >= PROBABLE)

    def probabilities(self, samples: np.ndarray) -> np.ndarray:
        """Listen to the next samples: of speech in each chunk that is now complete.

        Parameters
        ----------
        samples : np.ndarray [shape=(n,), float32]
            Full scale 1.

        Returns
        -------
        np.ndarray [shape=(chunks,), float32]
            One for every 32 ms; a resampler may owe the last one for a moment.
        """
        self._unheard = np.concatenate([self._unheard, self._raised(self._resampled(samples))])
        count = (len(self._unheard) - CONTEXT) // CHUNK
        if not count:
            return np.zeros(0, np.float32)
        heard, self._unheard = self._unheard, self._unheard[count * CHUNK :].copy()
        chunks = np.lib.stride_tricks.sliding_window_view(heard, CONTEXT + CHUNK)[::CHUNK][:count]
        return self._remembering(_encoded(chunks, self._weights))

    def _raised(self, samples: np.ndarray) -> np.ndarray:
        """Samples at `RATE`, raised to `LEVEL` by the loudest that was heard so far."""
        length = min(round(LEVEL_FRAME * RATE), len(samples))
        if length:
            frames = samples[: len(samples) // length * length].reshape(-1, length)
            loudness = np.sqrt(np.square(frames).mean(axis=1).max())
            self._loudest = max(self._loudest, float(loudness))
        return samples * np.float32(max(LEVEL / self._loudest, 1))

    def _remembering(self, encoded: np.ndarray) -> np.ndarray:
        """Probabilities [chunks] of what was encoded [chunks, 128], by a long short-term memory."""
        weights = self._weights
        of_input = encoded @ weights["memory_weight_ih"].T + (
            weights["memory_bias_ih"] + weights["memory_bias_hh"]
        )
        of_hidden = weights["memory_weight_hh"]
        hidden = np.empty((len(encoded), CELLS), np.float32)
        before, cells = self._hidden, self._cells
        for number, gates in enumerate(of_input):
            gates += of_hidden @ before
            opened = _sigmoid(gates)  # those that let in, keep and show; one is a tanh instead
            new = np.tanh(gates[2 * CELLS : 3 * CELLS])
            cells = opened[CELLS : 2 * CELLS] * cells + opened[:CELLS] * new
            before = hidden[number] = opened[3 * CELLS :] * np.tanh(cells)
        self._hidden, self._cells = before, cells
        final = np.maximum(hidden, 0) @ weights["output_weight"][0, :, 0]
        return _sigmoid(final + weights["output_bias"])


def holds_speech(samples: np.ndarray, sample_rate: int) -> bool:
    """Whether there is a third of a second of speech in samples [n], full scale 1, at a rate in Hz.

    Listening ends with the half second in which the first speech was heard.
    """
    block = sample_rate // 2
    memory = 0.5 + SPAN * CHUNK / RATE
    detector = SpeechDetector(sample_rate, memory)
    for start in range(0, len(samples), block):
        detector.feed(samples[start : start + block])
        if detector.heard_speech(memory):
            return True
    return False


def _chunks(duration: float) -> int:
    return round(duration * RATE / CHUNK)


def _encoded(chunks: np.ndarray, weights: Mapping[str, np.ndarray]) -> np.ndarray:
    """What the network makes of chunks [n, 576], before it remembers: [n, 128]."""
    mirrored = np.concatenate([chunks, chunks[:, -2 : -CONTEXT - 2 : -1]], axis=1)
    frames = np.lib.stride_tricks.sliding_window_view(mirrored, SPECTRUM, axis=1)[:, ::SPECTRUM_HOP]
    hann = np.hanning(SPECTRUM + 1)[:-1].astype(np.float32)
    spectra = np.fft.rfft(frames * hann)
    x = np.sqrt(np.square(spectra.real) + np.square(spectra.imag))  # sooner done than np.abs
    for layer, stride in ((1, 1), (2, 2), (3, 2), (4, 1)):
        x = _convolved(
            x, weights[f"convolution_{layer}_weight"], weights[f"convolution_{layer}_bias"], stride
        )
    return x[:, 0]


def _convolved(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, stride: int) -> np.ndarray:
    """A convolution [out, in, 3] over time and what is positive of it, of x [n, time, in]."""
    padded = np.pad(x, ((0, 0), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, 3, axis=1)[:, ::stride]
    flat = windows.reshape(-1, kernel[0].size)
    return np.maximum(flat @ kernel.reshape(len(kernel), -1).T + bias, 0).reshape(
        len(x), -1, len(kernel)
    )


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 + 0.5 * np.tanh(0.5 * x)


@cache
def _weights() -> dict[str, np.ndarray]:
    with np.load(WEIGHTS) as file:
        return {name: file[name].astype(np.float32) for name in file.files}
