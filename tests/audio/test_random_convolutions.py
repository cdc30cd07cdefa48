"""Random convolutions are the same filters everywhere, and blind to what stands still."""

import hashlib

import numpy as np
import pytest

from speech_emotion.audio import random_convolutions as module
from speech_emotion.audio.random_convolutions import (
    DILATIONS,
    PATTERNS,
    TAPS,
    convolution_names,
    convolutions,
)

BANDS, VOICE, COUNT = 26, 6, 84


def tracks(frames: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    values = np.random.default_rng(seed).normal(0, 1, (BANDS + VOICE, frames)).cumsum(axis=1)
    return values[:BANDS].astype(np.float32), values[BANDS:].astype(np.float32)


def weights(dilation: int) -> np.ndarray:
    """The filters of a dilation, [count, taps, tracks]."""
    filters = module._filters(BANDS, VOICE, COUNT)[DILATIONS.index(dilation)]
    return filters.reshape(COUNT, TAPS, BANDS + VOICE)


def written_out(bands: np.ndarray, voice: np.ndarray, dilation: int) -> np.ndarray:
    """The outputs of a dilation's filters over time, tap by tap [count, frames]."""
    frames = np.concatenate([bands, voice])
    last = frames.shape[1] - 1
    outputs = np.zeros((COUNT, last + 1))
    for tap in range(TAPS):
        place = np.clip(np.arange(last + 1) + dilation * (tap - TAPS // 2), 0, last)
        outputs += weights(dilation)[:, tap] @ frames[:, place]
    return outputs


def test_a_trained_model_finds_the_same_filters_in_every_version() -> None:
    signs = np.stack([np.sign(weights(dilation)).astype(np.int8) for dilation in DILATIONS])
    found = hashlib.sha256(signs.tobytes()).hexdigest()
    assert found == "ffb0b073bf1f07ef09df0ef937f9585ccc990191038935a22b301b85846681cb"


def test_values_are_those_of_a_convolution_written_out() -> None:
    bands, voice = tracks(50)
    given = convolutions(bands, voice, COUNT).reshape(len(DILATIONS), 4, COUNT)
    for number, dilation in enumerate(DILATIONS):
        outputs = written_out(bands, voice, dilation)
        shares = [(outputs > threshold).mean(axis=1) for threshold in (-1, 0, 1)]
        # a value within rounding of a threshold may fall on either side of it
        np.testing.assert_allclose(given[number, :3], shares, atol=1 / 50 + 1e-6)
        assert (np.abs(given[number, :3] - shares) < 1e-6).mean() > 0.99
        np.testing.assert_allclose(given[number, 3], outputs.max(axis=1), rtol=1e-4, atol=1e-3)


def test_every_value_has_a_name_that_says_what_it_is() -> None:
    bands, voice = tracks(50)
    given = convolutions(bands, voice, COUNT)
    values = dict(zip(convolution_names(COUNT), given, strict=True))
    assert len(values) == len(given)
    for number, dilation in [(1, 1), (3, 4), (COUNT, 16)]:
        output = written_out(bands, voice, dilation)[number - 1]
        name = f"convolution_{number}.dilation_{dilation}"
        assert values[f"{name}.time_above_0"] == pytest.approx((output > 0).mean(), abs=1e-6)
        assert values[f"{name}.maximum"] == pytest.approx(output.max(), rel=1e-4)


def test_what_stands_still_is_nothing() -> None:
    bands, voice = tracks(80)
    still = np.random.default_rng(1).normal(0, 5, (BANDS + VOICE, 1)).astype(np.float32)
    moved = convolutions(bands + still[:BANDS], voice + still[BANDS:], COUNT)
    given = convolutions(bands, voice, COUNT)
    np.testing.assert_allclose(moved, given, atol=0.03)
    assert np.abs(moved - given).mean() < 1e-3


def test_filters_span_neighbouring_bands_and_some_of_them_a_track_of_the_voice() -> None:
    assert len(PATTERNS) == 84
    with_voice = []
    for dilation in DILATIONS:
        used = (weights(dilation) != 0).any(axis=1)
        for row in used:
            where = np.flatnonzero(row[:BANDS])
            assert 1 <= len(where) <= 5
            assert where[-1] - where[0] == len(where) - 1
        assert used[:, BANDS:].sum(axis=1).max() == 1
        with_voice.append(used[:, BANDS:].any(axis=1).mean())
    assert np.mean(with_voice) == pytest.approx(0.4, abs=0.08)


@pytest.mark.parametrize("frames", [1, 2, 26, 6000])
def test_any_length_has_as_many_finite_values(frames: int) -> None:
    values = convolutions(*tracks(frames), COUNT)
    assert values.shape == (20 * COUNT,)
    assert values.dtype == np.float32
    assert np.isfinite(values).all()
