"""Features equal librosa's, for clips of any length."""

import librosa
import numpy as np
import pytest
from conftest import ROOT, tone

from speech_emotion.base.errors import PipelineError
from speech_emotion.features import KINDS, FeaturizeParams, featurize, log_mel, mfcc, mfcc_mean
from speech_emotion.params.section import check, load

RATE = 16000


@pytest.fixture(params=[0.13, 0.25, 1.0, 3.7])  # s
def samples(request: pytest.FixtureRequest) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, 0.1, round(request.param * RATE))
    fading = np.linspace(1, 0.001, len(noise))
    return (noise * fading).astype(np.float32) + tone(request.param)


@pytest.mark.slow
def test_log_mel_is_librosas(samples: np.ndarray, featurize_params: FeaturizeParams) -> None:
    settings = featurize_params.of("log_mel")
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
    np.testing.assert_allclose(log_mel.compute(samples, RATE, settings), expected, atol=2e-3)


@pytest.mark.slow
@pytest.mark.parametrize("rate", [RATE, 22050])
def test_mfcc_is_librosas(samples: np.ndarray, rate: int) -> None:
    params = mfcc.Params(sample_rate=rate)
    resampled = librosa.resample(samples, orig_sr=RATE, target_sr=rate, res_type="soxr_hq")
    expected = librosa.feature.mfcc(y=resampled, sr=rate, n_mfcc=40).T
    np.testing.assert_allclose(mfcc.compute(samples, RATE, params), expected, atol=0.02)
    mean = mfcc_mean.compute(samples, RATE, params)
    np.testing.assert_allclose(mean, expected.mean(axis=0), atol=0.02)


def test_float16_loses_nothing_that_matters(
    samples: np.ndarray, featurize_params: FeaturizeParams
) -> None:
    stored = featurize(samples, RATE, featurize_params)["log_mel"]
    exact = log_mel.compute(samples, RATE, featurize_params.of("log_mel"))
    assert stored.dtype == np.float16
    assert np.abs(stored.astype(np.float32) - exact).max() < 0.01  # ln power; 0.04 dB


def test_silence_stays_finite(every_kind: FeaturizeParams) -> None:
    for values in featurize(np.zeros(RATE, np.float32), RATE, every_kind).values():
        assert np.isfinite(values).all()


def test_only_the_kinds_in_use_need_a_section_and_it_has_defaults() -> None:
    params = check({"kinds": ["log_mel", "mfcc_mean"]}, FeaturizeParams, "settings.json")
    assert params.sections == {"log_mel": log_mel.Params(), "mfcc": mfcc.Params()}
    bare = check({"kinds": ["log_mel"], "log_mel": None, "mfcc": None}, FeaturizeParams, "")
    assert bare.sections == {"log_mel": log_mel.Params()}
    changed = check({"kinds": ["log_mel"], "log_mel": {"mels": 40}}, FeaturizeParams, "")
    assert changed.of("log_mel") == log_mel.Params(mels=40)


def test_params_yaml_states_every_default(featurize_params: FeaturizeParams) -> None:
    assert featurize_params.sections == {kind.section: kind.params() for kind in KINDS.values()}
    assert load("featurize", FeaturizeParams, ROOT / "params.yaml").model_dump() == {
        "kinds": featurize_params.kinds,
        **{key: section.model_dump() for key, section in featurize_params.sections.items()},
    }


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"kinds": ["log_mel"], "log_mels": {}}, r"log_mels is not known; known here: kinds, func"),
        ({"kinds": ["log_mel"], "log_mels": None}, r"log_mels is not known; known here: kinds, f"),
        ({"kinds": ["log_mel"], "log_mel": {"mel": 1}}, r"log_mel\.mel is not known; .* fft_size"),
        ({"kinds": ["log_mel"], "log_mel": {"mels": 0}}, r"featurize\.log_mel\.mels is 0: "),
        ({"kinds": ["mfccs"]}, r"kinds is \['mfccs'\]: 'mfccs' is no kind of feature: expected "),
        ({"kinds": ["mfcc", "mfcc"]}, r"mfcc, mfcc lists one more than once"),
        ({"kinds": 5}, r"kinds is 5: .*tuple"),
        ({"kinds": []}, r"kinds is \[\]"),
        ({}, r"featurize\.kinds is missing"),
    ],
)
def test_what_is_wrong_is_named_by_its_key(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(PipelineError, match=sentence):
        check(values, FeaturizeParams, "params.yaml: featurize")


def test_a_filter_bank_beyond_what_the_audio_holds_is_refused(
    featurize_params: FeaturizeParams,
) -> None:
    assert featurize_params.prepared(16000) == featurize_params
    with pytest.raises(PipelineError, match=r"log_mel\.high is 8000 Hz: expected at most half of"):
        featurize_params.prepared(8000)
