"""Sounds in the background of a recording, made by code: people talking, music, a cough, hum.

The voices and the pieces of music are made once, always the same ones, as if they were recordings
of a library; what a recording gets is drawn from its seed: which of them, from where on, and how
loud. A cough is made anew each time. All are made at `RATE` and resampled to what is asked for.
"""

from functools import lru_cache

import numpy as np
import scipy  # scipy.signal takes a second to import, and is when it is first used
import soxr

from speech_emotion.audio.loudness import amplitude_ratio
from speech_emotion.audio.noise import random_numbers

RATE = 16000
"""Sample rate that the sounds are made at, in Hz."""

VOICES = 12
VOICE_DURATION = 8.0
"""How many voices there are, and for how many s each talks before it begins again."""

TALKING = (4, 7)
"""Fewest and most voices of a babble, as in the tests of audEERING."""

LOUDNESS_SPREAD = 7.0
"""How much softer than the loudest a voice of the babble may be, in dB; as there."""

VOWELS = np.array(
    [
        (270, 2290, 3010),
        (390, 1990, 2550),
        (530, 1840, 2480),
        (660, 1720, 2410),
        (730, 1090, 2440),
        (570, 840, 2410),
        (440, 1020, 2240),
        (300, 870, 2240),
        (640, 1190, 2390),
        (490, 1350, 1690),
    ]
)
"""The first three formants of ten vowels of American English, in Hz: means of 33 men (Peterson &
Barney, "Control methods used in a study of the vowels", JASA 24, 1952)."""

BANDWIDTHS = (60.0, 90.0, 150.0)
"""Of the formants, in Hz; typical of vowels (Klatt, "Software for a cascade/parallel formant
synthesizer", JASA 67, 1980)."""

PITCHES = (90.0, 250.0)
"""Lowest and highest mean pitch of a voice, in Hz: from a low man's to a high woman's."""

LONGEST_TRACT = 1.18
"""Formants of the voice of the highest pitch, as a ratio to those of the lowest: shorter vocal
tracts, the difference between women and men of Peterson & Barney, roughly."""

SYLLABLE = (0.12, 0.28)
"""Shortest and longest syllable, in s: about five in a second, the rhythm of speech."""

PAUSES = 0.15
"""Share of the syllables that a voice is silent for."""

CONSONANT = 0.05
"""Duration of the noise that a syllable begins with, in s."""

PIECES = 6
PIECE_DURATION = 8.0
"""How many pieces of music there are, and how many s each lasts before it begins again."""

CHORDS = ((0, 4, 7), (7, 11, 14), (9, 12, 16), (5, 9, 12))
"""Semitones above the key's note: the first, fifth, sixth and fourth degree, four beats each."""

SCALE = (0, 2, 4, 7, 9)
"""The major pentatonic scale that the melody keeps to, in semitones above the key's note."""

HARMONICS = 8
"""Overtones of a note, each softer and shorter than the one below, as of a plucked string."""

COUGH = (0.3, 0.5)
"""Shortest and longest cough, in s."""

COUGH_FORMANTS = ((600.0, 200.0), (1500.0, 300.0), (2800.0, 500.0))
"""Resonances of a cough, and their bandwidths, in Hz: an open mouth and throat."""

MAINS = (50.0, 60.0)
"""Frequencies of the mains, in Hz: of most of the world, and of the Americas."""

MAINS_HARMONICS = 12
"""Overtones of mains hum, of amplitudes and phases drawn; the odd ones are the louder ones."""

KNOCKS = (2, 8)
"""Fewest and most knocks in a recording."""

KNOCK = ((0.002, 0.06), (150.0, 4000.0))
"""Time constants of a knock's decay, in s, and its resonance, in Hz: from a key or a click to a
door or a table."""


def babble(length: int, sample_rate: int, seed: str, library: str = "") -> np.ndarray:
    """Several people talking at once, none of whom can be made out.

    Parameters
    ----------
    length : int
        In samples.
    sample_rate : int
        In Hz.
    seed : str
        Draws four to seven of the voices, where each begins, and how loud each is.
    library : str
        Each has voices and music of its own, so that a model need not be tested on those that it
        was trained with.

    Returns
    -------
    np.ndarray [shape=(length,), float32]
        Of any loudness.
    """
    random = random_numbers(seed)
    talking = random.choice(VOICES, random.integers(*TALKING, endpoint=True), replace=False)
    mixed = np.zeros(length, np.float32)
    for voice in talking:
        gain = np.float32(amplitude_ratio(-LOUDNESS_SPREAD * random.random()))
        mixed += gain * _excerpt(_voices(sample_rate, library)[voice], length, random)
    return mixed


