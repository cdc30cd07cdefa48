"""A voice is told from its recordings, and an emotion is not taken for one."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from speech_emotion.base.errors import PipelineError
from speech_emotion.data.feature_subset import FeatureSubset
from speech_emotion.training.voices import (
    VOICES_FILE,
    KnownVoice,
    Voices,
    read_voices,
    write_voices,
)

LABELS = ("neutral", "happy", "sad", "angry")
VALUES = 60
RECORDINGS = 24
EMOTIONS = 3 * np.random.default_rng(0).normal(size=(len(LABELS), VALUES))
"""What each emotion does to the values, much more than a voice does."""


class Recordings(FeatureSubset):
    """Recordings in memory: by speaker, each of the emotions in turn."""

    def __init__(self, speakers: list[str], seed: int = 1, **columns: object) -> None:
        draw = np.random.default_rng(seed)
        self.labels = LABELS
        self.kinds = ("values",)
        self.voices = draw.normal(size=(len(speakers), VALUES))
        self.voices[:, ::2] = 0  # every other value is the same of all
        emotions = np.tile(np.arange(RECORDINGS) % len(LABELS), len(speakers))
        voice = np.repeat(np.arange(len(speakers)), RECORDINGS)
        noise = draw.normal(size=(len(voice), VALUES))
        self.vectors = (5 + self.voices[voice] + EMOTIONS[emotions] + noise).astype(np.float32)
        self.manifest = pd.DataFrame(
            {
                "corpus": "ours",
                "channel": "speech",
                "variant": "original",
                "speaker": np.array(speakers)[voice],
                "emotion": np.array(LABELS)[emotions],
                **columns,
            }
        )

    def __len__(self) -> int:
        return len(self.vectors)

    def __getitem__(self, position: int) -> dict[str, np.ndarray]:
        return {"values": self.vectors[position]}


SPEAKERS = [f"{number:02}" for number in range(30)]


@pytest.fixture(scope="module")
def voices() -> Voices:
    known = Voices.of(Recordings(SPEAKERS), "values")
    assert known is not None
    return known


def sure(emotions: np.ndarray) -> np.ndarray:
    """Probabilities of a model that is right, and rather sure."""
    return np.where(np.eye(len(LABELS))[emotions] > 0, 0.85, 0.05)


def test_what_differs_between_voices_is_told_from_what_does_not(voices: Voices) -> None:
    np.testing.assert_allclose(voices.between[1::2].mean(), 1, rtol=0.15)
    assert voices.between[::2].mean() < 0.02
    np.testing.assert_allclose(voices.materials[0], 5 + EMOTIONS.mean(axis=0), atol=0.8)
    np.testing.assert_allclose(voices.emotions[0].mean(axis=0), voices.materials[0], atol=1e-6)


def test_more_recordings_tell_more_of_a_voice(voices: Voices) -> None:
    somebody = Recordings(["99"], seed=7)
    voice = somebody.voices[0]
    errors = []
    for count in (0, 4, 12, 24):
        offset = voices.offset(somebody.vectors[:count], sure(np.arange(count) % len(LABELS)))
        assert np.linalg.norm(offset[::2]) <= 0.2 * np.linalg.norm(voice), "these are nobody's own"
        errors.append(np.linalg.norm(offset - voice))
    assert errors[0] == np.linalg.norm(voice)
    assert sorted(errors, reverse=True) == errors
    assert errors[-1] < 0.4 * errors[0]


@pytest.mark.parametrize("emotion", range(len(LABELS)))
def test_the_emotion_of_all_recordings_is_not_taken_for_the_voice(
    voices: Voices, emotion: int
) -> None:
    somebody = Recordings(["99"], seed=7)
    chosen = np.arange(emotion, RECORDINGS, len(LABELS))
    offset = voices.offset(somebody.vectors[chosen], sure(np.full(len(chosen), emotion)))
    assert np.linalg.norm(offset - somebody.voices[0]) < np.linalg.norm(somebody.voices[0])
    mistaken = voices.offset(somebody.vectors[chosen], np.full((len(chosen), 4), 0.25))
    assert np.linalg.norm(offset) < np.linalg.norm(mistaken)


def test_variants_and_speakers_without_a_name_are_left_out(voices: Voices) -> None:
    more = Recordings([*SPEAKERS, "", "noisy"])
    more.vectors[-2 * RECORDINGS :] = 1e6
    more.manifest.loc[more.manifest["speaker"] == "noisy", "variant"] = "noise20"
    found = Voices.of(more, "values")
    assert found is not None
    # the first thirty are drawn alike, their noise is not
    np.testing.assert_allclose(found.materials, voices.materials, atol=1)


def test_a_single_speaker_tells_nothing_of_voices() -> None:
    assert Voices.of(Recordings(["01"]), "values") is None
    assert Voices.of(Recordings(["", "01"]), "values") is None


def test_other_materials_are_compared_with_themselves(voices: Voices) -> None:
    """What all songs have in common is no singer's own."""
    sung = Recordings(SPEAKERS)
    sung.vectors += 40
    both = Recordings(SPEAKERS * 2)
    both.vectors = np.concatenate([Recordings(SPEAKERS).vectors, sung.vectors])
    both.manifest["channel"] = np.repeat(["speech", "song"], len(sung))
    found = Voices.of(both, "values")
    assert found is not None
    singer = Recordings(["99"], seed=7)
    offset = found.offset(singer.vectors + 40, sure(np.arange(RECORDINGS) % len(LABELS)))
    assert np.linalg.norm(offset - singer.voices[0]) < 0.5 * np.linalg.norm(singer.voices[0])


def test_a_known_voice_is_taken_off_its_own_kinds_only(voices: Voices) -> None:
    somebody = Recordings(["99"], seed=7)
    features = [{"values": values, "others": np.ones(2)} for values in somebody.vectors]
    found = list(sure(np.arange(RECORDINGS) % len(LABELS)))
    at_once = KnownVoice().joined_by(features, found, {"values": voices})
    bit_by_bit = KnownVoice()
    for first in range(0, RECORDINGS, 8):
        some = slice(first, first + 8)
        bit_by_bit = bit_by_bit.joined_by(features[some], found[some], {"values": voices})
    given = at_once.taken_off(features[0])
    np.testing.assert_array_equal(given["values"], bit_by_bit.taken_off(features[0])["values"])
    np.testing.assert_array_equal(given["others"], features[0]["others"])
    offset = voices.offset(somebody.vectors, np.stack(found))
    np.testing.assert_allclose(given["values"], features[0]["values"] - offset, atol=1e-5)
    assert KnownVoice().taken_off(features[0]) == features[0]


def test_statistics_are_saved_and_a_damaged_file_is_reported(
    voices: Voices, tmp_path: Path
) -> None:
    assert read_voices(tmp_path) == {}
    write_voices({"values": voices}, tmp_path)
    content = (tmp_path / VOICES_FILE).read_bytes()
    write_voices({"values": voices}, tmp_path)
    assert (tmp_path / VOICES_FILE).read_bytes() == content
    [(kind, again)] = read_voices(tmp_path).items()
    assert kind == "values"
    for name, values in vars(voices).items():
        np.testing.assert_allclose(vars(again)[name], values, rtol=1e-6)
    (tmp_path / VOICES_FILE).write_bytes(content[:1000])
    with pytest.raises(PipelineError, match=r"voices\.npz can't be read .* run `dvc repro`"):
        read_voices(tmp_path)
