"""What recordings suffer outside the studio, made by code: the same for a recording every time.

Which disturbances there are and their figures follow the tests of speech emotion models of
audEERING: Derington, Wierstorf, Özkil, Eyben, Burkhardt & Schuller, "Testing Speech Emotion
Recognition Machine Learning Models", arXiv:2312.06270, 2023, and https://github.com/audeering/
ser-tests, docs/method-tests.rst. They mix in recorded sounds, measured rooms and a mobile phone's
codec; here code makes all of it, so that nothing has to be downloaded.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import soxr
from scipy.fft import next_fast_len
from scipy.signal import butter, sosfilt

from speech_emotion.audio import background_sounds
from speech_emotion.audio.band import of_length
from speech_emotion.audio.encodings import TELEPHONE_LOWEST, TELEPHONE_RATE
from speech_emotion.audio.loudness import amplitude_ratio
from speech_emotion.audio.noise import add_noise, as_loud_as, mix, pink_noise, random_numbers
from speech_emotion.audio.rooms import Place, reverberate

Group = Literal["small changes", "background noise", "room", "low-quality phone"]

Change = Callable[[np.ndarray, int, str], np.ndarray]
"""Samples [n], sample rate in Hz and a seed to changed samples [m]."""

SHORT = (100 / 16000, 500 / 16000, 1000 / 16000)
"""How much is cut off or put before or after, in s: 100, 500 or 1000 samples at 16 kHz."""

TONE = (5000, 7000)
TONE_RATIOS = (40.0, 45.0, 50.0)
"""Lowest and highest frequency of the tone, in Hz, and how far its peak lies below that of the
recording, in dB."""

CLIPPED = (0.001, 0.002, 0.003)
"""Share of the samples that is clipped."""

GAINS = (-2.0, -1.0, 1.0, 2.0)
"""In dB."""

HIGH_PASS = (50.0, 100.0, 150.0)
LOW_PASS = (6500.0, 7000.0, 7500.0)
"""Cut-off frequencies of Butterworth filters of order 1, in Hz."""

FAINT = (35.0, 40.0, 45.0)
"""Signal-to-noise ratios of the white noise among the small changes, in dB."""

BACKGROUND = 20.0
COUGHING = 10.0
"""Signal-to-noise ratio of a background over the whole recording, in dB, and that of a cough, which
is short."""

ROOM = (6.0, 5.0, 3.0)
ROOM_REVERBERATION = 0.5
MICROPHONE = (2.7, 1.0, 1.2)
"""The room of many positions, in m and s, and its microphone. A living room's figures, and not far
from those of the database that audEERING take (Wen et al., "Evaluation of speech dereverberation
algorithms using the MARDY database", IWAENC 2006)."""

POSITIONS = [
    Place(
        ROOM,
        ROOM_REVERBERATION,
        (
            MICROPHONE[0] + distance * float(np.sin(np.radians(angle))),
            MICROPHONE[1] + distance * float(np.cos(np.radians(angle))),
            MICROPHONE[2],
        ),
        MICROPHONE,
    )
    for distance in (1.0, 2.0, 3.0)
    for angle in (-30.0, 0.0, 30.0)
    if (distance, angle) != (1.0, 0.0)
]
"""1, 2 and 3 m off, on the left, ahead and on the right, but for the nearest ahead, which is what
the other positions are held against there."""

ROOMS = [
    Place((8.0, 5.0, 3.1), 0.23, (4.0, 3.1, 1.2), (4.0, 1.2, 1.2)),
    Place((5.0, 6.4, 2.9), 0.43, (2.4, 3.2, 1.2), (2.4, 1.2, 1.2)),
    Place((10.8, 10.9, 3.2), 0.78, (5.2, 4.25, 1.2), (5.2, 2.0, 1.2)),
]
"""A meeting room, an office and a lecture room at about 2 m, with reverberation times of those that
audEERING take (Jeub, Schäfer & Vary, "A binaural room impulse response database for the evaluation
of dereverberation algorithms", DSP 2009)."""

PHONE_RATE = TELEPHONE_RATE
PHONE_BAND = (TELEPHONE_LOWEST, 3400.0)
"""Sample rate and band of narrow-band telephony, in Hz (ITU-T G.711, G.712)."""

MU = 255
CODES = 127
"""Bend of the mu-law, and codes of each sign, of 8 bits with one for the sign (ITU-T G.711)."""

COMPRESSED_ABOVE = -20.0
COMPRESSION = 0.8
ATTACK, RELEASE = 0.01, 0.02
"""The phone's dynamic compression: from this level on, in dB full scale, each dB more becomes this
part of a dB; the level is followed with these time constants, in s."""

LINE_NOISE = -25.0
LINE_NOISE_ABOVE = 3000.0
"""Pink noise that the phone adds, as root mean square in dB below the speech's peak before it goes
through a Butterworth high pass of order 2 from this frequency on, in Hz."""


@dataclass(frozen=True)
class Disturbance:
    """Something that a recording may suffer.

    Attributes
    ----------
    name : str
        Its name among `DISTURBANCES`.
    group : str
        "small changes", "background noise", "room" or "low-quality phone".
    description : str
        What is done, in words with figures.
    change : callable
        Does it, given samples, their rate and the seed.
    """

    name: str
    group: Group
    description: str
    change: Change

    def apply(self, samples: np.ndarray, sample_rate: int, identity: str) -> np.ndarray:
        """Disturb a recording.

        Parameters
        ----------
        samples : np.ndarray [shape=(n,), float32]
            Mono, full scale 1; at least 0.25 s of them.
        sample_rate : int
            In Hz.
        identity : str
            The recording's id, which seeds whatever is random.

        Returns
        -------
        np.ndarray [shape=(m,), float32]
            At the same rate; m = n but where something is cut off or put before or after. What is
            added or amplified may leave full scale: nothing is clipped but by "clipping" and by
            the phone.
        """
        changed = self.change(samples, sample_rate, f"{identity}_{self.name}")
        return changed.astype(np.float32, copy=False)


def _add_tone(samples: np.ndarray, sample_rate: int, seed: str) -> np.ndarray:
    random = random_numbers(seed)
    frequency = random.integers(*TONE, endpoint=True)
    if frequency >= sample_rate / 2:  # recorded at such a rate, it would not be there
        return samples
    amplitude = np.abs(samples).max() * amplitude_ratio(-random.choice(TONE_RATIOS))
    return samples + amplitude * np.sin(
        2 * np.pi * frequency / sample_rate * np.arange(len(samples))
    )


def _zeros(sample_rate: int, seed: str) -> np.ndarray:
    return np.zeros(round(random_numbers(seed).choice(SHORT) * sample_rate), np.float32)


def _append_zeros(samples: np.ndarray, sample_rate: int, seed: str) -> np.ndarray:
    return np.concatenate([samples, _zeros(sample_rate, seed)])


def _prepend_zeros(samples: np.ndarray, sample_rate: int, seed: str) -> np.ndarray:
    return np.concatenate([_zeros(sample_rate, seed), samples])


def _crop_beginning(samples: np.ndarray, sample_rate: int, seed: str) -> np.ndarray:
    return samples[len(_zeros(sample_rate, seed)) :]


def _crop_end(samples: np.ndarray, sample_rate: int, seed: str) -> np.ndarray:
    return samples[: -len(_zeros(sample_rate, seed))]


def _clip(samples: np.ndarray, sample_rate: int, seed: str) -> np.ndarray:
    highest = np.quantile(np.abs(samples), 1 - random_numbers(seed).choice(CLIPPED))
    return np.clip(samples, -highest, highest)


def _change_gain(samples: np.ndarray, sample_rate: int, seed: str) -> np.ndarray:
    return samples * np.float32(amplitude_ratio(random_numbers(seed).choice(GAINS)))


def _cut_low(samples: np.ndarray, sample_rate: int, seed: str) -> np.ndarray:
    cut_off = random_numbers(seed).choice(HIGH_PASS)
    return sosfilt(butter(1, cut_off, "highpass", fs=sample_rate, output="sos"), samples)


def _cut_high(samples: np.ndarray, sample_rate: int, seed: str) -> np.ndarray:
    cut_off = random_numbers(seed).choice(LOW_PASS)
    if cut_off >= sample_rate / 2:  # there is nothing above it
        return samples
    return sosfilt(butter(1, cut_off, "lowpass", fs=sample_rate, output="sos"), samples)


def _add_faint_noise(samples: np.ndarray, sample_rate: int, seed: str) -> np.ndarray:
    return add_noise(samples, random_numbers(seed).choice(FAINT), seed)


def _add_white_noise(samples: np.ndarray, sample_rate: int, seed: str) -> np.ndarray:
    return add_noise(samples, BACKGROUND, seed)


def _add_pink_noise(samples: np.ndarray, sample_rate: int, seed: str) -> np.ndarray:
    return mix(samples, _pink_noise(len(samples), seed), BACKGROUND)


def _pink_noise(length: int, seed: str) -> np.ndarray:
    """The beginning of pink noise that is a little longer, of a length quickly transformed."""
    return pink_noise(next_fast_len(length, real=True), seed)[:length]


def _add_babble(samples: np.ndarray, sample_rate: int, seed: str) -> np.ndarray:
    return mix(samples, background_sounds.babble(len(samples), sample_rate, seed), BACKGROUND)


def _add_music(samples: np.ndarray, sample_rate: int, seed: str) -> np.ndarray:
    return mix(samples, background_sounds.music(len(samples), sample_rate, seed), BACKGROUND)


def _add_cough(samples: np.ndarray, sample_rate: int, seed: str) -> np.ndarray:
    return mix(samples, background_sounds.cough(len(samples), sample_rate, seed), COUGHING)


def _move_away(samples: np.ndarray, sample_rate: int, seed: str) -> np.ndarray:
    place = POSITIONS[random_numbers(seed).integers(len(POSITIONS))]
    return reverberate(samples, sample_rate, place)


def _change_room(samples: np.ndarray, sample_rate: int, seed: str) -> np.ndarray:
    place = ROOMS[random_numbers(seed).integers(len(ROOMS))]
    return reverberate(samples, sample_rate, place)


def _telephone(samples: np.ndarray, sample_rate: int, seed: str) -> np.ndarray:
    if not samples.any():
        return samples
    band = butter(4, PHONE_BAND, "bandpass", fs=PHONE_RATE, output="sos")
    narrow = sosfilt(band, soxr.resample(samples, sample_rate, PHONE_RATE))
    narrow = np.clip(compress(narrow / np.abs(narrow).max()), -1, 1)
    wide = soxr.resample(through_mu_law(narrow), PHONE_RATE, sample_rate)
    wide = of_length(wide, len(samples))
    wide /= np.abs(wide).max()
    noise = _pink_noise(len(samples), seed)
    noise *= amplitude_ratio(LINE_NOISE) / np.sqrt(np.mean(np.square(noise), dtype=np.float64))
    if sample_rate / 2 > LINE_NOISE_ABOVE:
        high = butter(2, LINE_NOISE_ABOVE, "highpass", fs=sample_rate, output="sos")
        wide += sosfilt(high, noise)
    return as_loud_as(samples, wide)


def compress(samples: np.ndarray) -> np.ndarray:
    """Dynamic compression of samples [n] at `PHONE_RATE`, full scale 1.

    What is softer than `COMPRESSED_ABOVE` comes out 4 dB louder, what is at full scale stays. The
    level is followed in steps of a millisecond.
    """
    step = PHONE_RATE // 1000
    peaks = np.abs(np.pad(samples, (0, -len(samples) % step))).reshape(-1, step).max(axis=1)
    rise, fall = (1 - np.exp(-0.001 / time) for time in (ATTACK, RELEASE))
    levels, level = [], 0.0
    for peak in peaks.tolist():
        level += (peak - level) * (rise if peak > level else fall)
        levels.append(level)
    lowest = amplitude_ratio(COMPRESSED_ABOVE)
    gains = np.maximum(levels, lowest) ** (COMPRESSION - 1)
    middles = (np.arange(len(gains)) + 0.5) * step
    return samples * np.interp(np.arange(len(samples)), middles, gains)


def through_mu_law(samples: np.ndarray) -> np.ndarray:
    """Samples [n] from -1 to 1 as they come out of 8 bits of the mu-law (G.711, as a curve)."""
    codes = np.rint(CODES * np.log1p(MU * np.abs(samples)) / np.log1p(MU))
    return np.sign(samples) * np.expm1(codes / CODES * np.log1p(MU)) / MU


DISTURBANCES = {
    disturbance.name: disturbance
    for disturbance in (
        Disturbance(
            "additive tone",
            "small changes",
            "a tone of 5000 to 7000 Hz whose peak lies 40, 45 or 50 dB below that of the recording",
            _add_tone,
        ),
        Disturbance(
            "appended zeros",
            "small changes",
            "6, 31 or 63 ms of zeros after the end (100, 500 or 1000 samples at 16 kHz)",
            _append_zeros,
        ),
        Disturbance(
            "prepended zeros",
            "small changes",
            "6, 31 or 63 ms of zeros before the beginning (100, 500 or 1000 samples at 16 kHz)",
            _prepend_zeros,
        ),
        Disturbance(
            "clipping",
            "small changes",
            "the loudest 0.1, 0.2 or 0.3 % of the samples are clipped",
            _clip,
        ),
        Disturbance(
            "cropped beginning",
            "small changes",
            "6, 31 or 63 ms are missing at the beginning (100, 500 or 1000 samples at 16 kHz)",
            _crop_beginning,
        ),
        Disturbance(
            "cropped end",
            "small changes",
            "6, 31 or 63 ms are missing at the end (100, 500 or 1000 samples at 16 kHz)",
            _crop_end,
        ),
        Disturbance(
            "gain",
            "small changes",
            "softer or louder by 1 or 2 dB",
            _change_gain,
        ),
        Disturbance(
            "high pass",
            "small changes",
            "a Butterworth high pass of order 1 from 50, 100 or 150 Hz on",
            _cut_low,
        ),
        Disturbance(
            "low pass",
            "small changes",
            "a Butterworth low pass of order 1 up to 6500, 7000 or 7500 Hz",
            _cut_high,
        ),
        Disturbance(
            "faint white noise",
            "small changes",
            "white noise at a signal-to-noise ratio of 35, 40 or 45 dB",
            _add_faint_noise,
        ),
        Disturbance(
            "white noise",
            "background noise",
            "white noise at a signal-to-noise ratio of 20 dB",
            _add_white_noise,
        ),
        Disturbance(
            "environment",
            "background noise",
            "pink noise, as of traffic or wind, at a signal-to-noise ratio of 20 dB",
            _add_pink_noise,
        ),
        Disturbance(
            "babble",
            "background noise",
            "4 to 7 synthetic voices that talk at once, at a signal-to-noise ratio of 20 dB",
            _add_babble,
        ),
        Disturbance(
            "music",
            "background noise",
            "synthetic chords and melodies, at a signal-to-noise ratio of 20 dB",
            _add_music,
        ),
        Disturbance(
            "coughing",
            "background noise",
            "one synthetic cough at any place, at a signal-to-noise ratio of 10 dB",
            _add_cough,
        ),
        Disturbance(
            "position",
            "room",
            "1, 2 or 3 m from the microphone in a room of 6 x 5 x 3 m with a reverberation time of "
            "0.5 s",
            _move_away,
        ),
        Disturbance(
            "other room",
            "room",
            "2 m from the microphone in a meeting room, an office or a lecture room with a "
            "reverberation time of 0.23, 0.43 or 0.78 s",
            _change_room,
        ),
        Disturbance(
            "low-quality phone",
            "low-quality phone",
            "300 to 3400 Hz at 8 kHz, compressed by up to 4 dB, in 8 bits of the mu-law, with "
            "noise from 3000 Hz on",
            _telephone,
        ),
    )
}
"""What the tests of a model disturb its recordings by, by name."""
