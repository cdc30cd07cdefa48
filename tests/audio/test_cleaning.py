"""Cleaning keeps what was said, at any rate and channel count, and never leaves nothing."""

import subprocess
import sys

import librosa
import numpy as np
import pytest
from conftest import ROOT, tone, wav
from hypothesis import given, settings
from hypothesis import strategies as st

from speech_emotion.audio.cleaning import clean, envelope, level, reduce_noise, trim
from speech_emotion.audio.codec import (
    FULL_SCALE,
    LARGEST_SAMPLE,
    decode,
    decode_own,
    encode,
    quantise,
)
from speech_emotion.data.synthetic.corpus import SyntheticRecording
from speech_emotion.params.clean import CleanParams, TrimParams

RATE = 16000


def trimming(**changes: float | None) -> TrimParams:
    plain = {
        "window": 0.1,
        "below_peak": 35.0,
        "below": None,
        "margin": 0.0,
        "max_pause": None,
        "above_floor": None,
    }
    return TrimParams.model_validate(plain | changes)


def silent(duration: float) -> np.ndarray:
    return np.zeros(round(duration * RATE), np.float32)


@pytest.mark.slow
def test_rate_channels_and_offset_do_not_matter(clean_params: CleanParams) -> None:
    plain = clean_params.model_copy(update={"noise_reduction": False})
    original = librosa.chirp(fmin=100, fmax=2000, sr=RATE, duration=3) * np.hanning(3 * RATE) / 3
    original = original.astype(np.float32)
    reference, _ = clean(original[:, None], RATE, plain)
    for rate in (8000, 24414, 44100, 48000, 96000):
        resampled = librosa.resample(original, orig_sr=RATE, target_sr=rate)
        stereo = np.stack([resampled * 1.1, resampled * 0.9], axis=1) + np.float32(0.1)
        cleaned, rescued = clean(stereo, rate, plain)
        assert not rescued
        assert cleaned.dtype == np.float32
        assert len(cleaned) == pytest.approx(len(reference), rel=0.01)
        levels = [20 * np.log10(np.sqrt(np.mean(x**2))) for x in (cleaned, reference)]
        assert levels[0] == pytest.approx(levels[1], abs=0.2)


@pytest.mark.parametrize("scale", [2.0**15, LARGEST_SAMPLE])
def test_integers_that_nobody_scaled_are_cleaned_alike(
    scale: float, clean_params: CleanParams
) -> None:
    sound = tone(1.0)[:, None]
    found, _ = clean(sound / sound.max() * np.float32(scale), RATE, clean_params)
    np.testing.assert_array_equal(found, clean(sound, RATE, clean_params)[0])


def test_ends_are_cut_and_pauses_stay_or_shrink() -> None:
    sound = np.concatenate([silent(0.7), tone(0.5), silent(1), tone(0.5), silent(0.4)])
    kept, _ = trim(sound, RATE, trimming())
    # half the averaging window still reaches the tone at either end
    assert len(kept) / RATE == pytest.approx(2.1, abs=0.02)
    kept, _ = trim(sound, RATE, trimming(margin=0.2))
    assert len(kept) / RATE == pytest.approx(2.5, abs=0.02)
    kept, _ = trim(sound, RATE, trimming(max_pause=0.3))
    assert len(kept) / RATE == pytest.approx(2.1 - 0.9 + 0.3, abs=0.02)
    kept, _ = trim(sound, RATE, trimming(max_pause=0))
    assert len(kept) / RATE == pytest.approx(1.2, abs=0.02)


def test_the_relative_threshold_finds_sound_in_quiet_recordings_too() -> None:
    sound = np.concatenate([silent(0.5), tone(1), silent(0.5)])
    loud, _ = trim(sound, RATE, trimming())
    quiet, rescued = trim(sound / 2000, RATE, trimming())
    assert len(quiet) == len(loud)
    assert not rescued


def test_silence_in_noise_is_cut_where_it_would_be_cut_without() -> None:
    sound = np.concatenate([silent(0.7), tone(1), silent(0.4)])
    noise = np.random.default_rng(1).normal(0, 0.02, len(sound)).astype(np.float32)
    quiet, _ = trim(sound, RATE, trimming(above_floor=6.0))
    noisy, rescued = trim(sound + noise, RATE, trimming(above_floor=6.0))
    assert len(noisy) == pytest.approx(len(quiet), abs=0.05 * RATE)
    assert not rescued
    untouched, _ = trim(sound + noise, RATE, trimming())
    assert len(untouched) == len(sound)


def test_steady_sound_without_a_pause_is_no_noise() -> None:
    kept, rescued = trim(tone(1), RATE, trimming(above_floor=6.0))
    assert len(kept) == RATE
    assert not rescued


