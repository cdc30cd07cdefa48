"""Audio files in and out: decode, check, encode. NumPy and soundfile only."""

import hashlib
import io
import wave
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from speech_emotion.audio.wav_header import read_header
from speech_emotion.base.errors import AudioError

AUDIO_SUFFIXES = (".wav", ".flac")
"""Of files that the pipeline takes; prediction takes all that libsndfile reads."""

MIN_DURATION = 0.25
MAX_DURATION = 60.0
"""Shortest and longest recording that the pipeline takes, in s."""

MIN_SAMPLE_RATE = 1000
"""Lowest rate of a recording, in Hz: below it there is hardly more of a voice than its pitch."""

UNKNOWN_DURATION = 1e9
"""No recording lasts that long, in s: libsndfile's answer where a header leaves the length open."""

STEPS = {
    "PCM_S8": 2.0**-7,
    "PCM_U8": 2.0**-7,
    "PCM_24": 2.0**-23,
    "PCM_32": 2.0**-31,
    "ULAW": 2.0**-12,
    "ALAW": 2.0**-11,
    "ALAC_20": 2.0**-19,
    "ALAC_24": 2.0**-23,
    "ALAC_32": 2.0**-31,
    "FLOAT": 0.0,
    "DOUBLE": 0.0,
}
"""The smallest step of an encoding, by libsndfile's name; full scale is 1, and floating point has
no smallest. All others, lossy ones too, keep no more than the steps of 16 bits."""

CANCELLED = 0.1
"""Channels cancel each other where their sum has less than this of the power of the strongest of
them (-10 dB)."""

MIXED_AT_ONCE = 65536
"""Samples of every channel that are taken in double precision at once."""

SILENT_STEPS = 1.5
"""A recording that never leaves its mean by so many steps is silent: a dithered silence leaves it
by one."""

SOFTEST = 1e-8
"""Nor is there sound in what never leaves its mean by this, whatever its format (-160 dB)."""

CUT_SHORT = "is cut short: its header announces more"
"""What the user reads of a recording of which a part is missing."""

SILENT = "is silent: nothing in it is larger than the rounding of its format"
"""What the user reads of such a recording."""

LARGEST_SAMPLE = 2.0**31
"""No recording leaves ± this: float files may hold integers that nobody scaled, not more."""

BEYOND_THE_END = 0.05
"""Tables round the ends of segments; one that ends this much later than its recording ends with it,
in s."""

FULL_SCALE = 32768
"""Steps of 16-bit audio from 0 to full scale."""


def decode(content: bytes) -> tuple[np.ndarray, int]:
    """Decode an audio file.

    Parameters
    ----------
    content : bytes
        A file in any format that libsndfile reads.

    Returns
    -------
    samples : np.ndarray [shape=(n, channels), float32]
        Full scale is 1.
    sample_rate : int
        In Hz.

    Raises
    ------
    AudioError
        If the bytes are no such file, or not a whole one.
    """
    try:
        header = read_header(io.BytesIO(content))
        with soundfile.SoundFile(header.file) as file:
            # a number, since soundfile asks for one where it can't seek, as in GSM
            samples = file.read(file.frames, dtype="float32", always_2d=True)
            rate, announced = file.samplerate, frames_announced(file)
    except soundfile.LibsndfileError as error:
        raise undecodable(error) from None
    if len(samples) < announced or header.is_cut_short:
        raise AudioError(CUT_SHORT)
    return samples, rate


def frames_announced(file: soundfile.SoundFile) -> int:
    """How many frames its header says that a file has; 0 where it does not, or estimates them."""
    unknown = file.frames / file.samplerate > UNKNOWN_DURATION
    estimated = file.format in ("WAV", "WAVEX") and file.subtype.startswith("MPEG")
    return 0 if unknown or estimated else file.frames


def undecodable(error: soundfile.LibsndfileError) -> AudioError:
    """The error of a file that libsndfile can't read, with what it says of it."""
    said = error.error_string.rstrip(". ")
    return AudioError(f"can't be decoded: {said}; if other programs play it, convert it to WAV")


