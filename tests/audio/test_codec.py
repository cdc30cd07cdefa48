"""Audio that can't be used is refused by one kind of error, in a whole sentence."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import tone, wav

from speech_emotion.audio.codec import SILENT, decode, decode_own, inspect, mix_down
from speech_emotion.audio.recordings import as_channels, from_array, opened
from speech_emotion.base.errors import AudioError

SILENCE = np.zeros(16000, np.float32)
BROKEN = np.full(16000, np.nan, np.float32)


def read(path: Path) -> None:
    with opened(path) as recording:
        for _ in recording.blocks:
            pass


@pytest.mark.parametrize(
    ("use", "sentence"),
    [
        (lambda: decode(b"words"), "can't be decoded: "),
        (lambda: decode(wav(tone(1))[:-100]), "is cut short: its header announces more."),
        (lambda: decode_own(b"words"), "can't be decoded: it ends too early."),
        (lambda: inspect(wav(SILENCE)), f"{SILENT}."),
        (lambda: inspect(wav(tone(0.1))), "lasts 0.10 s, less than 0.25 s."),
        (lambda: inspect(wav(tone(61))), "lasts 61.00 s, more than 60 s."),
        (lambda: inspect(wav(tone(2), 500)), "has a sample rate of 500 Hz: expected 1000 Hz or "),
        (lambda: from_array(BROKEN, 16000), "holds samples that are not finite numbers."),
        (lambda: from_array(np.zeros(9, np.uint8), 16000), "has the type uint8 and the shape (9,)"),
        (lambda: from_array(tone(1), 500), "has a sample rate of 500 Hz: expected 1000 Hz or more"),
        (lambda: read(Path("nowhere.wav")), "can't be read: No such file or directory."),
        (lambda: read(Path(__file__)), "can't be decoded: "),
    ],
)
def test_what_is_wrong_is_a_sentence(use: Callable[[], object], sentence: str) -> None:
    with pytest.raises(AudioError) as error:
        use()
    assert str(error.value).startswith(f"The recording {sentence}")
    assert str(error.value).endswith(".")
    assert not str(error.value).endswith("..")


DITHER = np.random.default_rng(0).integers(-1, 2, 16000)
"""What dithered silence holds, in steps of its format."""


@pytest.mark.parametrize(
    ("subtype", "bits"),
    [("PCM_U8", 8), ("PCM_16", 16), ("PCM_24", 24)],
)
def test_silence_is_what_a_format_holds_by_chance(subtype: str, bits: int) -> None:
    step = 2.0 ** (1 - bits)
    for silence in (DITHER * step, DITHER * 0.0 + 64 * step):
        with pytest.raises(AudioError, match="is silent"):
            inspect(wav(silence, subtype=subtype))
    soft = np.rint(tone(1, amplitude=4)) * step  # several steps
    assert inspect(wav(soft, subtype=subtype)).duration == 1
    with opened(io.BytesIO(wav(soft, subtype=subtype))) as recording:
        assert recording.step == step


@pytest.mark.parametrize("offset", [0.0, 0.3])
def test_floating_point_is_silent_only_where_it_holds_no_more(offset: float) -> None:
    soft = offset + tone(1, amplitude=1e-6)
    assert inspect(wav(soft, subtype="FLOAT")).duration == 1
    for silence in (np.full(16000, offset), offset + tone(1, amplitude=5e-9)):
        with pytest.raises(AudioError, match="is silent"):
            inspect(wav(silence, subtype="FLOAT"))
    assert from_array(soft, 16000).step == 0
    assert from_array(DITHER.astype(np.int16), 16000).step == 2**-15


def mixed_in_blocks(content: bytes) -> np.ndarray:
    with opened(io.BytesIO(content)) as recording:
        return np.concatenate(list(recording.blocks))


def test_channels_that_cancel_each_other_are_not_mixed() -> None:
    """The channels differ by noise, which is all that their mean would keep."""
    draw = np.random.default_rng(0)
    voice, noise = tone(3), draw.normal(0, 1e-3, (48000, 2))
    stereo = np.stack([0.8 * voice, -voice], axis=1) + noise + 0.05  # both off centre
    for start in (0, 20000):  # where they begin to cancel
        stereo[:start, 0] *= -1
        content = wav(stereo)
        samples, _ = decode(content)
        expected = samples.mean(axis=1) if start else samples[:, 1]
        np.testing.assert_array_equal(mix_down(samples), expected)
        np.testing.assert_array_equal(mixed_in_blocks(content), expected)
        np.testing.assert_array_equal(
            np.concatenate(list(from_array(samples, 16000).blocks)), expected
        )


@pytest.mark.parametrize("channels", [2, 6])
def test_ordinary_channels_are_mixed_as_ever(channels: int) -> None:
    draw = np.random.default_rng(0)
    for spread in (
        np.eye(channels)[0],  # somebody on one side
        np.ones(channels),
        draw.normal(0, 1, (channels, channels)),
    ):
        sources = np.atleast_2d(spread)
        samples = (draw.normal(0, 0.02, (48000, len(sources))) @ sources).astype(np.float32)
        expected = samples.mean(axis=1, dtype=np.float32)
        np.testing.assert_array_equal(mix_down(samples), expected)
        np.testing.assert_array_equal(mixed_in_blocks(wav(samples, subtype="FLOAT")), expected)


@pytest.mark.parametrize("channels", [1, 2, 8])
def test_arrays_with_channels_first_are_recognised(channels: int) -> None:
    """As librosa and torchaudio give them."""
    samples = np.random.default_rng(0).normal(0, 0.1, (16000, channels)).astype(np.float32)
    np.testing.assert_array_equal(as_channels(samples.T), samples)
    np.testing.assert_array_equal(as_channels(samples), samples)
    assert as_channels(samples[:5]).shape == (5, channels)
    few = samples[: max(16, 4 * channels)]  # a chunk of a sound card
    np.testing.assert_array_equal(as_channels(few.T), few)
    assert from_array(samples.T, 16000).duration == 1


def test_what_can_only_be_read_from_its_start_is_taken() -> None:
    """As GSM within WAV, which telephone systems write: libsndfile does not seek in it."""
    content = wav(tone(1, 8000), 8000, subtype="GSM610")
    samples, rate = decode(content)
    assert (inspect(content).duration, rate) == (len(samples) / 8000, 8000)
    with opened(io.BytesIO(content)) as recording:
        np.testing.assert_array_equal(np.concatenate(list(recording.blocks)), samples[:, 0])


def test_an_array_of_features_is_refused() -> None:
    with pytest.raises(AudioError, match=r"has the shape \(40, 300\): expected samples \[n\]"):
        from_array(np.zeros((40, 300)), 16000)
