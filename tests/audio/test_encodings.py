"""Coders: each is what it says, and costs the bits that were asked for."""

import io

import numpy as np
import pytest
import soundfile

from speech_emotion.audio.encodings import (
    LOSSY,
    LOSSY_RATE,
    TELEPHONE_CODERS,
    compressed,
    through_telephone,
)


def voice(rate: int) -> np.ndarray:
    """Two seconds of a buzz that falls, with syllables."""
    time = np.arange(2 * rate) / rate
    buzz = sum(np.sin(2 * np.pi * k * (140 * time - 10 * time**2)) / k for k in range(1, 20))
    return (0.1 * buzz * np.sin(2 * np.pi * 2 * time) ** 2).astype(np.float32)


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one, other)[0, 1])


@pytest.mark.parametrize("coder", TELEPHONE_CODERS)
@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_a_telephone_leaves_the_voice_where_it_was(coder: str, rate: int) -> None:
    samples = voice(rate)
    heard = through_telephone(samples, rate, coder, 3400)
    assert heard.shape == samples.shape
    assert heard.dtype == np.float32
    loudness = [
        np.sqrt(np.square(one[: len(one) // 200 * 200]).reshape(200, -1).mean(axis=1))
        for one in (samples, heard)
    ]
    assert likeness(*loudness) > 0.95, "in steps of 10 ms"
    assert np.linalg.norm(heard) == pytest.approx(np.linalg.norm(samples), rel=1e-3)


@pytest.mark.parametrize("form", LOSSY)
def test_fewer_bits_leave_less(form: str) -> None:
    samples = voice(LOSSY_RATE)
    good, bad = (likeness(samples, compressed(samples, LOSSY_RATE, form, r)) for r in (64, 8))
    assert good > 0.99
    assert bad < good


@pytest.mark.parametrize("form", LOSSY)
@pytest.mark.parametrize("bit_rate", [12, 32])
def test_the_bit_rate_is_about_what_was_asked_for(
    form: str, bit_rate: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    read = soundfile.read

    def noting(file: io.BytesIO, **more: str) -> tuple[np.ndarray, int]:
        sizes.append(len(file.getbuffer()))
        return read(file, **more)

    monkeypatch.setattr(soundfile, "read", noting)
    compressed(voice(LOSSY_RATE), LOSSY_RATE, form, bit_rate)
    # the container has its share
    assert 0.5 * bit_rate < sizes[0] * 8 / 2 / 1000 < 1.6 * bit_rate


def test_silence_stays_silence() -> None:
    silence = np.zeros(4000, np.float32)
    assert not through_telephone(silence, 16000, "GSM610", 3400).any()
    assert not compressed(silence, 16000, "opus", 12).any()
