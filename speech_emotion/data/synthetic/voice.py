"""How a synthetic speaker sounds: a source-filter voice whose manner follows the emotion.

Glottal pulses and noise pass through the formants of a fixed sequence of phones. What the emotion
changes is one table, `EMOTION_MANNERS`; what makes it hard to hear is in `SPEAKER_SPREAD`,
`PORTRAYAL_SPREAD` and `TAKE_SPREAD`: speakers differ as much as emotions do.

References
----------
.. [1] Murray IR, Arnott JL (1993). Toward the simulation of emotion in synthetic speech. JASA 93.
.. [2] Banse R, Scherer KR (1996). Acoustic profiles in vocal emotion expression. JPSP 70(3).
.. [3] Scherer KR (2003). Vocal communication of emotion. Speech Communication 40.
.. [4] Juslin PN, Laukka P (2003). Communication of emotions in vocal expression and music
   performance. Psychological Bulletin 129(5).
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from speech_emotion.data.synthetic.phones import OFF, PHONES, STRESS, Segment

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How a voice departs from the average voice of its sex; the defaults are no departure.

    Manners add up: offsets as they are, ratios by their logarithms.

    Attributes
    ----------
    pitch : float
        Mean pitch, offset in semitones.
    pitch_range : float
        Excursions of pitch on stressed syllables and over the phrase, ratio.
    final_rise : float
        Movement of pitch over the last third of the phrase, offset in semitones.
    tempo : float
        Speaking rate, ratio.
    loudness : float
        Level, offset in dB.
    tilt : float
        Slope of the source's spectrum, offset in dB/octave; positive is tense and bright.
    jitter : float
        Cycle-to-cycle variation of the period, offset in percent; shimmer goes with it.
    breathiness : float
        Aspiration noise against the pulses, offset in dB.
    tremor : float
        Depth of a slow trembling of pitch, offset in semitones.
    formants : float
        Formant frequencies, ratio: above 1 for a short vocal tract or a smile, below 1 for a
        lowered larynx or protruded lips.
    """

    pitch: float = 0.0
    pitch_range: float = 1.0
    final_rise: float = 0.0
    tempo: float = 1.0
    loudness: float = 0.0
    tilt: float = 0.0
    jitter: float = 0.0
    breathiness: float = 0.0
    tremor: float = 0.0
    formants: float = 1.0

    def departure(self) -> Floats:
        """The manner as a vector in which manners add up: offsets, and logarithms of ratios."""
        values = np.array([getattr(self, field.name) for field in fields(self)])
        values[_IS_RATIO] = np.log(values[_IS_RATIO])
        return values

    @classmethod
    def from_departure(cls, departure: Floats) -> "Manner":
        """The manner of a vector that `departure` gave, or of a sum of such."""
        values = departure.copy()
        values[_IS_RATIO] = np.exp(values[_IS_RATIO])
        return cls(**dict(zip(_MANNER_NAMES, values.tolist(), strict=True)))


_MANNER_NAMES = tuple(field.name for field in fields(Manner))
_IS_RATIO = np.array([field.default == 1.0 for field in fields(Manner)])

