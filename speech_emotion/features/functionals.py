"""An utterance as one vector: statistics of pitch, energy and spectrum over time.

What is measured follows the parameter sets of paralinguistics (Eyben et al., 2016, "The Geneva
Minimalistic Acoustic Parameter Set (GeMAPS)"; Schuller et al., 2013, ComParE), in NumPy.
"""

from functools import lru_cache

import numpy as np
import soxr
from pydantic import Field

from speech_emotion.audio.pitch import track_pitch
from speech_emotion.audio.random_convolutions import convolution_names, convolutions
from speech_emotion.audio.spectra import cosine_basis, mel_bank, spectrogram
from speech_emotion.params.section import Section

FRAMED = False
DTYPE = np.float32

SAMPLE_RATE = 16000
"""That everything is measured at, in Hz."""

FFT_SIZE = 1024
WINDOW_LENGTH = 640
HOP_LENGTH = 160
"""In samples: 64, 40 and 10 ms."""

SHORTEST = 4000
"""Shorter audio is padded to this with silence, in samples."""

MELS = 26
CEPSTRA = 14
BANDS = ((50, 500), (500, 1500), (1500, 4000), (4000, 8000), (50, 1000), (1000, 5000))
"""In Hz. The last two make the alpha ratio."""

VOICE_BINS = 129
"""Bins up to 2 kHz: pitch, its first three harmonics, and the lower of Hammarberg's two peaks."""

HAMMARBERG_BINS = 320
"""Bins up to 5 kHz, where the range of the higher peak ends."""

POWER_FLOOR = 1e-8
"""Added to power before the logarithm; about that of 16-bit rounding in a frame."""

VOICED = 0.5
"""Periodicity that a voiced frame has at least ..."""

VOICED_RANGE = 7.5
"""... and how far its log amplitude may lie under the loudest frame's (ln; 65 dB)."""

FEWEST_VOICED = 8
"""An utterance with fewer voiced frames counts its most periodic ones."""

TRACKS = (
    "level",
    "loudness",
    "centroid",
    "spread",
    *(f"band_{low}_{high}" for low, high in BANDS[:4]),
    "alpha_ratio",
    "hammarberg",
    *(f"log_mel_{number}" for number in range(1, MELS + 1)),
    *(f"mfcc_{number}" for number in range(1, CEPSTRA + 1)),
    "periodicity",
)
"""What is measured of every frame."""

VOICE_TRACKS = (
    "pitch",
    "periodicity_log_odds",
    "h1_h2",
    "h1_h3",
    "alpha_ratio",
    "hammarberg",
    "level",
    *(f"mfcc_{number}" for number in range(1, 5)),
    "centroid",
)
"""What has meaning in voiced frames only. Pitch is in octaves (base-2 logarithm of Hz); ``h1_h2``
and ``h1_h3`` are the first harmonic over the second and third."""

CONVOLVED = ("level", "periodicity", "pitch", "periodicity_log_odds", "h1_h2", "h1_h3")
"""The tracks of the voice that random convolutions may take beside the log-mel bands."""

LOG_MEL_SCALE = np.float32(3.5)
VOICE_SCALES = np.array([[1.6], [0.25], [0.7], [2.0], [2.2], [3.0]], np.float32)
"""Typical deviations in speech, of the bands in time and of `CONVOLVED`."""

PERCENTILES = (1, 10, 25, 50, 75, 90, 99)

DISTRIBUTION = (
    "mean",
    "deviation",
    *(f"percentile_{percent}" for percent in PERCENTILES),
    "range_25_75",
    "range_1_99",
    "slope",
    "curvature",
)
COURSE = (
    "skewness",
    "kurtosis",
    "time_above_25",
    "time_above_50",
    "time_above_75",
    "place_of_maximum",
    "place_of_minimum",
    "autocorrelation_1",
    "autocorrelation_5",
    "mean_crossings",
    "peaks",
)
STATISTICS = (
    *DISTRIBUTION,
    *COURSE,
    *(f"difference_{name}" for name in DISTRIBUTION),
    "difference_mean_absolute",
)
"""What is computed of each track, in the order of `statistics`."""

CONTRASTS = (
    "voiced_less_unvoiced",
    "second_half_less_first",
    "second_third_less_first",
    "last_third_less_second",
)
"""Differences of a track's means over parts of the utterance."""

