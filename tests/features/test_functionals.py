"""Functionals measure what their names say, of any audio."""

import numpy as np
import pytest
import scipy.signal
import scipy.stats
import soxr
from conftest import tone

from speech_emotion.audio.codec import MAX_DURATION
from speech_emotion.audio.spectra import mel_edges
from speech_emotion.features.functionals import (
    MELS,
    TRACKS,
    Params,
    _convolved,
    compute,
    functional_names,
    measure,
    statistics,
)

RATE = 16000

FIRST_MEL = TRACKS.index("log_mel_1")

DRAW = np.random.default_rng(0)
HARD = {
    "silence": np.zeros(RATE),
    "one step of noise": DRAW.integers(-1, 2, RATE) / 32768,
    "a constant": np.full(RATE, 0.3),
    "a click": np.eye(1, RATE, 700)[0],
    "no voice": DRAW.normal(0, 0.1, RATE),
    "clipped": np.sign(tone(1.0)),
    "the shortest": tone(0.25),
    "shorter than any": tone(0.01),
    "the longest": np.tile(tone(1.0), round(MAX_DURATION)),
    "voice, then nothing": np.concatenate([tone(0.5), np.zeros(RATE)]),
}


def rising_voice() -> np.ndarray:
    """A second of a sawtooth that rises from 150 to 250 Hz."""
    time = np.arange(RATE) / RATE
    rising = 0.3 * scipy.signal.sawtooth(2 * np.pi * (150 * time + 50 * np.square(time)))
    return rising.astype(np.float32)


def functionals(samples: np.ndarray, rate: int, convolutions: int) -> np.ndarray:
    return compute(samples, rate, Params(convolutions=convolutions))


@pytest.mark.parametrize("samples", HARD.values(), ids=HARD.keys())
def test_any_audio_has_as_many_finite_values(samples: np.ndarray) -> None:
    values = functionals(samples.astype(np.float32), RATE, 84)
    assert values.shape == functionals(tone(1.0), RATE, 84).shape
    assert values.dtype == np.float32
    assert np.isfinite(values).all()
    assert np.abs(values).max() < 1e6


def test_what_was_measured_before_changes_nothing() -> None:
    first = functionals(tone(1.3), RATE, 84)
    functionals(HARD["no voice"].astype(np.float32), RATE, 84)
    np.testing.assert_array_equal(functionals(tone(1.3), RATE, 84), first)


@pytest.mark.parametrize("rate", [8000, 44100])
def test_the_sample_rate_does_not_matter_to_what_it_can_hold(rate: int) -> None:
    samples = tone(1.0) + 0.5 * tone(1.0, amplitude=0.1) ** 2
    resampled = soxr.resample(samples, RATE, rate)
    tracks, voice, voiced = measure(samples)
    again, voice_again, _ = measure(soxr.resample(resampled, rate, RATE)[: len(samples)])
    np.testing.assert_allclose(voice_again[0, voiced], voice[0, voiced], atol=0.01)
    np.testing.assert_allclose(again[0, 5:-5], tracks[0, 5:-5], atol=0.05)
    assert np.isfinite(functionals(resampled, rate, 84)).all()


def test_louder_is_louder_at_the_same_pitch() -> None:
    quiet, voice, voiced = measure(tone(1.0, amplitude=0.05))
    loud, louder_voice, louder_voiced = measure(tone(1.0, amplitude=0.5))
    np.testing.assert_allclose(loud[0] - quiet[0], np.log(10), atol=1e-3)
    np.testing.assert_array_equal(voiced, louder_voiced)
    np.testing.assert_allclose(np.exp2(voice[0, 5:-5]), 220, rtol=0.01)
    np.testing.assert_allclose(louder_voice[0], voice[0], atol=1e-3)


