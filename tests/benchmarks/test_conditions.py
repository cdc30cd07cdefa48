"""Spoilt test recordings: what is said to be 8 kHz and 10 dB must be that."""

from typing import get_args

import numpy as np
import pytest

from benchmarks.conditions import ROOMS, in_a_room
from benchmarks.conditions import degrade as degrade_among
from benchmarks.params import Condition

RATE = 16000


def bystanders() -> list[np.ndarray]:
    random = np.random.default_rng(1)
    return [random.normal(0, 0.1, length).astype(np.float32) for length in (4000, 9000, 20000)]


def degrade(condition: str, samples: np.ndarray, rate: int, identity: str) -> np.ndarray:
    return degrade_among(condition, bystanders(), samples, rate, identity)  # type: ignore[arg-type]


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


NOISES = {
    "noise20": 20,
    "noise10": 10,
    "pink20": 20,
    "babble20": 20,
    "babble10": 10,
    "talker20": 20,
    "talker10": 10,
}


@pytest.mark.parametrize(("condition", "ratio"), NOISES.items())
def test_noise_is_as_loud_as_it_says_and_the_same_each_time(condition: str, ratio: float) -> None:
    clean = chirp()
    degraded = degrade(condition, clean, RATE, "03-01-01-01-01-01-01")
    noise = degraded - clean
    assert 10 * np.log10(np.mean(clean**2) / np.mean(noise**2)) == pytest.approx(ratio, abs=0.01)
    again = degrade(condition, clean, RATE, "03-01-01-01-01-01-01")
    other = degrade(condition, clean, RATE, "03-01-01-01-01-01-02")
    assert np.array_equal(degraded, again)
    assert not np.allclose(degraded, other)


def test_quieter_is_a_tenth_of_the_amplitude() -> None:
    np.testing.assert_allclose(degrade("quieter", chirp(), RATE, "any"), chirp() / 10, rtol=1e-6)


def test_hum_is_of_the_mains_and_as_loud_as_it_says() -> None:
    hum = degrade("hum10", chirp(), RATE, "any") - chirp()
    assert 10 * np.log10(np.mean(chirp() ** 2) / np.mean(hum**2)) == pytest.approx(10, abs=0.01)
    spectrum = np.abs(np.fft.rfft(hum[:RATE]))
    assert set(np.argsort(spectrum)[-3:]) == {50, 150, 250}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_decays_as_it_says_and_is_as_near_as_it_says(room: str) -> None:
    reverberation, direct = ROOMS[room]
    click = np.zeros(2 * RATE, np.float32)
    click[0] = 1
    heard = in_a_room(click, RATE, reverberation, direct, "any").astype(np.float64)
    tail = heard[1:]
    assert 20 * np.log10(heard[0]) - 10 * np.log10(np.sum(tail**2)) == pytest.approx(
        direct, abs=0.3
    )
    energy = np.cumsum(tail[::-1] ** 2)[::-1]  # Schroeder's backward integration
    decay = 10 * np.log10(energy[int(0.2 * RATE)] / energy[int(0.1 * RATE)])
    assert decay == pytest.approx(-60 * 0.1 / reverberation, abs=1.5)


def test_a_telephone_keeps_its_band_and_clipping_its_height() -> None:
    noise = np.random.default_rng(0).normal(0, 0.05, RATE).astype(np.float32)
    frequency = np.fft.rfftfreq(RATE, 1 / RATE)
    for condition in ("g711", "gsm"):
        power = np.abs(np.fft.rfft(degrade(condition, noise, RATE, "any"))) ** 2
        outside = power[(frequency < 200) | (frequency > 3900)].sum()
        assert outside < 0.01 * power.sum()
    clipped = degrade("clipping", noise, RATE, "any")
    assert np.abs(clipped).max() == pytest.approx(np.abs(noise).max() / 12)


@pytest.mark.parametrize("condition", get_args(Condition))
def test_length_stays_and_every_condition_is_made(condition: str) -> None:
    if condition in ("as_recorded", "with_variants"):
        return
    made = degrade(condition, chirp(), RATE, "any")
    assert made.shape == chirp().shape
    assert made.dtype == np.float32
    assert not np.array_equal(made, chirp())
