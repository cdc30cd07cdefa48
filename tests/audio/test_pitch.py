"""The pitch tracker finds what was sung, and knows noise from voice."""

import io

import librosa
import numpy as np
import pytest
import soundfile

from speech_emotion.audio.pitch import track_pitch
from speech_emotion.audio.spectra import spectrogram
from speech_emotion.data.synthetic.corpus import SyntheticRecording

RATE = 16000


def track(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pitch in Hz and periodicity, every 10 ms, from the lowest 2 kHz under windows of 40 ms."""
    power = spectrogram(samples.astype(np.float32), 1024, 640, 160)[:, :129]
    octaves, periodicity = track_pitch(power, RATE, 1024, 640)
    return np.exp2(octaves), periodicity


def voice(frequency: np.ndarray) -> np.ndarray:
    """A harmonic sound with falling spectrum whose fundamental follows ``frequency`` in Hz."""
    phase = 2 * np.pi * np.cumsum(frequency) / RATE
    return np.asarray(sum(0.2 / n * np.sin(n * phase) for n in range(1, 9)))


@pytest.mark.parametrize("frequency", [70, 100, 155, 220, 330, 470, 600])
def test_a_steady_voice_has_its_pitch(frequency: float) -> None:
    pitch, periodicity = track(voice(np.full(RATE, frequency)))
    np.testing.assert_allclose(pitch[5:-5], frequency, rtol=0.01)
    assert periodicity[5:-5].min() > 0.9


@pytest.mark.parametrize(("start", "stop"), [(90, 250), (400, 130)])
def test_a_glide_is_followed(start: float, stop: float) -> None:
    frequency = np.geomspace(start, stop, RATE)
    pitch, periodicity = track(voice(frequency))
    np.testing.assert_allclose(pitch[5:-5], frequency[::160][5 : len(pitch) - 5], rtol=0.03)
    assert periodicity[5:-5].min() > 0.7


def test_a_voice_without_its_fundamental_keeps_its_pitch() -> None:
    phase = 2 * np.pi * 120 * np.arange(RATE) / RATE
    pitch, _ = track(0.1 * np.sum(np.sin(np.outer(np.arange(3, 9), phase)), axis=0))
    np.testing.assert_allclose(pitch[5:-5], 120, rtol=0.01)


def test_noise_is_not_periodic() -> None:
    _, periodicity = track(np.random.default_rng(0).normal(0, 0.1, 4 * RATE))
    assert (periodicity > 0.5).mean() < 0.05


@pytest.mark.parametrize("samples", [np.zeros(8000), np.full(8000, 0.5), np.eye(1, 8000, 4000)[0]])
def test_what_has_no_pitch_gives_finite_numbers(samples: np.ndarray) -> None:
    pitch, periodicity = track(samples)
    assert np.isfinite(pitch).all()
    assert ((periodicity >= 0) & (periodicity < 1)).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Actor_01/03-01-01", "Actor_02/03-01-05"])
def test_speech_has_the_pitch_that_pyin_finds(
    name: str, synthetic_recordings: list[SyntheticRecording]
) -> None:
    recording = next(each for each in synthetic_recordings if name in each.name)
    samples, rate = soundfile.read(io.BytesIO(recording.read()), dtype="float32", always_2d=True)
    samples = librosa.resample(samples[:, 0], orig_sr=rate, target_sr=RATE)
    expected, voiced, _ = librosa.pyin(
        samples, fmin=62, fmax=615, sr=RATE, frame_length=1024, hop_length=160
    )
    pitch, periodicity = track(samples)
    both = voiced[: len(pitch)] & (periodicity > 0.5)
    assert both.sum() > 50
    octaves = np.abs(np.log2(pitch[both] / expected[: len(pitch)][both]))
    assert (octaves < 1 / 24).mean() > 0.85  # within half a semitone
