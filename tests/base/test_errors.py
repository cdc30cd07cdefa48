"""Errors are whole sentences that name what is wrong."""

import pickle

import pytest

from speech_emotion.base.errors import AudioError, naming


def test_an_audio_error_is_a_sentence_about_its_subject() -> None:
    error = AudioError("is cut short: its header announces more")
    assert isinstance(error, ValueError)
    assert str(error) == "The recording is cut short: its header announces more."
    sentence = r"^call\.wav is cut short: its header announces more\.$"
    with pytest.raises(AudioError, match=sentence) as named, naming("call.wav"):
        raise error
    assert named.value.fault == error.fault


def test_what_a_library_says_with_a_full_stop_gets_no_second_one() -> None:
    assert str(AudioError("can't be decoded: No.", "call.wav")) == "call.wav can't be decoded: No."


def test_an_audio_error_comes_whole_out_of_a_worker() -> None:
    error = pickle.loads(pickle.dumps(AudioError("is silent", "call.wav")))
    assert isinstance(error, AudioError)
    assert (error.fault, error.subject) == ("is silent", "call.wav")
    assert str(error) == "call.wav is silent."


def test_other_errors_keep_their_own_words() -> None:
    with pytest.raises(ZeroDivisionError, match=r"^division by zero$"), naming("call.wav"):
        raise ZeroDivisionError("division by zero")
