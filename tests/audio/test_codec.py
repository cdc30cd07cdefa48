"""Audio that can't be used is refused by one kind of error, in a whole sentence."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import tone, wav

from speech_emotion.audio.codec import decode, decode_own, inspect
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
        (lambda: inspect(wav(SILENCE)), "is silent: nothing above -80 dB."),
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
