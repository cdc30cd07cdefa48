"""Features equal librosa's, for clips of any length."""

import librosa
import numpy as np
import pytest
from conftest import tone

from stages.lib.features import featurize, log_mel, mfcc, mfcc_mean
from stages.lib.params.featurize import FeaturizeParams

RATE = 16000


@pytest.fixture(params=[0.13, 0.25, 1.0, 3.7])  # s
def samples(request: pytest.FixtureRequest) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, 0.1, round(request.param * RATE))
    fading = np.linspace(1, 0.001, len(noise))
    return (noise * fading).astype(np.float32) + tone(request.param)


def test_log_mel_is_librosas(samples: np.ndarray, featurize_params: FeaturizeParams) -> None:
    settings = featurize_params.log_mel
    power = librosa.feature.melspectrogram(
        y=samples,
        sr=RATE,
        n_fft=settings.fft_size,
        win_length=settings.window_length,
        hop_length=settings.hop_length,
        n_mels=settings.mels,
        fmin=settings.low,
        fmax=settings.high,
        norm=None,
        pad_mode="constant",
    )
    expected = np.log(power.T + 1e-10)
    np.testing.assert_allclose(log_mel(samples, RATE, featurize_params), expected, atol=2e-3)


@pytest.mark.parametrize("rate", [RATE, 22050])
def test_mfcc_is_librosas(
    samples: np.ndarray, rate: int, featurize_params: FeaturizeParams
) -> None:
    settings = featurize_params.mfcc.model_copy(update={"sample_rate": rate})
    params = featurize_params.model_copy(update={"mfcc": settings})
    resampled = librosa.resample(samples, orig_sr=RATE, target_sr=rate, res_type="soxr_hq")
    expected = librosa.feature.mfcc(y=resampled, sr=rate, n_mfcc=40).T
    np.testing.assert_allclose(mfcc(samples, RATE, params), expected, atol=0.02)
    np.testing.assert_allclose(mfcc_mean(samples, RATE, params), expected.mean(axis=0), atol=0.02)


def test_float16_loses_nothing_that_matters(
    samples: np.ndarray, featurize_params: FeaturizeParams
) -> None:
    stored = featurize(samples, RATE, featurize_params)["log_mel"]
    exact = log_mel(samples, RATE, featurize_params)
    assert stored.dtype == np.float16
    assert np.abs(stored.astype(np.float32) - exact).max() < 0.01  # ln power; 0.04 dB


def test_silence_stays_finite(every_kind: FeaturizeParams) -> None:
    for values in featurize(np.zeros(RATE, np.float32), RATE, every_kind).values():
        assert np.isfinite(values).all()
