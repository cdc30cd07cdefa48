"""What a recording loses on its way through a telephone or a lossy format.

libsndfile's own coders do it, in memory: G.711, GSM 06.10, Opus and MP3.
"""

import io
from dataclasses import dataclass

import numpy as np
import scipy  # scipy.signal takes a second to import, and is when it is first used
import soundfile
import soxr

from speech_emotion.audio.band import of_length
from speech_emotion.audio.noise import as_loud_as

TELEPHONE_RATE = 8000
"""Sample rate of narrow-band telephony, in Hz (ITU-T G.711)."""

TELEPHONE_CODERS = ("ULAW", "ALAW", "GSM610")
"""G.711 of North America and Japan, G.711 of the rest of the world, and GSM full rate, by
libsndfile's names."""

TELEPHONE_LOWEST = 300.0
"""Lower edge of the band, in Hz (ITU-T G.712)."""

PEAK = 0.9
"""Coders get a recording whose peak is this, where full scale is 1: what they add may lie above."""

LOSSY_RATE = 16000
"""Sample rate that lossy formats are coded at, in Hz."""


@dataclass(frozen=True)
class LossyFormat:
    """A lossy format, and how libsndfile makes it.

    Attributes
    ----------
    container, coder : str
        By libsndfile's names.
    mode : str or None
        How bits are spread over time, where the coder lets one choose.
    highest, lowest : float
        The bit rates of one channel at `LOSSY_RATE` that compression levels 0 and 1 stand for, in
        kbit/s; those between lie on a line.
    """

    container: str
    coder: str
    mode: str | None
    highest: float
    lowest: float


LOSSY = {
    "opus": LossyFormat("OGG", "OPUS", None, 256.0, 6.0),
    # at a constant rate, libsndfile's own reader would begin a frame late
    "mp3": LossyFormat("MP3", "MPEG_LAYER_III", "AVERAGE", 160.0, 8.0),
}
"""By name."""

HIGHEST_LEVEL = 0.995
"""libsndfile refuses a compression level of 1 for MP3."""


def through_telephone(
    samples: np.ndarray, sample_rate: int, coder: str, highest: float
) -> np.ndarray:
    """A recording as it arrives over a narrow-band telephone, as long and as loud as it was.

    Parameters
    ----------
    samples : np.ndarray [shape=(n,), float32]
        Mono, full scale 1.
    sample_rate : int
        In Hz.
    coder : str
        One of `TELEPHONE_CODERS`.
    highest : float
        Upper edge of the band, in Hz; 3400 by ITU-T G.712.

    Returns
    -------
    np.ndarray [shape=(n,), float32]
    """
    if not samples.any():
        return samples
    band = scipy.signal.butter(
        4, (TELEPHONE_LOWEST, highest), "bandpass", fs=TELEPHONE_RATE, output="sos"
    )
    narrow = scipy.signal.sosfilt(band, soxr.resample(samples, sample_rate, TELEPHONE_RATE))
    file = io.BytesIO()
    soundfile.write(file, _at_peak(narrow), TELEPHONE_RATE, subtype=coder, format="WAV")
    return _decoded(file, samples, sample_rate)


def compressed(samples: np.ndarray, sample_rate: int, form: str, bit_rate: float) -> np.ndarray:
    """A recording as it comes out of a lossy format, as long and as loud as it was.

    Parameters
    ----------
    samples : np.ndarray [shape=(n,), float32]
        Mono, full scale 1.
    sample_rate : int
        In Hz.
    form : str
        "opus" or "mp3".
    bit_rate : float
        In kbit/s.

    Returns
    -------
    np.ndarray [shape=(n,), float32]
    """
    if not samples.any():
        return samples
    lossy = LOSSY[form]
    at_rate = samples
    if sample_rate != LOSSY_RATE:
        at_rate = soxr.resample(samples, sample_rate, LOSSY_RATE)
    level = (lossy.highest - bit_rate) / (lossy.highest - lossy.lowest)
    file = io.BytesIO()
    with soundfile.SoundFile(
        file,
        "w",
        LOSSY_RATE,
        1,
        lossy.coder,
        format=lossy.container,
        compression_level=min(max(level, 0.0), HIGHEST_LEVEL),
        bitrate_mode=lossy.mode,
    ) as target:
        target.write(_at_peak(at_rate))
    return _decoded(file, samples, sample_rate)


def _at_peak(samples: np.ndarray) -> np.ndarray:
    return samples * np.float32(PEAK / np.abs(samples).max())


def _decoded(file: io.BytesIO, original: np.ndarray, sample_rate: int) -> np.ndarray:
    file.seek(0)
    decoded, rate = soundfile.read(file, dtype="float32")
    if rate != sample_rate:
        decoded = soxr.resample(decoded, rate, sample_rate)
    return as_loud_as(original, of_length(decoded, len(original)))
