"""EMO-DB, the Berlin Database of Emotional Speech (10 actors, 7 emotions, German)."""

import re

from speech_emotion.data.dataset import Utterance, published

TITLE = "EMO-DB"
LANGUAGE = "German"
LICENCE = "none named; published for unrestricted use"
NON_COMMERCIAL = False
CITATION = (
    "Burkhardt F, Paeschke A, Rolfes M, Sendlmeier W, Weiss B (2005). A Database of German "
    "Emotional Speech. Interspeech 2005. doi:10.21437/Interspeech.2005-446"
)
PUBLISHED = {"speech": 535}
"""How many recordings of each channel were published."""

TEXTS = ("a01", "a02", "a04", "a05", "a07", "b01", "b02", "b03", "b09", "b10")
"""The codes of the ten sentences."""

_SPEAKERS = {
    "03": ("male", "31"),
    "08": ("female", "34"),
    "09": ("female", "21"),
    "10": ("male", "32"),
    "11": ("male", "26"),
    "12": ("male", "30"),
    "13": ("female", "32"),
    "14": ("female", "35"),
    "15": ("male", "25"),
    "16": ("female", "31"),
}
"""Sex and age of each, in years, as published with the recordings."""

_EMOTIONS = {
    "W": "angry",
    "L": "boredom",
    "E": "disgust",
    "A": "fearful",
    "F": "happy",
    "T": "sad",
    "N": "neutral",
}
"""By the initial of the German word; RAVDESS' words where they mean the same."""

_NAME = re.compile(r"(\d\d)([a-z]\d\d)([A-Z])([a-z])")


def claims(stem: str) -> bool:
    """Whether a file's stem is of the form that this corpus uses, valid or not."""
    return _NAME.fullmatch(stem) is not None


def parse(stem: str, folder: str) -> Utterance:
    """What a published name says.

    Parameters
    ----------
    stem : str
        The file's name without its ending, such as "03a01Fa": speaker, text, emotion, version.
    folder : str
        The name of the folder that the file lies in, which says nothing.

    Raises
    ------
    ValueError
        If the name is not one that was published; the message says what is wrong with it.
    """
    match = _NAME.fullmatch(stem)
    if match is None:
        raise ValueError("is not an EMO-DB name")
    speaker, text, letter, version = match.groups()
    if speaker not in _SPEAKERS:
        raise ValueError(f"speaker {speaker} is not one of {', '.join(_SPEAKERS)}")
    if text not in TEXTS:
        raise ValueError(f"text {text} is not one of {', '.join(TEXTS)}")
    if letter not in _EMOTIONS:
        raise ValueError(f"emotion {letter} is not one of {', '.join(_EMOTIONS)}")
    sex, age = _SPEAKERS[speaker]
    return published(
        id=stem,
        corpus="emodb",
        channel="speech",
        speaker=speaker,
        sex=sex,
        emotion=_EMOTIONS[letter],
        statement=text,
        repetition=version,
        extra={"age": age},
    )
