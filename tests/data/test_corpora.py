"""Every published name says what it says, each is known by one corpus, and bad ones say why."""

from collections import Counter
from itertools import product

import pytest

from speech_emotion.data.corpora import CORPORA, cremad, emodb, ravdess, tess

NAMES = {
    "ravdess": [
        f"03-{channel}-{emotion:02d}-01-{statement}-{take}-{actor:02d}"
        for channel, emotions in (("01", 8), ("02", 6))
        for emotion in range(1, emotions + 1)
        for statement in ("01", "02")
        for take in ("01", "02")
        for actor in range(1, 25)
    ],
    "tess": [
        f"{speaker}_{word}_{emotion}"
        for speaker in ("OAF", "YAF")
        for word in tess.WORDS
        for emotion in ("angry", "disgust", "fear", "happy", "neutral", "ps", "sad")
    ],
    "emodb": [
        f"{speaker}{text}{emotion}{version}"
        for speaker in ("03", "08", "09", "10", "11", "12", "13", "14", "15", "16")
        for text in emodb.TEXTS
        for emotion in "WLEAFTN"
        for version in "abcdef"
    ],
    "cremad": [
        f"{actor}_{sentence}_{emotion}_{level}"
        for actor in range(1001, 1092)
        for sentence in cremad.SENTENCES
        for emotion in ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD")
        for level in ("LO", "MD", "HI", "XX")
    ],
}


def test_there_are_names_of_every_corpus() -> None:
    assert set(NAMES) == set(CORPORA)


@pytest.mark.parametrize(("corpus", "other"), product(NAMES, NAMES))
def test_every_name_is_claimed_by_its_own_corpus_alone(corpus: str, other: str) -> None:
    assert all(CORPORA[other].claims(name) == (corpus == other) for name in NAMES[corpus])


@pytest.mark.parametrize("corpus", NAMES)
def test_names_are_read_one_to_one(corpus: str) -> None:
    parsed = [CORPORA[corpus].parse(name, "wav") for name in NAMES[corpus]]
    assert {one.corpus for one in parsed} == {corpus}
    assert len({one.id for one in parsed}) == len(parsed)
    assert set(CORPORA[corpus].published) == {one.channel for one in parsed}


@pytest.mark.parametrize(
    ("name", "speaker", "sex", "age", "emotion", "statement", "repetition"),
    [  # as in the published file names
        ("03a01Fa", "03", "male", "31", "happy", "a01", "a"),
        ("03a01Nc", "03", "male", "31", "neutral", "a01", "c"),
        ("08b09Ta", "08", "female", "34", "sad", "b09", "a"),
        ("09a04Wa", "09", "female", "21", "angry", "a04", "a"),
        ("10a05Aa", "10", "male", "32", "fearful", "a05", "a"),
        ("16b10Lb", "16", "female", "31", "boredom", "b10", "b"),
        ("14a07Ea", "14", "female", "35", "disgust", "a07", "a"),
    ],
)
def test_emodb(
    name: str, speaker: str, sex: str, age: str, emotion: str, statement: str, repetition: str
) -> None:
    one = emodb.parse(name, "wav")
    assert (one.id, one.channel, one.intensity) == (name, "speech", "")
    assert (one.speaker, one.sex, one.emotion) == (speaker, sex, emotion)
    assert (one.statement, one.repetition, one.extra) == (statement, repetition, {"age": age})


@pytest.mark.parametrize(
    ("name", "sex", "age", "emotion", "intensity"),
    [
        ("1001_DFA_ANG_XX", "male", "51", "angry", ""),
        ("1002_IEO_DIS_LO", "female", "21", "disgust", "low"),
        ("1034_IEO_FEA_MD", "male", "74", "fearful", "medium"),
        ("1091_IEO_HAP_HI", "female", "29", "happy", "high"),
        ("1040_ITH_SAD_X", "male", "42", "sad", ""),
    ],
)
def test_cremad(name: str, sex: str, age: str, emotion: str, intensity: str) -> None:
    one = cremad.parse(name, "AudioWAV")
    assert (one.id, one.speaker, one.statement) == (name, name[:4], name[5:8])
    assert (one.sex, one.extra, one.emotion, one.intensity) == (
        sex,
        {"age": age},
        emotion,
        intensity,
    )


def test_cremad_has_the_published_women_and_men() -> None:
    speakers = {one.speaker: one.sex for one in (cremad.parse(n, "") for n in NAMES["cremad"])}
    assert Counter(speakers.values()) == {"male": 48, "female": 43}
    ages = sorted({int(one) for one in cremad.AGES})
    assert (len(cremad.AGES), ages[0], ages[-1]) == (91, 20, 74)


@pytest.mark.parametrize(
    ("corpus", "name", "reported"),
    [
        ("emodb", "04a01Fa", "speaker 04 is not one of 03, 08"),
        ("emodb", "03a03Fa", "text a03 is not one of a01"),
        ("emodb", "03a01Xa", "emotion X is not one of W, L, E, A, F, T, N"),
        ("cremad", "1092_DFA_ANG_XX", "actor 1092 is not one of 1001 to 1091"),
        ("cremad", "1001_DFB_ANG_XX", "sentence DFB is not one of IEO"),
        ("cremad", "1001_DFA_JOY_XX", "emotion JOY is not one of ANG"),
        ("cremad", "1001_DFA_ANG_AB", "level AB is not one of LO, MD, HI and XX"),
    ],
)
def test_a_name_that_nobody_published_says_what_is_wrong(
    corpus: str, name: str, reported: str
) -> None:
    assert CORPORA[corpus].claims(name)
    with pytest.raises(ValueError, match=reported):
        CORPORA[corpus].parse(name, "wav")


def test_words_for_emotions_meet_where_they_mean_the_same() -> None:
    words = {
        corpus: {CORPORA[corpus].parse(name, "wav").emotion for name in names}
        for corpus, names in NAMES.items()
    }
    assert words["ravdess"] == set(ravdess.EMOTIONS)
    assert words["tess"] == set(ravdess.EMOTIONS) - {"calm"}
    assert words["emodb"] == set(ravdess.EMOTIONS) - {"calm", "surprised"} | {"boredom"}
    assert words["cremad"] == set(ravdess.EMOTIONS) - {"calm", "surprised"}
