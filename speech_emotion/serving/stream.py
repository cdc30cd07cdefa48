"""A recogniser of live audio: chunks in as they arrive, estimates out as time passes."""

from typing import Protocol

import numpy as np

from speech_emotion.audio.codec import MAX_DURATION, Channels, check_rate, is_silent, require_sound
from speech_emotion.audio.recordings import as_channels
from speech_emotion.audio.speech import SpeechDetector
from speech_emotion.base.errors import naming
from speech_emotion.serving.answers import Estimate, Prediction
from speech_emotion.serving.timeline import check_windows

BUFFER = MAX_DURATION
"""What a stream remembers, in s: as much as the longest recording that the pipeline takes."""

MOST_WINDOWS = 64
"""An estimate of a voice is made of no more windows than these: more hardly change it."""

SMOOTHING = 1.0
"""Time constant of the exponential average over estimates, in s."""


class Listener(Protocol):
    """What a stream needs of a recogniser."""

    any_sound: bool

    def predict(self, source: np.ndarray, sample_rate: int) -> Prediction:
        """The emotion of samples [n] at a rate in Hz."""

    def probabilities(self, samples: np.ndarray, sample_rate: int) -> np.ndarray:
        """Of every label [k], for the same."""

    def named(self, probabilities: np.ndarray) -> tuple[str, dict[str, float]]:
        """The most probable label, and the probabilities by label."""

    def adapt(self, recordings: list[np.ndarray], sample_rate: int) -> "Listener":
        """The same that knows the speaker of recordings [n] at a rate in Hz."""


class Stream:
    """Takes audio in chunks of any length and estimates its emotion every hop; bounded in memory.

    Parameters
    ----------
    recognizer : Recognizer
        What turns audio into probabilities.
    sample_rate : int
        Of the chunks, in Hz.
    window, hop : float
        How much of the past each estimate is made from, and the time between estimates, in s.
    adapt : bool
        Whether to adapt to the speaker's voice, by one window after the other of what was fed.

    Raises
    ------
    ValueError
        If window or hop is not positive, the window is longer than `BUFFER`, or the rate lower than
        recordings have.
    """

    def __init__(
        self,
        recognizer: Listener,
        sample_rate: int,
        window: float,
        hop: float,
        adapt: bool = False,
    ) -> None:
        check_windows(window, hop)
        check_rate(sample_rate)
        if window > BUFFER:
            raise ValueError(f"window is {window:g} s: a stream remembers {BUFFER:g} s")
        self._recognizer = recognizer
        self._adapt = adapt
        self._windows_known = 0
        self._sample_rate = sample_rate
        self._window = round(window * sample_rate)
        self._hop = round(hop * sample_rate)
        self._keep = 1 - float(np.exp(-hop / SMOOTHING))
        self._capacity = round(BUFFER * sample_rate)
        # twice as long as what is remembered, so that it is seldom moved to the front
        self._buffer = np.zeros(2 * self._capacity, np.float32)
        self._clear()

    def feed(self, chunk: np.ndarray) -> list[Estimate]:
        """Take the next samples; the estimates that fell due with them, mostly none or one.

        Parameters
        ----------
        chunk : np.ndarray [shape=(n,), (n, channels) or (channels, n)]
            As for `Recognizer.predict`. Channels that cancelled each other so far are not mixed.

        Raises
        ------
        AudioError
            If they are not samples in one of these forms, or not finite, or beyond all bounds.
        """
        with naming("The chunk"):
            channels = as_channels(chunk)
            require_sound(channels)
        samples = self._mixed(channels)
        estimates = []
        while len(samples):
            due = self._hop - self._fed % self._hop
            part = samples[: min(due, self._capacity)]
            self._append(part)
            if len(part) == due:
                estimates.append(self._estimate())
            samples = samples[len(part) :]
        return estimates

    def finish(self) -> Prediction:
        """What `Recognizer.predict` says of all that was fed, or of the last `BUFFER` s of it.

        The stream is then empty and takes the next utterance.

        Raises
        ------
        AudioError
            If all of it was silent, too short or no speech, as `Recognizer.predict` does.
        """
        samples = self._past(self._capacity).copy()
        self._clear()
        return self._recognizer.predict(samples, self._sample_rate)

    def _clear(self) -> None:
        self._stop = 0  # where the buffer's content ends
        self._fed = 0  # samples since the start
        self._channels, self._channel_count = Channels(), 0
        self._detector = SpeechDetector(self._sample_rate, self._window / self._sample_rate)
        self._smoothed: np.ndarray | None = None
        self._known_up_to = 0  # samples since the start that the voice was estimated from

    def _mixed(self, samples: np.ndarray) -> np.ndarray:
        """Mix down a chunk [n, channels] by what was heard of the channels so far."""
        if samples.shape[1] == 1 or not len(samples):
            return samples[:, 0]
        if samples.shape[1] != self._channel_count:
            self._channels, self._channel_count = Channels(), samples.shape[1]
        self._channels.add(samples)
        return self._channels.mixed(samples)

    def _append(self, samples: np.ndarray) -> None:
        if self._stop + len(samples) > len(self._buffer):
            past = self._past(self._capacity).copy()
            self._buffer[: len(past)] = past
            self._stop = len(past)
        self._buffer[self._stop : self._stop + len(samples)] = samples
        self._stop += len(samples)
        self._fed += len(samples)

    def _past(self, count: int) -> np.ndarray:
        return self._buffer[max(self._stop - min(count, self._fed), 0) : self._stop]

    def _estimate(self) -> Estimate:
        window = self._past(self._window)
        self._detector.feed(self._past(self._hop))
        time = self._fed / self._sample_rate
        heard = len(window) / self._sample_rate
        speech = self._recognizer.any_sound or self._detector.heard_speech(heard)
        if not speech or is_silent(window[:, None], step=0):
            self._smoothed = None
            return Estimate(time, False, None, None)
        latest = self._recognizer.probabilities(window, self._sample_rate)
        if self._adapt and self._fed - self._known_up_to >= self._window:
            self._get_to_know(window)
        if self._smoothed is None:
            self._smoothed = latest
        self._smoothed = self._smoothed + self._keep * (latest - self._smoothed)
        return Estimate(time, True, *self._recognizer.named(self._smoothed))

    def _get_to_know(self, window: np.ndarray) -> None:
        """Let a window add to what is known of the voice, until `MOST_WINDOWS` did."""
        self._known_up_to = self._fed
        if self._windows_known < MOST_WINDOWS:
            self._recognizer = self._recognizer.adapt([window], self._sample_rate)
            self._windows_known += 1