def cut(path: Path, start: float, end: float | None) -> bytes:
    """A part of an audio file, as a file of the same format.

    Parameters
    ----------
    path : Path
        A WAV or FLAC file.
    start : float
        Where the part begins, in s.
    end : float or None
        Where it ends, in s; None for the end of the file.

    Raises
    ------
    AudioError
        If the file can't be decoded, or the part begins or ends beyond its end.
    """
    try:
        with path.open("rb") as opened, soundfile.SoundFile(read_header(opened).file) as file:
            rate, duration = file.samplerate, file.frames / file.samplerate
            if start >= duration or (end or 0.0) > duration + BEYOND_THE_END:
                until = "its end" if end is None else f"{end:g} s"
                raise AudioError(
                    f"lasts {duration:.2f} s, but the segment goes from {start:g} s to {until}"
                )
            file.seek(round(start * rate))
            frames = -1 if end is None else round(end * rate) - file.tell()
            samples = file.read(frames, dtype="float64", always_2d=True)
            target = io.BytesIO()
            soundfile.write(target, samples, rate, subtype=file.subtype, format=file.format)
    except soundfile.LibsndfileError as error:
        raise undecodable(error) from None
    return target.getvalue()


class Inspected(NamedTuple):
    """What `inspect` found in a recording.

    Attributes
    ----------
    sample_rate : int
        In Hz.
    duration : float
        In s, rounded to microseconds.
    digest : str
        Equal for recordings of equal samples, whatever the file's format.
    remark : str or None
        What is wrong with its header, where all of its audio is there.
    """

    sample_rate: int
    duration: float
    digest: str
    remark: str | None


def inspect(content: bytes) -> Inspected:
    """Check that an audio file is one that the pipeline takes.

    Raises
    ------
    AudioError
        With what is wrong: not decodable, no samples of sound, silent, too short, too long, at a
        rate below `MIN_SAMPLE_RATE`.
    """
    try:
        # the header alone, so that hours of audio are never decoded just to be refused
        header = read_header(io.BytesIO(content))
        with soundfile.SoundFile(header.file) as file:
            duration, rate = file.frames / file.samplerate, file.samplerate
            step = step_of(file.subtype)
    except soundfile.LibsndfileError as error:
        raise undecodable(error) from None
    check_rate(rate)
    if duration > UNKNOWN_DURATION:
        raise AudioError("does not say how long it is, as files written to a pipe; encode it again")
    if duration > MAX_DURATION:
        raise AudioError(f"lasts {duration:.2f} s, more than {MAX_DURATION:g} s")
    if duration < MIN_DURATION:
        raise AudioError(f"lasts {duration:.2f} s, less than {MIN_DURATION:g} s")
    samples, _ = decode(content)
    require_sound(samples)
    if is_silent(samples, step):
        raise AudioError(SILENT)
    digest = hashlib.blake2b(samples.tobytes(), digest_size=8).hexdigest()
    return Inspected(rate, round(len(samples) / rate, 6), digest, header.remark)


def check_rate(sample_rate: float) -> None:
    """Raise an `AudioError` for a rate, in Hz, below `MIN_SAMPLE_RATE`."""
    if not sample_rate >= MIN_SAMPLE_RATE:
        raise AudioError(
            f"has a sample rate of {sample_rate:g} Hz: expected {MIN_SAMPLE_RATE} Hz or more"
        )


def require_sound(samples: np.ndarray) -> None:
    """Raise an `AudioError` for samples, of any shape, not finite or beyond `LARGEST_SAMPLE`."""
    if not np.isfinite(samples).all():
        raise AudioError("holds samples that are not finite numbers")
    largest = np.abs(samples).max(initial=0)
    if largest > LARGEST_SAMPLE:
        raise AudioError(
            f"holds samples as large as {largest:.1e}, where full scale is 1: its bytes are no "
            "sound, or in another order than its header says"
        )