def music(length: int, sample_rate: int, seed: str, library: str = "") -> np.ndarray:
    """Chords, a bass and a melody of plucked strings; parameters as of `babble`."""
    random = random_numbers(seed)
    return _excerpt(_pieces(sample_rate, library)[random.integers(PIECES)], length, random)


def cough(length: int, sample_rate: int, seed: str) -> np.ndarray:
    """One cough at any place of a silence; parameters as of `babble`.

    A burst as the throat opens, noise while the air streams out, and mostly a short voiced sound
    as it closes: the three phases of Korpáš, Sadloňová & Vrabec, "Analysis of the cough sound: an
    overview", Pulmonary Pharmacology 9, 1996. It lies within the recording, as a whole if that is
    long enough.
    """
    random = random_numbers(seed)
    count = round(random.uniform(*COUGH) * RATE)
    time = np.arange(count) / RATE
    end = time[-1]
    burst = np.exp(-time / 0.03)
    stream = 0.25 * np.exp(-(((time - 0.4 * end) / (0.25 * end)) ** 2))
    noise = random.standard_normal(count) * (burst + stream)
    closing = np.exp(-(((time - 0.8 * end) / (0.08 * end)) ** 2))
    voiced = 0.4 * random.random() * closing * _sawtooth(random.uniform(200, 350) - 200 * time)
    fading = np.minimum(np.minimum(time / 0.003, (end - time) / 0.02), 1)
    sound = (noise + voiced) * fading
    for frequency, bandwidth in COUGH_FORMANTS:
        sound = sound + _resonator(sound, frequency, bandwidth)
    sound = _resampled(sound.astype(np.float32), sample_rate)[:length]
    place = random.integers(length - len(sound), endpoint=True)
    return np.pad(sound, (place, length - len(sound) - place))


def hum(length: int, sample_rate: int, seed: str) -> np.ndarray:
    """Hum of the mains with its overtones; parameters as of `babble`."""
    random = random_numbers(seed)
    time = np.arange(length) / sample_rate
    frequency = random.choice(MAINS)
    sound = np.sin(2 * np.pi * frequency * time)
    for harmonic in range(2, MAINS_HARMONICS + 1):
        loudest = 0.6 if harmonic % 2 else 0.2
        phase = 2 * np.pi * random.random()
        sound += loudest * random.random() * np.sin(2 * np.pi * frequency * harmonic * time + phase)
    return sound.astype(np.float32)


def knocks(length: int, sample_rate: int, seed: str) -> np.ndarray:
    """Keys, clicks, knocks on a table or a door, anywhere; parameters as of `babble`."""
    random = random_numbers(seed)
    sound = np.zeros(length, np.float32)
    for _ in range(random.integers(*KNOCKS, endpoint=True)):
        (shortest, longest), (lowest, highest) = KNOCK
        decay = shortest * (longest / shortest) ** random.random()
        time = np.arange(min(round(6 * decay * RATE), length)) / RATE
        resonance = lowest * (highest / lowest) ** random.random()
        burst = random.standard_normal(len(time)) * np.exp(-time / (0.2 * decay))
        one = _resonator(burst, resonance, 1 / (np.pi * decay))
        one = _resampled((one / np.abs(one).max()).astype(np.float32), sample_rate)[:length]
        place = random.integers(length - len(one), endpoint=True)
        sound[place : place + len(one)] += random.uniform(0.3, 1) * one
    return sound


def _excerpt(sound: np.ndarray, length: int, random: np.random.Generator) -> np.ndarray:
    """So many samples of a sound that is played again and again, from any place on."""
    return np.resize(np.roll(sound, -random.integers(len(sound))), length)


def _resampled(sound: np.ndarray, sample_rate: int) -> np.ndarray:
    return sound if sample_rate == RATE else soxr.resample(sound, RATE, sample_rate)


@lru_cache
def _voices(sample_rate: int, library: str) -> list[np.ndarray]:
    """The voices, equally loud, from the lowest pitch to the highest."""
    shares = np.linspace(0, 1, VOICES)
    return [
        _resampled(_voice(share, random_numbers(f"{library}voice {place}")), sample_rate)
        for place, share in enumerate(shares)
    ]