def test_pauses_are_not_voiced() -> None:
    samples = np.concatenate([tone(0.5), np.zeros(RATE // 2, np.float32), tone(0.5)])
    _, _, voiced = measure(samples)
    assert voiced[5:45].all()
    assert not voiced[55:95].any()
    assert voiced[105:145].all()


@pytest.mark.parametrize("frames", [26, 27, 300])
def test_statistics_are_numpys_and_scipys(frames: int) -> None:
    tracks = np.random.default_rng(1).gamma(2, 1, (5, frames)).astype(np.float32)
    given = statistics(tracks)
    spread = np.ptp(tracks, axis=1, keepdims=True)
    level = (tracks - tracks.min(axis=1, keepdims=True)) / spread
    standard = scipy.stats.zscore(tracks, axis=1)

    def distribution(values: np.ndarray) -> np.ndarray:
        percentiles = np.percentile(values, (1, 10, 25, 50, 75, 90, 99), axis=1)
        steps = np.linspace(-1, 1, values.shape[1])
        parabola = np.polyfit(steps, values.T, 2)[0]
        return np.column_stack(
            [
                values.mean(axis=1),
                values.std(axis=1),
                *percentiles,
                percentiles[4] - percentiles[2],
                percentiles[6] - percentiles[0],
                np.polyfit(steps, values.T, 1)[0],
                parabola,
            ]
        )

    course = [
        scipy.stats.skew(tracks, axis=1),
        scipy.stats.kurtosis(tracks, axis=1, fisher=False),
        (level > 0.25).mean(axis=1),
        (level > 0.5).mean(axis=1),
        (level > 0.75).mean(axis=1),
        tracks.argmax(axis=1) / frames,
        tracks.argmin(axis=1) / frames,
        (standard[:, 1:] * standard[:, :-1]).mean(axis=1),
        (standard[:, 5:] * standard[:, :-5]).mean(axis=1),
        (np.diff(standard > 0, axis=1) != 0).mean(axis=1),
        [len(scipy.signal.argrelmax(track)[0]) / (frames - 2) for track in tracks],
    ]
    differences = np.diff(tracks, axis=1)
    expected = np.column_stack(
        [
            distribution(tracks),
            *course,
            distribution(differences),
            np.abs(differences).mean(axis=1),
        ]
    )
    np.testing.assert_allclose(given, expected, rtol=2e-3, atol=1e-4)


def test_convolutions_follow_the_statistics_and_leave_them_alone() -> None:
    bare, whole = functionals(tone(1.0), RATE, 0), functionals(tone(1.0), RATE, 84)
    np.testing.assert_array_equal(whole[: len(bare)], bare)
    assert len(whole) == len(bare) + 20 * 84


def test_convolutions_respond_to_pitch_that_moves_by_itself() -> None:
    """Of a rising voice: with its pitch held still, all bands as they are, they differ."""
    tracks, voice, voiced = measure(rising_voice())
    assert np.ptp(voice[0][5:-5]) > 0.5
    still = voice.copy()
    still[0] = voice[0].mean()
    moving, flat = (_convolved(tracks, one, voiced, 84) for one in (voice, still))
    changed = (np.abs(moving - flat) > 0.01).reshape(5, 4, 84)
    assert changed.any(axis=(1, 2)).all()
    # 0.4 of the filters take one of six tracks of the voice, of which pitch is one
    assert 0.01 < changed.any(axis=1).mean() < 0.4 / 3


@pytest.mark.parametrize("pitch", [300, 1000, 3000])
def test_convolutions_start_from_the_log_mel_bands(pitch: int) -> None:
    sound = 0.3 * np.sin(2 * np.pi * pitch * np.arange(RATE) / RATE)
    bands = measure(sound.astype(np.float32))[0][FIRST_MEL : FIRST_MEL + MELS, 50]
    edges = mel_edges(MELS, 20, RATE / 2)
    loudest = int(bands.argmax())
    assert edges[loudest] < pitch < edges[loudest + 2]


@pytest.mark.parametrize("convolutions", [0, 1, 84])
def test_every_value_has_a_name_of_its_own(convolutions: int) -> None:
    names = functional_names(Params(convolutions=convolutions))
    assert len(names) == len(functionals(tone(1.0), RATE, convolutions))
    assert len(set(names)) == len(names)


def test_values_are_what_their_names_say() -> None:
    samples = np.concatenate([tone(0.6), np.zeros(RATE // 2, np.float32), 0.5 * tone(0.4)])
    values = dict(zip(functional_names(Params()), compute(samples, RATE, Params()), strict=True))
    tracks, _, voiced = measure(samples)
    level = tracks[TRACKS.index("level")]
    assert values["level.mean"] == pytest.approx(level.mean(), abs=1e-4)
    assert values["level.percentile_90"] == pytest.approx(np.percentile(level, 90), abs=1e-3)
    assert values["level.range_1_99"] > 3
    assert values["level.difference_mean_absolute"] == pytest.approx(
        np.abs(np.diff(level)).mean(), abs=1e-4
    )
    assert 2 ** values["pitch.voiced.percentile_50"] == pytest.approx(220, rel=0.01)
    periodicity = tracks[TRACKS.index("periodicity")]
    contrast = periodicity[voiced].mean() - periodicity[~voiced].mean()
    assert values["periodicity.voiced_less_unvoiced"] == pytest.approx(contrast, abs=1e-4)
    assert values["rhythm.log_duration"] == pytest.approx(np.log(1.5), abs=0.01)
    assert values["rhythm.voiced_stretches"] == 2
    assert values["rhythm.voiced_longest"] == pytest.approx(0.6, abs=0.05)
    assert values["rhythm.gap_longest"] == pytest.approx(0.5, abs=0.05)


def test_convolutions_are_named_by_filter_dilation_and_statistic() -> None:
    samples = rising_voice()
    params = Params(convolutions=7)
    values = dict(zip(functional_names(params), compute(samples, RATE, params), strict=True))
    expected = _convolved(*measure(samples), 7).reshape(5, 4, 7)
    assert values["convolution_1.dilation_1.time_above_0"] == expected[0, 1, 0]
    assert values["convolution_7.dilation_1.time_above_-1"] == expected[0, 0, 6]
    assert values["convolution_3.dilation_16.maximum"] == expected[4, 3, 2]