class Channels:
    """What stands for a recording of several channels: their mean, or one where they cancel.

    In a recording in opposite phase, as of a microphone wired the wrong way round, the mean is
    nothing, or what differs by chance. Where the sum of the channels has less than `CANCELLED` of
    the power of the strongest of them, that one is taken alone. No ordinary recording comes near:
    channels that have nothing in common add up to more than each of them.

    The whole recording decides, for the whole of it: `add` all of it, block by block.
    """

    def __init__(self) -> None:
        self._count = 0
        self._sums: np.ndarray | float = 0.0
        self._products: np.ndarray | float = 0.0

    def add(self, samples: np.ndarray) -> None:
        """Take a block [n, channels] into account."""
        with np.errstate(invalid="ignore", over="ignore"):  # `require_sound` is for others to call
            exact = np.ascontiguousarray(samples.T, np.float64)
            self._sums = self._sums + exact.sum(axis=1)
            self._products = self._products + exact @ exact.T
        self._count += len(samples)

    def mixed(self, samples: np.ndarray) -> np.ndarray:
        """Samples [n, channels] -> [n, float32], by what was added so far."""
        with np.errstate(invalid="ignore", over="ignore"):
            means = np.asarray(self._sums) / self._count
            covariance = self._products / self._count - np.outer(means, means)
        power = covariance.diagonal()
        if covariance.sum() < CANCELLED * power.max():
            return np.ascontiguousarray(samples[:, power.argmax()])
        return samples.mean(axis=1, dtype=np.float32)


def mix_down(samples: np.ndarray) -> np.ndarray:
    """One channel of all [n, channels] -> [n], as `Channels` does, or without a copy of only one.

    Parameters
    ----------
    samples : np.ndarray [shape=(n, channels), float32]
        A whole recording.
    """
    if samples.shape[1] == 1 or not len(samples):
        return samples[:, 0]
    channels = Channels()
    for start in range(0, len(samples), MIXED_AT_ONCE):
        channels.add(samples[start : start + MIXED_AT_ONCE])
    return channels.mixed(samples)


def step_of(encoding: str) -> float:
    """The smallest step of one of libsndfile's encodings, such as PCM_24; see `STEPS`."""
    return STEPS.get(encoding, 1 / FULL_SCALE)


def is_silent(samples: np.ndarray, step: float) -> bool:
    """Whether samples hold nothing that their format could not hold by chance, their mean apart.

    Parameters
    ----------
    samples : np.ndarray [shape=(n, channels), float32]
        Full scale is 1.
    step : float
        The smallest that the recording's format can hold, by `step_of`; 0 for floating point, whose
        steps are those around its largest sample.
    """
    mono = mix_down(samples)
    largest = np.abs(mono).max()
    least = max(SILENT_STEPS * max(step, float(np.spacing(largest))), SOFTEST)
    return bool(np.abs(mono - mono.mean(dtype=np.float64)).max() < least)


def encode(samples: np.ndarray, sample_rate: int) -> bytes:
    """Encode mono samples [n] (full scale 1) as a 16-bit WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(sample_rate)
        writer.writeframes((quantise(samples) * FULL_SCALE).astype(np.int16).tobytes())
    return file.getvalue()


def decode_own(content: bytes) -> tuple[np.ndarray, int]:
    """Decode what `encode` made, in a small part of the time that `decode` takes.

    Returns
    -------
    samples : np.ndarray [shape=(n,), float32]
        Full scale is 1.
    sample_rate : int
        In Hz.

    Raises
    ------
    AudioError
        If it is nothing that `encode` made, or not the whole of it.
    """
    try:
        with wave.open(io.BytesIO(content)) as reader:
            form, count = (reader.getnchannels(), reader.getsampwidth()), reader.getnframes()
            rate, steps = reader.getframerate(), reader.readframes(count)
    except (wave.Error, EOFError) as error:
        raise AudioError(f"can't be decoded: {str(error) or 'it ends too early'}") from None
    if form != (1, 2) or len(steps) != 2 * count:
        raise AudioError("is not the whole of a 16-bit mono WAV file")
    return np.frombuffer(steps, np.int16) / np.float32(FULL_SCALE), rate


def quantise(samples: np.ndarray) -> np.ndarray:
    """Round to what 16-bit audio can hold, so that later stages read what was stored."""
    steps = np.clip(np.rint(samples * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1)
    return (steps / FULL_SCALE).astype(np.float32)
