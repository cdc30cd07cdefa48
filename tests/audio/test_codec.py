"""Audio that can't be used is refused by one kind of error, in a whole sentence."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import tone, wav

from speech_emotion.audio.codec import SILENT, decode, decode_own, inspect
from speech_emotion.audio.recordings import from_array, opened
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


@pytest.mark.parametrize("offset", [0, 0.3])
def test_floating_point_is_silent_only_where_it_holds_no_more(offset: float) -> None:
    soft = offset + tone(1, amplitude=1e-6)
    assert inspect(wav(soft, subtype="FLOAT")).duration == 1
    for silence in (np.full(16000, offset), offset + tone(1, amplitude=5e-9)):
        with pytest.raises(AudioError, match="is silent"):
            inspect(wav(silence, subtype="FLOAT"))
    assert from_array(soft, 16000).step == 0
    assert from_array(DITHER.astype(np.int16), 16000).step == 2**-15