RHYTHM = (
    "log_duration",
    "share_voiced",
    "voiced_stretches_per_second",
    "voiced_stretches",
    *(f"{part}_{name}" for part in ("voiced", "gap") for name in ("mean", "deviation", "longest")),
)
"""Durations, in s."""


class Params(Section):
    """Statistics of an utterance over time.

    Attributes
    ----------
    convolutions : int
        Random filters of each of the five dilations; 0 for statistics of the tracks alone. No
        more than 500, since a discriminant analysis inverts a covariance of all values: 1.3 GB
        then.
    """

    convolutions: int = Field(default=168, ge=0, le=500)


def functional_names(params: Params) -> tuple[str, ...]:
    """The name of every value of `compute`, in order.

    Such as ``pitch.voiced.mean``: a track, over which frames where not over all, and a statistic.
    """
    names = [f"{track}.{statistic}" for track in TRACKS for statistic in STATISTICS]
    names += [f"{track}.voiced.{statistic}" for track in VOICE_TRACKS for statistic in STATISTICS]
    names += [f"{track}.{contrast}" for track in TRACKS for contrast in CONTRASTS]
    names += [f"rhythm.{name}" for name in RHYTHM]
    return (*names, *convolution_names(params.convolutions))


def compute(samples: np.ndarray, sample_rate: int, params: Params) -> np.ndarray:
    """Statistics of an utterance over time [shape=(values,), float32].

    Parameters
    ----------
    samples : np.ndarray [shape=(n,), float32]
        Cleaned audio, full scale 1.
    sample_rate : int
        In Hz.
    params : Params
        How many random convolutions are added.
    """
    if sample_rate != SAMPLE_RATE:
        samples = soxr.resample(samples, sample_rate, SAMPLE_RATE)
    if len(samples) < SHORTEST:
        samples = np.pad(samples, (0, SHORTEST - len(samples)))
    tracks, voice, voiced = measure(samples)
    if voiced.sum() < FEWEST_VOICED:
        most_periodic = np.argsort(tracks[TRACKS.index("periodicity")], kind="stable")
        voiced = np.zeros(len(voiced), bool)
        voiced[most_periodic[-FEWEST_VOICED:]] = True
    values = [
        statistics(tracks).ravel(),
        statistics(voice[:, voiced]).ravel(),
        tracks @ _contrasts(voiced),
        _rhythm(voiced),
    ]
    if params.convolutions:
        values.append(_convolved(tracks, voice, voiced, params.convolutions))
    return np.concatenate([part.ravel() for part in values], dtype=np.float32)


