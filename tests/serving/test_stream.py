"""Listening: an estimate every hop however the audio arrives, with little delay, in little room."""

import tracemalloc

import numpy as np
import pytest

from speech_emotion.serving.answers import Estimate
from speech_emotion.serving.recognizer import Recognizer


def listened(recognizer: Recognizer, samples: np.ndarray, rate: int, chunk: int) -> list[Estimate]:
    stream = recognizer.stream(rate, window=2, hop=0.5)
    return [
        estimate
        for start in range(0, len(samples), chunk)
        for estimate in stream.feed(samples[start : start + chunk])
    ]


def test_estimates_fall_due_every_hop_however_the_audio_arrives(
    recognizer: Recognizer, speech: tuple[np.ndarray, int]
) -> None:
    samples, rate = speech
    samples = np.concatenate([samples, np.zeros(3 * rate, np.float32), samples])
    by_chunk = {
        chunk: listened(recognizer, samples, rate, chunk) for chunk in (160, 4801, len(samples))
    }
    first, *others = by_chunk.values()
    assert [estimate.time for estimate in first] == [
        0.5 * number for number in range(1, 1 + int(2 * len(samples) / rate))
    ]
    assert all(other == first for other in others)
    assert {estimate.speech for estimate in first} == {True, False}
    for estimate in first:
        assert (estimate.emotion is None) == (estimate.probabilities is None)
        assert (estimate.emotion is None) == (not estimate.speech)


def test_estimates_are_smoother_than_their_windows(
    recognizer: Recognizer, speech: tuple[np.ndarray, int]
) -> None:
    samples, rate = speech
    samples = np.tile(samples, 4)
    smoothed = [
        np.array(list(estimate.probabilities.values()))
        for estimate in listened(recognizer, samples, rate, rate)
        if estimate.probabilities
    ]
    windows = [
        recognizer.probabilities(samples[max(0, end - 2 * rate) : end], rate)
        for end in range(rate // 2, len(samples) + 1, rate // 2)
    ]
    assert len(smoothed) > 10
    rough, smooth = (np.abs(np.diff(rows, axis=0)).sum() for rows in (windows, smoothed))
    assert smooth < 0.7 * rough
    np.testing.assert_allclose([row.sum() for row in smoothed], 1)


def test_a_stream_gets_to_know_the_voice_window_by_window(
    recognizer: Recognizer, speech: tuple[np.ndarray, int]
) -> None:
    samples, rate = speech
    samples = np.concatenate([samples, samples])
    plain, adapting = (
        recognizer.stream(rate, window=1, hop=0.5, adapt=adapt).feed(samples)
        for adapt in (False, True)
    )
    whole = [place for place, one in enumerate(plain) if one.speech and one.time >= 1]
    assert adapting[: whole[0] + 1] == plain[: whole[0] + 1], "nothing is known as yet"
    assert adapting[whole[1]] != plain[whole[1]]
    stream = recognizer.stream(rate, window=1, hop=0.5, adapt=True)
    stream.feed(samples)
    assert stream.finish() != recognizer.predict(samples, rate)


def test_finish_answers_for_what_the_buffer_still_holds(
    recognizer: Recognizer, speech: tuple[np.ndarray, int]
) -> None:
    samples, rate = speech
    long = np.tile(samples, 50)
    assert len(long) > 2 * 60 * rate
    stream = recognizer.stream(rate, hop=1000)
    for start in range(0, len(long), 7777):
        stream.feed(long[start : start + 7777])
    assert stream.finish() == recognizer.predict(long[-60 * rate :], rate)
    assert stream.feed(long) == []  # longer than the buffer, in one piece
    assert stream.finish() == recognizer.predict(long[-60 * rate :], rate)
    with pytest.raises(ValueError, match="lasts less than"):
        stream.finish()


def test_memory_stays_the_same_however_long_it_listens(recognizer: Recognizer) -> None:
    stream = recognizer.stream(8000, hop=30)
    chunk = np.random.default_rng(0).normal(0, 0.1, 80000).astype(np.float32)
    for _ in range(13):
        stream.feed(chunk)
    tracemalloc.start()
    for _ in range(60):
        stream.feed(chunk)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 200_000


def test_an_estimate_costs_one_recognition_of_its_window(
    recognizer: Recognizer, speech: tuple[np.ndarray, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    samples, rate = speech
    recognised: list[int] = []
    probabilities = recognizer.probabilities

    def counted(window: np.ndarray, sample_rate: int) -> np.ndarray:
        recognised.append(len(window))
        return probabilities(window, sample_rate)

    monkeypatch.setattr(recognizer, "probabilities", counted)
    stream = recognizer.stream(rate, window=2, hop=0.5)
    chunk = rate // 50
    long = np.tile(samples, 3)
    for start in range(0, len(long), chunk):
        before = len(recognised)
        estimates = stream.feed(long[start : start + chunk])
        assert len(recognised) - before == sum(estimate.speech for estimate in estimates) <= 1
    assert len(recognised) > 5
    assert max(recognised) == 2 * rate


def test_channels_may_come_first_or_cancel_each_other(
    recognizer: Recognizer, speech: tuple[np.ndarray, int]
) -> None:
    samples, rate = speech
    expected = listened(recognizer, samples, rate, 800)
    assert any(estimate.speech for estimate in expected)
    stream = recognizer.stream(rate, window=2)
    opposite = np.stack([samples, -samples])
    given = [
        estimate
        for start in range(0, len(samples), 800)
        for estimate in stream.feed(opposite[:, start : start + 800])
    ]
    assert given == expected
    assert stream.finish() == recognizer.predict(opposite, rate)
    assert recognizer.stream(rate, window=2).feed(samples[None]) == expected


def test_a_stream_that_cannot_be_is_refused(recognizer: Recognizer) -> None:
    with pytest.raises(ValueError, match="window is 90 s: a stream remembers 60 s"):
        recognizer.stream(16000, window=90)
    with pytest.raises(ValueError, match="sample rate of 40 Hz"):
        recognizer.stream(40)


def test_what_is_no_audio_is_reported(recognizer: Recognizer) -> None:
    stream = recognizer.stream(16000)
    with pytest.raises(ValueError, match="expected samples"):
        stream.feed(np.zeros((2, 2, 2)))
    with pytest.raises(ValueError, match="not finite"):
        stream.feed(np.array([np.nan, 0.0]))