def test_the_original_recipe_drops_every_sample_under_its_threshold() -> None:
    rng = np.random.default_rng(1)
    sound = rng.normal(0, 1, 2 * RATE) * np.repeat(rng.uniform(0, 0.002, 20), RATE // 10)
    sound = sound.astype(np.float32)
    kept, _ = trim(sound, RATE, trimming(below_peak=None, below=0.0005, max_pause=0))
    expected = sound[envelope(sound, RATE // 10) >= 0.0005]
    assert 0 < len(expected) < len(sound)
    np.testing.assert_array_equal(kept, expected)


def test_envelope_is_the_centred_mean_of_what_there_is() -> None:
    sound = np.arange(10, dtype=np.float32) * np.array([1, -1] * 5, np.float32)
    magnitude = np.abs(sound)
    expected = [magnitude[max(i - 2, 0) : i + 2].mean() for i in range(10)]
    np.testing.assert_allclose(envelope(sound, 4), expected)


@given(
    duration=st.floats(0.05, 2),
    start=st.floats(0, 1),
    length=st.floats(0.001, 0.5),
    amplitude=st.floats(1e-4, 1),
    below=st.one_of(st.none(), st.floats(1e-4, 0.9)),
    max_pause=st.one_of(st.none(), st.floats(0, 0.5)),
    above_floor=st.one_of(st.none(), st.floats(0.1, 40)),
)
@settings(max_examples=60)
def test_never_empty(
    duration: float,
    start: float,
    length: float,
    amplitude: float,
    below: float | None,
    max_pause: float | None,
    above_floor: float | None,
) -> None:
    sound = silent(duration)
    first = round(start * len(sound))
    sound[first : first + round(length * RATE)] = amplitude
    params = trimming(
        below=below,
        below_peak=None if below else 35.0,
        max_pause=max_pause,
        above_floor=above_floor,
    )
    kept, rescued = trim(sound, RATE, params)
    assert len(kept) >= min(0.25 * RATE, len(sound)) - 1
    if rescued:
        assert len(kept) == min(round(0.25 * RATE), len(sound))


def test_what_would_be_too_short_keeps_its_loudest_part() -> None:
    sound = silent(2)
    sound[RATE : RATE + 100] = 0.5
    kept, rescued = trim(sound, RATE, trimming(window=0.01))
    assert rescued
    assert len(kept) == RATE // 4
    assert np.count_nonzero(kept) == 100


def test_level_is_reached_or_the_peak_respected() -> None:
    for target in (-20.0, -40.0):
        levelled = level(tone(1, amplitude=0.01), target)
        assert 20 * np.log10(np.sqrt(np.mean(levelled**2))) == pytest.approx(target, abs=0.01)
    assert np.abs(level(tone(1, amplitude=0.01), -0.5)).max() < 1
    assert not level(silent(1), -20).any()


def test_noise_reduction_takes_noise_away_and_leaves_the_voice(
    clean_params: CleanParams, synthetic_recordings: list[SyntheticRecording]
) -> None:
    name = "Audio_Speech_Actors_01-24/Actor_02/03-01-05"
    recording = next(one for one in synthetic_recordings if one.name.startswith(name))
    samples, rate = decode(recording.read())
    noisy = samples + np.random.default_rng(0).normal(0, 0.003, samples.shape).astype(np.float32)
    off, on = (
        clean_params.model_copy(update={"noise_reduction": switched_on, "level": None})
        for switched_on in (False, True)
    )
    reference, _ = clean(samples, rate, off)
    before, _ = clean(noisy, rate, off)
    after, _ = clean(noisy, rate, on)
    floors = [np.percentile(envelope(sound, RATE // 20), 2) for sound in (before, after)]
    assert floors[1] < floors[0] * (1 - 0.6 * clean_params.noise_reduction_strength)
    peaks = [np.abs(sound).max() for sound in (reference, after)]
    assert peaks[1] == pytest.approx(peaks[0], rel=0.3)


@pytest.mark.parametrize("length", [3 * RATE, 3 * RATE + 255, 45 * RATE + 1])
def test_noise_reduction_blanks_nothing(length: int) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, length).astype(np.float32)
    reduced = reduce_noise(noise, RATE, 0.5)
    assert len(reduced) == length
    assert (reduced != 0).all()


def test_what_is_stored_is_what_is_computed_with(clean_params: CleanParams) -> None:
    cleaned, _ = clean(tone(1)[:, None] * 1.7, RATE, clean_params)
    stored, rate = decode(encode(cleaned, RATE))
    assert rate == RATE
    np.testing.assert_array_equal(stored[:, 0], cleaned)
    again, rate = decode_own(encode(cleaned, RATE))
    assert rate == RATE
    assert again.dtype == np.float32
    np.testing.assert_array_equal(again, cleaned)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (wav(tone(1))[:-100], "not the whole"),
        (wav(tone(1), subtype="PCM_24"), "not the whole of a 16-bit mono"),
        (wav(np.stack([tone(1), tone(1)], axis=1)), "not the whole of a 16-bit mono"),
        (b"fLaC", "can't be decoded"),
    ],
)
def test_what_cleaning_did_not_write_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        decode_own(content)


def test_quantise_keeps_within_16_bits() -> None:
    values = quantise(np.array([-2, -1, 0, 0.4 / FULL_SCALE, 0.5, 1, 2], np.float32))
    steps = values * FULL_SCALE
    np.testing.assert_array_equal(steps, [-32768, -32768, 0, 0, 16384, 32767, 32767])


def test_the_front_end_needs_only_what_the_base_install_has() -> None:
    """NumPy, soxr, soundfile and pydantic; SciPy's transforms, which the pipeline uses, are not."""
    program = (
        "import sys; sys.modules['scipy'] = None; before = set(sys.modules);"
        "import speech_emotion.audio.codec, speech_emotion.audio.cleaning, speech_emotion.features;"
        "new = {name.split('.')[0] for name in set(sys.modules) - before};"
        "new -= set(sys.stdlib_module_names) | {'speech_emotion'};"
        "print(sorted(name for name in new if not name.startswith('_')))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    of_pydantic = {"pydantic", "pydantic_core", "annotated_types", "typing_inspection"}
    # cffi is soundfile's, typing_extensions soxr's
    others = {"numpy", "soundfile", "soxr", "cffi", "typing_extensions"}
    assert set(eval(printed)) <= of_pydantic | others
