"""Noise of a colour: as much power in every octave is what pink means."""

import numpy as np

from speech_emotion.audio.noise import pink_noise

RATE = 16000


def test_pink_noise_has_as_much_power_in_every_octave() -> None:
    power = np.abs(np.fft.rfft(pink_noise(20 * RATE, "any"))) ** 2
    frequency = np.fft.rfftfreq(20 * RATE, 1 / RATE)
    octaves = [power[(frequency >= low) & (frequency < 2 * low)].sum() for low in (250, 1000, 4000)]
    np.testing.assert_allclose(octaves, octaves[0], rtol=0.05)