def _voice(share: float, random: np.random.Generator) -> np.ndarray:
    """Somebody talking, with a pitch a share of the way up: syllables of a consonant and a vowel.

    A sawtooth has the spectrum of the vocal folds and of the lips' radiation together, 6 dB an
    octave; it goes through the formants of a vowel.
    """
    mean_pitch = PITCHES[0] * (PITCHES[1] / PITCHES[0]) ** share
    formants = VOWELS * LONGEST_TRACT**share
    length = round(VOICE_DURATION * RATE)
    hiss = scipy.signal.butter(2, 2500, "highpass", fs=RATE, output="sos")
    talk = np.zeros(length)
    start = 0
    while start < length:
        count = min(round(random.uniform(*SYLLABLE) * RATE), length - start)
        if random.random() >= PAUSES:
            place = np.linspace(0, 1, count)
            # each syllable falls by a tone or two, from a pitch of its own
            semitones = random.normal(0, 2) + random.uniform(0, 4) * (0.5 - place)
            vowel = _sawtooth(mean_pitch * 2 ** (semitones / 12))
            for frequency, bandwidth in zip(random.choice(formants), BANDWIDTHS, strict=True):
                vowel = _resonator(vowel, frequency, bandwidth)
            vowel *= np.sin(np.pi * place) / np.sqrt(np.mean(np.square(vowel)))
            consonant = scipy.signal.sosfilt(hiss, random.standard_normal(count))
            consonant *= 0.3 * random.random() * np.exp(-place * count / (CONSONANT * RATE))
            talk[start : start + count] = random.uniform(0.5, 1) * (vowel + consonant)
        start += count
    return (talk / np.sqrt(np.mean(np.square(talk)))).astype(np.float32)


@lru_cache
def _pieces(sample_rate: int, library: str) -> list[np.ndarray]:
    """The pieces of music."""
    return [
        _resampled(_piece(random_numbers(f"{library}piece {place}")), sample_rate)
        for place in range(PIECES)
    ]


def _piece(random: np.random.Generator) -> np.ndarray:
    """A piece in a key and at a tempo of its own: a chord and a bass note each two beats, and a
    melody in half beats that pauses at times.

    Frequencies are of equal temperament, 440 Hz for the A above middle C (ISO 16).
    """
    length = round(PIECE_DURATION * RATE)
    beat = 60 / random.uniform(70, 140)  # s
    key = float(random.integers(-9, 3))  # semitones above that A
    ringing = round(2 * beat * RATE)
    piece = np.zeros(length + ringing)
    half_beats = int(PIECE_DURATION / beat * 2)
    for half_beat in range(half_beats):
        start = round(half_beat * beat / 2 * RATE)
        chord = CHORDS[half_beat // 8 % len(CHORDS)]
        notes: list[tuple[float, float]] = []
        if half_beat % 4 == 0:
            notes += [(key + step - 12, 0.4) for step in chord] + [(key + chord[0] - 24, 0.8)]
        if random.random() < 0.7:
            notes.append((key + random.choice(SCALE) + 12 * random.integers(2), 0.6))
        for semitones, loudness in notes:
            piece[start : start + ringing] += loudness * _note(440 * 2 ** (semitones / 12), ringing)
    # what still sounds at the end is heard at the beginning, when it starts again
    piece[:ringing] += piece[length:]
    return piece[:length].astype(np.float32)


def _note(frequency: float, length: int) -> np.ndarray:
    """A plucked string of so many Hz, for so many samples."""
    time = np.arange(length) / RATE
    harmonic = np.arange(1, HARMONICS + 1)[:, None]
    harmonic = harmonic[harmonic[:, 0] * frequency < RATE / 2]
    decay = np.exp(-time * (2 + harmonic))
    partials = decay * np.sin(2 * np.pi * frequency * harmonic * time) / harmonic
    return partials.sum(axis=0) * np.minimum((time[-1] - time) / 0.02, 1)


def _sawtooth(pitch: np.ndarray) -> np.ndarray:
    """A wave whose pitch is so many Hz at each sample, from -1 to 1."""
    return 2 * (np.cumsum(pitch) / RATE % 1) - 1


def _resonator(sound: np.ndarray, frequency: float, bandwidth: float) -> np.ndarray:
    """A formant: the digital resonator of Klatt (1980, equations 1 to 3), gain 1 at 0 Hz."""
    radius = np.exp(-np.pi * bandwidth / RATE)
    second = 2 * radius * np.cos(2 * np.pi * frequency / RATE)
    return scipy.signal.lfilter([1 - second + radius**2], [1, -second, radius**2], sound)