EMOTION_MANNERS: Mapping[str, Manner] = {
    "neutral": Manner(),
    # "tenderness" in [4]: slow, soft, low, little variation, little high-frequency energy
    "calm": Manner(
        pitch=-2.0, pitch_range=0.7, final_rise=-0.5, tempo=0.80, loudness=-5.0,
        tilt=-2.5, jitter=-0.3, breathiness=8.0, formants=0.97,
    ),
    # fast, loud, high and wide pitch, bright [1, 3, 4]; smiling shortens the tract
    "happy": Manner(
        pitch=5.0, pitch_range=2.2, final_rise=1.0, tempo=1.12, loudness=10.0,
        tilt=2.5, jitter=0.0, breathiness=-2.0, formants=1.09,
    ),
    # slow, soft, narrow and falling pitch, dull, breathy, irregular [1, 2, 4]; close to tears
    "sad": Manner(
        pitch=1.5, pitch_range=0.5, final_rise=-3.0, tempo=0.72, loudness=-2.0,
        tilt=-2.0, jitter=0.8, breathiness=10.0, tremor=0.7, formants=0.96,
    ),
    # loud, tense and bright above all, high, wide, abruptly falling, rough [2, 3, 4]
    "angry": Manner(
        pitch=4.0, pitch_range=1.6, final_rise=-4.0, tempo=1.08, loudness=17.0,
        tilt=5.5, jitter=1.6, breathiness=-6.0, formants=1.02,
    ),
    # the highest pitch with little range, very fast, trembling, irregular [1, 2, 4]
    "fearful": Manner(
        pitch=9.0, pitch_range=0.7, final_rise=0.5, tempo=1.28, loudness=9.0,
        tilt=0.5, jitter=1.0, breathiness=6.0, tremor=0.9, formants=1.0,
    ),
    # low, very slow, falling, "grumbled chest tone" [1]: creak and a lowered larynx
    "disgust": Manner(
        pitch=-4.0, pitch_range=1.3, final_rise=-4.0, tempo=0.72, loudness=3.0,
        tilt=2.0, jitter=3.2, breathiness=0.0, formants=0.91,
    ),
    # high, the widest range, a steep final rise, fast [3]
    "surprised": Manner(
        pitch=5.5, pitch_range=1.8, final_rise=10.0, tempo=1.10, loudness=7.0,
        tilt=0.0, jitter=0.0, breathiness=5.0, formants=1.0,
    ),
}  # fmt: skip
"""How each emotion departs from the speaker's neutral voice at strong intensity."""

INTENSITY_STRENGTH: Mapping[str, float] = {"normal": 0.75, "strong": 1.0}
"""Share of the departure in `EMOTION_MANNERS` that each intensity shows."""

SPEAKER_SPREAD = Manner(
    pitch=2.0, pitch_range=1.2, final_rise=0.7, tempo=1.09, loudness=3.6,
    tilt=1.0, jitter=0.25, breathiness=3.0, tremor=0.05, formants=1.045,
)  # fmt: skip
"""Standard deviations between speakers of one sex: base pitch, habitual effort, tract length ..."""

PORTRAYAL_SPREAD = Manner(
    pitch=1.0, pitch_range=1.18, final_rise=1.0, tempo=1.06, loudness=2.2,
    tilt=0.6, jitter=0.3, breathiness=1.6, tremor=0.08, formants=1.015,
)  # fmt: skip
"""Standard deviations between speakers in how they portray one emotion."""

TAKE_SPREAD = Manner(
    pitch=0.7, pitch_range=1.14, final_rise=0.8, tempo=1.055, loudness=1.6,
    tilt=0.45, jitter=0.18, breathiness=1.1, tremor=0.05, formants=1.009,
)  # fmt: skip
"""Standard deviations between the takes of one speaker."""

EXPRESSIVENESS_SPREAD = 1.2
"""Standard deviation between speakers, as a ratio, of how much an emotion moves them."""

MEAN_PITCH: Mapping[str, float] = {"female": 200.0, "male": 115.0}  # Hz
TRACT_FORMANTS: Mapping[str, float] = {"female": 1.16, "male": 1.0}  # ratio to `PHONES`
PITCH_LIMITS = (65.0, 550.0)  # Hz

