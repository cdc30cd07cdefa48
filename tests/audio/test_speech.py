"""Speech or not: the network answers as its makers' does, and voices pass where noise does not."""

import numpy as np
import pytest
import soxr
from conftest import tone

from speech_emotion.audio.background_sounds import hum, knocks, music
from speech_emotion.audio.codec import decode, mix_down
from speech_emotion.audio.noise import pink_noise
from speech_emotion.audio.speech import RATE, SpeechDetector, holds_speech
from speech_emotion.data.synthetic.corpus import SyntheticRecording

SECONDS = 5

EXPECTED = (
    0.0279,
    0.0050,
    0.0038,
    0.6310,
    0.9956,
    0.9894,
    0.9910,
    0.9966,
    1.0000,
    0.9992,
    0.1234,
    0.0168,
)


def test_probabilities_are_those_of_the_published_network(
    speech: tuple[np.ndarray, int],
) -> None:
    """Those expected came from silero_vad_16k_op15.onnx of silero-vad 6.2.3 in ONNX Runtime."""
    samples, rate = speech
    samples = soxr.resample(samples, rate, RATE)
    samples = samples / np.abs(samples).max()  # loud enough not to be raised
    found = SpeechDetector(RATE, 1).probabilities(samples)
    np.testing.assert_allclose(found[::8], EXPECTED, atol=5e-3)


def test_it_hears_the_same_however_the_sound_arrives(speech: tuple[np.ndarray, int]) -> None:
    """After the first block, by which it knows how loud the voice is."""
    samples, rate = speech
    samples = soxr.resample(samples, rate, RATE) * np.float32(3)
    whole = SpeechDetector(RATE, 1).probabilities(samples)
    detector = SpeechDetector(RATE, 1)
    in_parts = [
        detector.probabilities(part) for part in np.split(samples, [20000, 20001, 25000, 40000])
    ]
    np.testing.assert_allclose(np.concatenate(in_parts), whole, atol=1e-5)


@pytest.mark.parametrize("decibels", [0, -30, -60])
def test_synthetic_voices_are_speech_however_soft(
    decibels: float, synthetic_recordings: list[SyntheticRecording]
) -> None:
    for recording in synthetic_recordings[::60]:
        samples, rate = decode(recording.read())
        assert holds_speech(mix_down(samples) * np.float32(10 ** (decibels / 20)), rate)


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_music_and_noise_are_none(rate: int) -> None:
    length = SECONDS * rate
    sounds = {
        "silence": np.zeros(length, np.float32),
        "tone": tone(SECONDS, rate),
        "white": np.random.default_rng(0).normal(0, 0.1, length).astype(np.float32),
        "pink": pink_noise(length, "speech"),
        "hum": hum(length, rate, "speech"),
        "knocks": knocks(length, rate, "speech"),
        "music": music(length, rate, "speech"),
        "nothing": np.zeros(0, np.float32),
    }
    assert [name for name, sound in sounds.items() if holds_speech(sound, rate)] == []


def test_it_says_when_there_was_speech(speech: tuple[np.ndarray, int]) -> None:
    samples, rate = speech
    detector = SpeechDetector(rate, 3)
    assert not detector.heard_speech(3)
    detector.feed(samples)
    assert detector.heard_speech(3)
    detector.feed(0.001 * np.random.default_rng(0).normal(size=2 * rate).astype(np.float32))
    assert not detector.heard_speech(1.5)
    assert detector.heard_speech(3)