def measure(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What is measured of every frame.

    Returns
    -------
    tracks : np.ndarray [shape=(51, frames), float32]
        Of every frame, in the order of `TRACKS`.
    voice : np.ndarray [shape=(12, frames), float32]
        In the order of `VOICE_TRACKS`.
    voiced : np.ndarray [shape=(frames,), bool]
        Which these are.
    """
    linear, low, high_peak = _spectra(samples)
    mel, bands = linear[:MELS], linear[MELS : MELS + len(BANDS)]
    first, second, total = linear[MELS + len(BANDS) :]
    total = total + np.float32(POWER_FLOOR)
    log_mel, log_bands = _ln(mel), _ln(bands)
    cepstra = (cosine_basis(MELS, CEPSTRA + 1).T @ log_mel)[1:]
    level = _ln(total) / 2
    centroid = first / total
    spread = np.sqrt(np.maximum(second / total - np.square(centroid), 0))
    alpha = log_bands[4] - log_bands[5]
    hammarberg = _ln(low.max(axis=1)) - _ln(high_peak)

    pitch, periodicity = track_pitch(low, SAMPLE_RATE, FFT_SIZE, WINDOW_LENGTH)
    harmonics = [_ln(_harmonic(low, pitch, number)) for number in (1, 2, 3)]
    rows = {
        "level": level,
        "loudness": np.power(mel, np.float32(0.3)).sum(axis=0),  # Stevens' law
        "centroid": centroid,
        "spread": spread,
        **{f"band_{low}_{high}": log_bands[place] for place, (low, high) in enumerate(BANDS[:4])},
        "alpha_ratio": alpha,
        "hammarberg": hammarberg,
        **{f"log_mel_{number}": band for number, band in enumerate(log_mel, start=1)},
        **{f"mfcc_{number}": cepstrum for number, cepstrum in enumerate(cepstra, start=1)},
        "periodicity": periodicity,
    }
    voice_rows = {
        **rows,
        "pitch": pitch,
        "periodicity_log_odds": np.log(
            np.maximum(periodicity, np.float32(0.01)) / (1 - periodicity)
        ),
        "h1_h2": harmonics[0] - harmonics[1],
        "h1_h3": harmonics[0] - harmonics[2],
    }
    voiced = (periodicity > VOICED) & (level > level.max() - VOICED_RANGE)
    tracks = np.stack([rows[name] for name in TRACKS]).astype(np.float32)
    return _smooth(tracks), np.stack([voice_rows[name] for name in VOICE_TRACKS]), voiced


def _spectra(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the tracks take from the power spectrum.

    Returns
    -------
    linear : np.ndarray [shape=(26 + 6 + 3, frames)]
        Power by mel band and by `BANDS`; first and second moment (kHz) and sum over all bins.
    low : np.ndarray [shape=(frames, 129)]
        The spectrum up to 2 kHz.
    high_peak : np.ndarray [shape=(frames,)]
        The greatest power from there to 5 kHz.
    """
    power = spectrogram(samples, FFT_SIZE, WINDOW_LENGTH, HOP_LENGTH)
    low, high = power[:, :VOICE_BINS], power[:, VOICE_BINS:HAMMARBERG_BINS]
    return (power @ _bank()).T, low, high.max(axis=1)


@lru_cache(maxsize=1)
def _bank() -> np.ndarray:
    """Weights of the bins in what `_spectra` calls linear [shape=(513, 35), float32]."""
    frequency = np.fft.rfftfreq(FFT_SIZE, 1 / SAMPLE_RATE)
    bands = [(frequency >= low) & (frequency < high) for low, high in BANDS]
    kilohertz = frequency / 1000
    moments = [kilohertz, np.square(kilohertz), np.ones(len(frequency))]
    mels = mel_bank(SAMPLE_RATE, FFT_SIZE, MELS, 20.0, SAMPLE_RATE / 2, False)
    return np.column_stack([mels, *bands, *moments]).astype(np.float32)


def _harmonic(low: np.ndarray, pitch: np.ndarray, number: int) -> np.ndarray:
    """Power of a harmonic in every frame: the greatest of the three bins around it."""
    bins = np.rint(number * np.exp2(pitch) * FFT_SIZE / SAMPLE_RATE).astype(int)
    frame = np.arange(len(low))
    return np.maximum.reduce([low[frame, bins + step] for step in (-1, 0, 1)])


def statistics(tracks: np.ndarray) -> np.ndarray:
    """`STATISTICS` of each track and of its frame-to-frame differences [shape=(tracks, 38)]."""
    differences = np.diff(tracks, axis=1)
    return np.column_stack(
        [
            _distribution(tracks),
            _course(tracks),
            _distribution(differences),
            np.abs(differences).mean(axis=1),
        ]
    )


def _distribution(tracks: np.ndarray) -> np.ndarray:
    """What `DISTRIBUTION` names, of each track [shape=(tracks, 13)]."""
    frames = tracks.shape[1]
    place = np.array(PERCENTILES) / 100 * (frames - 1)
    below = place.astype(int)
    ascending = np.sort(tracks, axis=1)
    lower, upper = ascending[:, below], ascending[:, np.minimum(below + 1, frames - 1)]
    percentiles = lower + (upper - lower) * (place - below).astype(np.float32)
    return np.column_stack(
        [
            tracks.mean(axis=1),
            tracks.std(axis=1),
            percentiles,
            percentiles[:, 4] - percentiles[:, 2],
            percentiles[:, -1] - percentiles[:, 0],
            tracks @ _polynomials(frames),
        ]
    )


def _course(tracks: np.ndarray) -> np.ndarray:
    """What `COURSE` names, of each track [shape=(tracks, 11)].

    Shares of the time are those above 25, 50 and 75 % of the range, places are shares of the
    duration, autocorrelations are 1 and 5 frames apart, crossings and peaks are counts per frame.
    """
    frames = tracks.shape[1]
    deviation = tracks - tracks.mean(axis=1, keepdims=True)
    scale = np.sqrt(np.square(deviation).mean(axis=1, keepdims=True))
    standard = deviation / (scale + np.float32(1e-6))
    square = np.square(standard)
    least = tracks.min(axis=1, keepdims=True)
    relative = tracks - least
    span = relative.max(axis=1, keepdims=True)
    above = deviation > 0
    rising = tracks[:, 1:] > tracks[:, :-1]
    return np.column_stack(
        [
            (square * standard).mean(axis=1),
            np.square(square).mean(axis=1),
            (relative > 0.25 * span).mean(axis=1),
            (relative > 0.5 * span).mean(axis=1),
            (relative > 0.75 * span).mean(axis=1),
            tracks.argmax(axis=1) / frames,
            tracks.argmin(axis=1) / frames,
            (standard[:, 1:] * standard[:, :-1]).mean(axis=1),
            (standard[:, 5:] * standard[:, :-5]).mean(axis=1),
            (above[:, 1:] != above[:, :-1]).mean(axis=1),
            (rising[:, :-1] & ~rising[:, 1:]).mean(axis=1),
        ]
    )


@lru_cache(maxsize=1024)
def _polynomials(frames: int) -> np.ndarray:
    """Projections on a line and a parabola over the utterance [shape=(frames, 2), float32]."""
    time = np.linspace(-1, 1, frames)
    parabola = np.square(time) - np.square(time).mean()
    return np.column_stack(
        [time / np.square(time).sum(), parabola / np.square(parabola).sum()]
    ).astype(np.float32)


def _contrasts(voiced: np.ndarray) -> np.ndarray:
    """Projections on the differences that `CONTRASTS` names [shape=(frames, 4), float32]."""
    frames = len(voiced)
    place = np.arange(frames) / frames
    third = (3 * place).astype(int)
    groups = [
        (voiced, ~voiced),
        (place >= 0.5, place < 0.5),
        (third == 1, third == 0),
        (third == 2, third == 1),
    ]
    columns = [one / max(one.sum(), 1) - other / max(other.sum(), 1) for one, other in groups]
    return np.column_stack(columns).astype(np.float32)


def _convolved(
    tracks: np.ndarray, voice: np.ndarray, voiced: np.ndarray, filters: int
) -> np.ndarray:
    """Random convolutions of the log-mel bands and of `CONVOLVED` [shape=(20 * filters,)].

    Through gaps between voiced frames pitch is interpolated; what else is measured of voiced
    frames is 0 there.
    """
    frame = np.arange(len(voiced))
    pitch = np.interp(frame, frame[voiced], voice[VOICE_TRACKS.index("pitch"), voiced])
    of_voice = {
        "level": tracks[TRACKS.index("level")],
        "periodicity": tracks[TRACKS.index("periodicity")],
        "pitch": pitch,
        **{
            name: voice[VOICE_TRACKS.index(name)] * voiced
            for name in ("periodicity_log_odds", "h1_h2", "h1_h3")
        },
    }
    first = TRACKS.index("log_mel_1")
    bands = tracks[first : first + MELS] / LOG_MEL_SCALE
    voice_tracks = np.stack([of_voice[name] for name in CONVOLVED]) / VOICE_SCALES
    return convolutions(bands, voice_tracks, filters)


def _rhythm(voiced: np.ndarray) -> np.ndarray:
    """What `RHYTHM` names, of voiced stretches and the gaps between them [shape=(10,)]."""
    seconds = HOP_LENGTH / SAMPLE_RATE
    edges = np.flatnonzero(np.diff(voiced, prepend=False, append=False)) * seconds
    lengths = np.diff(edges)
    stretches, gaps = lengths[::2], lengths[1::2]
    duration = len(voiced) * seconds
    values = [np.log(duration), voiced.mean(), len(stretches) / duration, len(stretches)]
    for some in (stretches, gaps):
        values += [some.mean(), some.std(), some.max()] if len(some) else [0.0, 0.0, 0.0]
    return np.array(values)


def _ln(power: np.ndarray) -> np.ndarray:
    return np.log(power + np.float32(POWER_FLOOR))


def _smooth(tracks: np.ndarray) -> np.ndarray:
    """Mean over three neighbouring frames."""
    padded = np.pad(tracks, ((0, 0), (1, 1)), mode="edge")
    return (padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]) / np.float32(3)