MEAN_LEVEL = -38.0  # dBFS RMS of the neutral voice
PHRASE_RANGE = 3.0  # semitones from the middle of the phrase to its start, and down to its end
ACCENT_RANGE = 2.5  # semitones on a stressed vowel
DRIFT_RANGE = 0.5  # semitones, standard deviation of what follows no rule
SOURCE_TILT = -8.5  # dB/octave: glottal flow and radiation
TILT_CORNER = 250.0  # Hz, below which the source is flat
RADIATION_CORNER = 80.0  # Hz, below which lips radiate little, and at 0 Hz nothing
JITTER = 0.7  # percent
SHIMMER_PER_JITTER = 6.0  # percent of amplitude for a percent of period
ASPIRATION = -22.0  # dB against the pulses
ASPIRATION_TILT = -4.0  # dB/octave
ASPIRATION_CORNER = 1500.0  # Hz, below which it fades
TREMOR_RATE = 6.5  # Hz
TREMOR_LOUDNESS = 3.0  # dB of level for a semitone of pitch
STRESSED_STRETCH = 1.15  # ratio of durations
FINAL_STRETCH, FINAL_PHONES = 1.35, 2  # ratio of durations, and of how many phones
CONSONANT_TEMPO = 0.5  # exponent: consonants give way to tempo less than vowels do

SUNG_STRETCH = 1.9  # ratio of durations, of vowels
SUNG_INTONATION = 0.4  # share of the emotion's pitch that a melody leaves room for
VIBRATO_RATE, VIBRATO_DEPTH = 5.5, 0.35  # Hz, semitones
MELODY = (0, 0, 2, 4, 2, 0, -1, 0)
"""Notes of consecutive syllables, in semitones above the singer's pitch."""

HOP = 0.010  # s between the frames of formants and levels; a window is two hops long
RING = 0.021  # s for which a frame's formants ring on
FORMANT_GLIDE = 0.07  # s that the articulators take from phone to phone
LEVEL_GLIDE = 0.03  # s that levels take
PITCH_GLIDE = 0.15  # s that pitch takes
DRIFT_GLIDE = 0.3  # s that what follows no rule takes
FORMANT_WIDTHS = (80.0, 110.0, 160.0)  # Hz, of the three formants that move
HIGH_FORMANTS = tuple(range(3500, 12000, 1000))  # Hz, the same for every phone
HIGH_WIDTH = 400.0  # Hz
EDGE_FRAMES = 4  # frames before the first phone and after the last, to glide in and ring out
PULSE_REACH = 8  # samples of a band-limited pulse, to either side


@dataclass(frozen=True)
class Speaker:
    """A voice: its habits, and its way to portray each emotion."""

    name: str
    sex: str
    habit: Manner
    portrayals: Mapping[str, Manner]


def make_speaker(name: str, sex: str, seed: int) -> Speaker:
    """Draw the speaker of this name; the same for the same seed, whoever else there is."""
    draw = random_generator(seed, f"speaker {name}")
    habit = Manner.from_departure(_spread(SPEAKER_SPREAD, draw))
    expressiveness = EXPRESSIVENESS_SPREAD ** np.clip(draw.standard_normal(), -2, 2)
    portrayals = {
        emotion: Manner.from_departure(
            expressiveness * manner.departure() + _spread(PORTRAYAL_SPREAD, draw)
        )
        for emotion, manner in EMOTION_MANNERS.items()
    }
    return Speaker(name, sex, habit, portrayals)


