"""Timelines: windows that cover a recording of any length, and what in it is speech."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from speech_emotion.audio.recordings import from_array
from speech_emotion.data.corpora.ravdess import EMOTIONS
from speech_emotion.data.synthetic.corpus import SyntheticRecording
from speech_emotion.serving.recognizer import Recognizer
from speech_emotion.serving.timeline import pieces


@pytest.mark.parametrize("rate", [16000, 44100])
@pytest.mark.parametrize("duration", [0.2, 2.9, 3.0, 7.0, 7.3])
@pytest.mark.parametrize(("window", "hop"), [(3, 1), (3, 3), (2, 0.25), (1, 2)])
def test_windows_start_every_hop_and_the_last_one_ends_with_the_recording(
    rate: int, duration: float, window: float, hop: float
) -> None:
    samples = np.arange(round(duration * rate), dtype=np.float32) / rate / 100
    found = list(pieces(from_array(samples, rate), 16000, window, hop))
    duration = len(samples) / rate
    assert [piece.start for piece in found] == [number * hop for number in range(len(found))]
    for piece in found[:-1]:
        assert piece.end - piece.start == window
        assert piece.end < duration
    assert found[-1].end - found[-1].start <= window
    if hop <= window:
        assert found[-1].end == pytest.approx(duration, abs=1e-3)
    for piece in found:
        assert len(piece.samples) == round((piece.end - piece.start) * 16000)
        # the ramp tells where the samples come from; resampling rings at its ends
        inside = slice(1000, -1000)
        time = piece.start + np.arange(len(piece.samples)) / 16000
        np.testing.assert_allclose(100 * piece.samples[inside], time[inside], atol=2e-3)


@pytest.mark.slow
def test_windows_without_speech_say_so_and_carry_no_emotion(
    recognizer: Recognizer, speech: tuple[np.ndarray, int]
) -> None:
    samples, rate = speech
    draw = np.random.default_rng(0)
    pause = 8 * rate
    for noise in (0.0, 1e-4, 3e-3):
        recording = np.concatenate([samples, np.zeros(pause), samples])
        recording += noise * draw.normal(size=len(recording))
        timeline = recognizer.timeline(recording, rate)
        end_of_speech = len(samples) / rate
        for window in timeline:
            in_pause = end_of_speech < window.start and window.end < end_of_speech + 8
            if in_pause:
                assert not window.speech
            if window.start < 0.3 or window.start > end_of_speech + 7.7:
                assert window.speech
            assert (window.emotion is None) == (window.probabilities is None) == (not window.speech)
            if window.probabilities is not None:
                assert tuple(window.probabilities) == EMOTIONS
                assert sum(window.probabilities.values()) == pytest.approx(1)


@pytest.mark.parametrize("amplitude", [0.0, 0.003, 0.3])
def test_silence_and_steady_noise_are_no_speech_and_no_error(
    amplitude: float, recognizer: Recognizer, of_any_sound: Recognizer
) -> None:
    noise = amplitude * np.random.default_rng(0).normal(size=10 * 16000)
    assert not any(window.speech for window in recognizer.timeline(noise, 16000))
    short = of_any_sound.timeline(noise[:16000], 16000)
    assert [window.speech for window in short] == [amplitude > 0]


def test_short_windows_tell_speech_too(
    recognizer: Recognizer, speech: tuple[np.ndarray, int]
) -> None:
    samples, rate = speech
    timeline = recognizer.timeline(samples, rate, window=0.2, hop=0.2)
    assert 0.3 < np.mean([window.speech for window in timeline]) < 1


def test_every_recording_of_speech_is_speech(
    recognizer: Recognizer, synthetic_recordings: list[SyntheticRecording], tmp_path: Path
) -> None:
    for recording in synthetic_recordings[::40]:
        (tmp_path / "one.wav").write_bytes(recording.read())
        [window, *_] = recognizer.timeline(tmp_path / "one.wav", window=5)
        assert window.speech, recording.name


def test_a_recording_that_is_none_is_reported(recognizer: Recognizer, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), 16000)
    with pytest.raises(ValueError, match="lasts less than"):
        recognizer.timeline(tmp_path / "empty.wav")


@pytest.mark.parametrize("value", [0, -1, 0.001, float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["window", "hop"])
def test_windows_that_can_not_be_made_are_refused(
    recognizer: Recognizer, name: str, value: float
) -> None:
    given: dict[str, Any] = {name: value}
    with pytest.raises(ValueError, match=f"^{name} is .* s: expected a number of at least 0.01$"):
        recognizer.timeline(np.zeros(16000), 16000, **given)
    with pytest.raises(ValueError, match=f"^{name} is "):
        if name == "window":
            recognizer.stream(16000, window=value)
        else:
            recognizer.stream(16000, hop=value)
