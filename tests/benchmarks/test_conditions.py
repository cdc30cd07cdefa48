"""Spoilt test recordings: what is said to be 8 kHz and 10 dB must be that."""

import numpy as np
import pytest

from benchmarks.conditions import degrade

RATE = 16000


def chirp() -> np.ndarray:
    time = np.arange(RATE + 1) / RATE
    return (0.2 * np.sin(2 * np.pi * (200 * time + 3700 * time**2))).astype(np.float32)


def test_nothing_above_4_khz_is_left() -> None:
    clean = chirp()
    degraded = degrade("telephone", clean, RATE, "any")
    assert degraded.shape == clean.shape
    power = [np.abs(np.fft.rfft(one)) ** 2 for one in (clean, degraded)]
    high = np.fft.rfftfreq(len(clean), 1 / RATE) > 4200
    low = np.fft.rfftfreq(len(clean), 1 / RATE) < 3400
    assert power[1][high].sum() < 1e-4 * power[0][high].sum()
    assert power[1][low].sum() == pytest.approx(power[0][low].sum(), rel=0.02)


@pytest.mark.parametrize(("condition", "ratio"), [("noise20", 20), ("noise10", 10), ("pink20", 20)])
def test_noise_is_as_loud_as_it_says_and_the_same_each_time(condition: str, ratio: float) -> None:
    clean = chirp()
    degraded = degrade(condition, clean, RATE, "03-01-01-01-01-01-01")  # type: ignore[arg-type]
    noise = degraded - clean
    assert 10 * np.log10(np.mean(clean**2) / np.mean(noise**2)) == pytest.approx(ratio, abs=0.01)
    again = degrade(condition, clean, RATE, "03-01-01-01-01-01-01")  # type: ignore[arg-type]
    other = degrade(condition, clean, RATE, "03-01-01-01-01-01-02")  # type: ignore[arg-type]
    assert np.array_equal(degraded, again)
    assert not np.allclose(degraded, other)


def test_quieter_is_a_tenth_of_the_amplitude() -> None:
    np.testing.assert_allclose(degrade("quieter", chirp(), RATE, "any"), chirp() / 10, rtol=1e-6)