def random_generator(seed: int, name: str) -> np.random.Generator:
    """A generator of its own for every name, whatever is drawn elsewhere."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def utter(
    speaker: Speaker,
    emotion: str,
    intensity: str,
    phones: str,
    *,
    sung: bool,
    sample_rate: int,
    draw: np.random.Generator,
) -> Floats:
    """Speak or sing a statement.

    Parameters
    ----------
    speaker : Speaker
        Who.
    emotion, intensity : str
        Keys of `EMOTION_MANNERS` and `INTENSITY_STRENGTH`.
    phones : str
        What: keys of `PHONES` between spaces, `STRESS` before a stressed one.
    sung : bool
        On the notes of `MELODY` instead of in the contour of speech.
    sample_rate : int
        Of the result, in Hz.
    draw : np.random.Generator
        Decides this take.

    Returns
    -------
    np.ndarray [shape=(n,)]
        The voice alone, without silence around it; full scale is 1.
    """
    manner = Manner.from_departure(
        speaker.habit.departure()
        + INTENSITY_STRENGTH[intensity] * speaker.portrayals[emotion].departure()
        + _spread(TAKE_SPREAD, draw)
    )
    score = _articulate(phones, manner, sung)
    tremor = _wave(len(score.voicing), TREMOR_RATE, draw)
    semitones = _melody(score, manner, draw) if sung else _intonation(score, manner, draw)
    semitones += max(manner.tremor, 0.0) * tremor
    pitch = np.clip(MEAN_PITCH[speaker.sex] * 2 ** (semitones / 12), *PITCH_LIMITS)
    level = _amplitude(TREMOR_LOUDNESS * max(manner.tremor, 0.0) * tremor)

    hop = round(HOP * sample_rate)
    length = len(pitch) * hop
    n_fft = _fft_length(hop, sample_rate)
    frequencies = np.fft.rfftfreq(n_fft, 1 / sample_rate)
    tract = TRACT_FORMANTS[speaker.sex] * manner.formants
    pulses = _spectra(_pulses(pitch, hop, manner, sample_rate, draw), hop, n_fft)
    noise = _spectra(draw.standard_normal(length, np.float32), hop, n_fft)

    octaves = np.log2(np.maximum(frequencies / TILT_CORNER, 1.0))
    source = _amplitude((SOURCE_TILT + manner.tilt) * octaves)
    source *= frequencies / np.hypot(frequencies, RADIATION_CORNER)
    # breath is noise made at the same place: brighter than the pulses, and without their bass
    hiss = _amplitude(ASPIRATION + manner.breathiness + ASPIRATION_TILT * octaves)
    hiss *= frequencies / np.hypot(frequencies, ASPIRATION_CORNER)
    spectra = pulses * ((level * score.voicing)[:, None] * source).astype(np.float32)
    spectra += noise * ((level * score.breath)[:, None] * hiss).astype(np.float32)
    spectra *= _tract_response(tract, score.formants, frequencies, sample_rate)
    distance = (frequencies - score.friction_centre[:, None]) / score.friction_width[:, None]
    spectra += noise * (score.friction[:, None] * np.exp(-(distance**2))).astype(np.float32)

    voice = _overlap_add(spectra, hop, n_fft)
    loudness = np.sqrt(np.mean(voice**2))
    return voice * (_amplitude(MEAN_LEVEL + manner.loudness) / loudness)


@dataclass(frozen=True)
class _Score:
    """What the articulators do, frame by frame [shape=(frames,)]; levels are amplitudes."""

    formants: Floats  # Hz [shape=(frames, 3)]
    voicing: Floats
    breath: Floats
    friction: Floats
    friction_centre: Floats  # Hz
    friction_width: Floats  # Hz
    stress: Floats  # 1 in stressed vowels, 0 elsewhere
    syllable: NDArray[np.int64]  # vowels begun so far


def _articulate(phones: str, manner: Manner, sung: bool) -> _Score:
    """Time the phones and glide from each to the next."""
    symbols = phones.split()
    segments: list[Segment] = []
    durations: list[float] = []
    stress: list[float] = []
    syllable: list[int] = []
    vowels = 0
    for place, symbol in enumerate(symbols):
        stressed = symbol.startswith(STRESS)
        phone = PHONES[symbol.removeprefix(STRESS)]
        is_vowel = symbol.removeprefix(STRESS)[0] in "aeiou"
        vowels += is_vowel
        stretch = (1 / manner.tempo) ** (1.0 if is_vowel else CONSONANT_TEMPO)
        stretch *= STRESSED_STRETCH if stressed else 1.0
        stretch *= FINAL_STRETCH if place >= len(symbols) - FINAL_PHONES else 1.0
        stretch *= SUNG_STRETCH if sung and is_vowel else 1.0
        segments += phone
        durations += [segment.duration * stretch for segment in phone]
        stress += [float(stressed)] * len(phone)
        syllable += [vowels] * len(phone)

    edges = np.round(np.cumsum(durations) / HOP).astype(int)
    # frames of silence at both ends, for the glides in and out and for the last ringing
    index = np.repeat(np.arange(len(segments)), np.diff(edges, prepend=0))
    index = np.pad(index, EDGE_FRAMES, mode="edge")
    active = np.pad(np.ones(len(index) - 2 * EDGE_FRAMES), EDGE_FRAMES)

    def track(values: list[float], glide: float) -> Floats:
        return _smooth(np.array(values)[index], glide)

    def level(values: list[float]) -> Floats:
        amplitudes = np.where(np.array(values) > OFF, _amplitude(np.array(values)), 0.0)
        return _smooth(amplitudes[index] * active, LEVEL_GLIDE)

    return _Score(
        formants=np.stack(
            [track([s.formants[i] for s in segments], FORMANT_GLIDE) for i in range(3)], axis=1
        ),
        voicing=level([s.voicing for s in segments]),
        breath=level([s.breath for s in segments]),
        friction=level([s.friction for s in segments]),
        friction_centre=track([s.friction_centre for s in segments], LEVEL_GLIDE),
        friction_width=track([s.friction_width for s in segments], LEVEL_GLIDE),
        stress=np.array(stress)[index],
        syllable=np.array(syllable)[index],
    )


def _intonation(score: _Score, manner: Manner, draw: np.random.Generator) -> Floats:
    """The contour of a spoken phrase, in semitones [shape=(frames,)]."""
    time = np.linspace(0, 1, len(score.stress))
    drift = DRIFT_RANGE * _drift(len(time), draw)
    movement = PHRASE_RANGE * (0.5 - time) + ACCENT_RANGE * (score.stress - score.stress.mean())
    last_third = np.clip(3 * time - 2, 0, 1)
    return (
        manner.pitch
        + manner.pitch_range * (_smooth(movement, PITCH_GLIDE) + drift)
        + manner.final_rise * last_third
    )


def _melody(score: _Score, manner: Manner, draw: np.random.Generator) -> Floats:
    """The notes of a sung phrase, with vibrato, in semitones [shape=(frames,)]."""
    notes = np.array(MELODY, dtype=float)[score.syllable % len(MELODY)]
    vibrato = VIBRATO_DEPTH * _wave(len(notes), VIBRATO_RATE, draw)
    return SUNG_INTONATION * manner.pitch + _smooth(notes, PITCH_GLIDE) + vibrato


def _pulses(
    pitch: Floats, hop: int, manner: Manner, sample_rate: int, draw: np.random.Generator
) -> Floats:
    """Band-limited glottal pulses of unit power at any pitch [shape=(frames * hop,)]."""
    length = len(pitch) * hop
    cycles = np.cumsum(np.repeat(pitch, hop)) / sample_rate
    instants = np.interp(np.arange(1, int(cycles[-1])), cycles, np.arange(length))
    periods = np.gradient(instants)
    jitter = max(JITTER + manner.jitter, 0.0) / 100
    instants += periods * jitter * draw.standard_normal(len(instants))
    heights = np.sqrt(periods)
    heights *= 1 + jitter * SHIMMER_PER_JITTER * draw.standard_normal(len(instants))

    reach = np.arange(-PULSE_REACH, PULSE_REACH + 1)
    places = np.floor(instants).astype(int)[:, None] + reach
    distance = places - instants[:, None]
    window = np.cos(np.pi * np.clip(distance / (2 * PULSE_REACH + 2), -0.5, 0.5)) ** 2
    taps = heights[:, None] * np.sinc(distance) * window
    inside = (places >= 0) & (places < length)
    return np.bincount(places[inside], taps[inside], minlength=length).astype(np.float64)


def _tract_response(
    scale: float, formants: Floats, frequencies: NDArray[np.floating], sample_rate: int
) -> NDArray[np.complex64]:
    """The vocal tract as resonators in a row, with gain 1 at 0 Hz [shape=(frames, bins)]."""
    delay = np.exp(-2j * np.pi * frequencies / sample_rate).astype(np.complex64)
    delay2 = delay**2

    def inverse(centres: Floats, width: float) -> NDArray[np.complex64]:
        """One over a resonator's response, at each of its centres."""
        radius = np.exp(-np.pi * width / sample_rate)
        b = (2 * radius * np.cos(2 * np.pi * centres / sample_rate)).astype(np.float32)[:, None]
        c = np.float32(radius**2)
        gain = 1 / (1 - b + c)
        return np.asarray((gain * b) * -delay + gain * (1 + c * delay2))

    high = np.array([f * scale for f in HIGH_FORMANTS if f * scale < sample_rate / 2])
    product = np.prod(inverse(high, HIGH_WIDTH), axis=0, keepdims=True)
    for centres, width in zip(formants.T * scale, FORMANT_WIDTHS, strict=True):
        product = product * inverse(centres, width)
    return np.asarray(1 / product)


