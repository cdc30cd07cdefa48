"""Variants do what their names say, and depend on nothing but the recording."""

import librosa
import numpy as np
import pytest
from conftest import tone
from numpy.linalg import norm
from pydantic import ValidationError

from stages.lib.audio import decode
from stages.lib.corpora.synthetic import SyntheticRecording
from stages.lib.params.augment import AugmentParams, Variant
from stages.lib.variants import make_variants
from stages.lib.vocoder import FFT_SIZE, TOLERANCE, frame_size

RATE = 16000


def make_variant(samples: np.ndarray, variant: Variant, source_id: str = "a") -> np.ndarray:
    [made] = make_variants(samples, [variant], source_id)
    return made


def pitch_of(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 8 * len(samples)))
    return float(spectrum.argmax() * RATE / (8 * len(samples)))


@pytest.mark.parametrize("semitones", [-3.5, -2.5, -1, 1, 2.5, 3.5])
def test_pitch_moves_by_semitones_and_duration_stays(semitones: float) -> None:
    shifted = make_variant(tone(2), Variant(pitch=semitones))
    assert len(shifted) == 2 * RATE
    assert pitch_of(shifted) == pytest.approx(220 * 2 ** (semitones / 12), rel=0.0035)


@pytest.mark.parametrize("rate", [0.81, 1.07])
def test_stretch_changes_duration_and_not_pitch(rate: float) -> None:
    stretched = make_variant(tone(2), Variant(stretch=rate))
    assert len(stretched) == pytest.approx(2 * RATE / rate, abs=1)
    assert pitch_of(stretched) == pytest.approx(220, rel=0.005)


def test_noise_has_the_ratio_asked_for_and_a_seed_of_its_own() -> None:
    speech = librosa.chirp(fmin=100, fmax=400, sr=RATE, duration=2).astype(np.float32) * 0.2
    noisy = {name: make_variant(speech, Variant(noise=20), name) for name in ("a", "b")}
    ratio = np.mean(speech**2) / np.mean((noisy["a"] - speech) ** 2)
    assert 10 * np.log10(ratio) == pytest.approx(20, abs=0.01)
    assert not np.array_equal(noisy["a"], noisy["b"])
    np.testing.assert_array_equal(noisy["a"], make_variant(speech, Variant(noise=20)))


def test_names_tell_variants_apart() -> None:
    variants = [Variant(pitch=-3.5), Variant(pitch=1), Variant(stretch=0.81), Variant(noise=20)]
    assert [v.name for v in variants] == ["pitch-3.5", "pitch+1", "stretch0.81", "noise20"]


def test_a_variant_is_exactly_one_thing() -> None:
    for fault in ({}, {"pitch": 1, "stretch": 1.1}):
        with pytest.raises(ValidationError, match="exactly one"):
            Variant.model_validate(fault)
    with pytest.raises(ValidationError, match="more than once"):
        AugmentParams.model_validate({"variants": [{"pitch": 1}, {"pitch": 1.0}]})


@pytest.mark.parametrize(
    "variant",
    [Variant(pitch=-3.5), Variant(pitch=2.5), Variant(stretch=0.81), Variant(stretch=1.5)],
)
def test_the_vocoder_is_librosas(
    variant: Variant, synthetic_recordings: list[SyntheticRecording]
) -> None:
    samples, rate = decode(synthetic_recordings[0].read())
    samples = librosa.resample(samples[:, 0], orig_sr=rate, target_sr=RATE)
    samples[: RATE // 4] = 0  # digital silence, as noise reduction leaves it
    if variant.pitch is not None:
        semitones = 12 * np.log2(FFT_SIZE / frame_size(variant.pitch))
        assert semitones == pytest.approx(variant.pitch, abs=TOLERANCE / 100)
        expected = librosa.effects.pitch_shift(samples, sr=RATE, n_steps=semitones)
    else:
        expected = librosa.effects.time_stretch(samples, rate=variant.stretch or 1)
    made = make_variant(samples, variant)
    assert len(made) == len(expected)
    spectrum, error = np.abs(np.fft.rfft([expected, made - expected]))
    # beyond this the resamplers roll off, each in its own way
    below = len(spectrum) * 3 // 4
    assert 20 * np.log10(norm(error[:below]) / norm(spectrum[:below])) < -50


@pytest.mark.parametrize("length", [1, 100, 600, 5000])
def test_clips_shorter_than_a_frame(length: int) -> None:
    samples = tone(1)[:length]
    assert len(make_variant(samples, Variant(pitch=2))) == length
    assert len(make_variant(samples, Variant(stretch=0.5))) == 2 * length