def _fft_length(hop: int, sample_rate: int) -> int:
    """The power of two that holds a window and its ringing, in samples."""
    return 1 << (2 * hop + round(RING * sample_rate) - 1).bit_length()


def _spectra(signal: NDArray[np.floating], hop: int, n_fft: int) -> NDArray[np.complex64]:
    """Spectra of windows that add up to the signal again [shape=(frames, bins)]."""
    padded = np.pad(signal.astype(np.float32), (hop, 0))
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * hop)[::hop]
    taper = np.sin(np.pi * (np.arange(2 * hop) + 0.5) / (2 * hop)) ** 2
    return np.fft.rfft(windows * taper.astype(np.float32), n_fft).astype(np.complex64)


def _overlap_add(spectra: NDArray[np.complex64], hop: int, n_fft: int) -> Floats:
    """The signal of overlapping frames, each `n_fft` samples long [shape=(n,)]."""
    frames = np.fft.irfft(spectra, n_fft)
    blocks = -(-n_fft // hop)
    frames = np.pad(frames, ((0, 0), (0, blocks * hop - n_fft)))
    total = np.zeros((len(frames) + blocks - 1, hop))
    for block in range(blocks):
        total[block : block + len(frames)] += frames[:, block * hop : (block + 1) * hop]
    return total.ravel()


def _spread(deviations: Manner, draw: np.random.Generator) -> Floats:
    """A random departure with the given standard deviations, never beyond two of them."""
    return deviations.departure() * np.clip(draw.standard_normal(len(_MANNER_NAMES)), -2, 2)


def _amplitude(decibels: Floats | float) -> Floats:
    """A level in dB as an amplitude."""
    return np.asarray(10 ** (np.asarray(decibels) / 20))


def _wave(frames: int, rate: float, draw: np.random.Generator) -> Floats:
    """A sine of the given rate in Hz at a random phase, a sample a frame."""
    return np.asarray(np.sin(2 * np.pi * (rate * HOP * np.arange(frames) + draw.uniform())))


def _drift(frames: int, draw: np.random.Generator) -> Floats:
    """Slow random movement of unit variance, a sample a frame."""
    knots = draw.standard_normal(2 + int(frames * HOP / DRIFT_GLIDE))
    return np.interp(np.linspace(0, len(knots) - 1, frames), np.arange(len(knots)), knots)


def _smooth(track: Floats, glide: float) -> Floats:
    """Turn the steps of a track into glides of the given duration in s."""
    window = np.hanning(round(glide / HOP) // 2 * 2 + 3)[1:-1]
    half = len(window) // 2
    padded = np.pad(track, half, mode="edge")
    return np.convolve(padded, window / window.sum(), mode="valid")
