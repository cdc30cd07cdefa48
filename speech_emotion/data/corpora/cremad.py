"""CREMA-D, the Crowd-sourced Emotional Multimodal Actors Dataset (91 actors, 6 emotions)."""

import re

from speech_emotion.data.dataset import Utterance, published

TITLE = "CREMA-D"
LANGUAGE = "North American English"
LICENCE = "ODbL 1.0"
NON_COMMERCIAL = False
CITATION = (
    "Cao H, Cooper DG, Keutmann MK, Gur RC, Nenkova A, Verma R (2014). CREMA-D: Crowd-sourced "
    "Emotional Multimodal Actors Dataset. IEEE Transactions on Affective Computing 5(4): 377-390. "
    "doi:10.1109/TAFFC.2014.2336244"
)
PUBLISHED = {"speech": 7442}
"""How many recordings of each channel were published."""

SENTENCES = (
    "IEO", "TIE", "IOM", "IWW", "TAI", "MTI", "IWL", "ITH", "DFA", "ITS", "TSI", "WSI",
)  # fmt: skip
"""The codes of the twelve sentences."""

FIRST_ACTOR = 1001
SEXES = (
    "mfffmfffffmffmmmmfmffmmffmmfffmmmmmmfmmmmmfmmffmfmmfffffmfmffmfmmmmmmmmfffffmffmmfmfmmmmfmf"
)
"""Of actors 1001 to 1091, in that order, from VideoDemographics.csv of the publication."""

AGES = tuple(
    """
    51 21 21 42 29 58 38 46 24 27 32 23 22 24 32 61 42 25 29 61 30 22 22 59 48 33 44 57 33 42 31 30
    31 74 48 49 45 21 51 42 42 37 25 40 22 22 22 38 25 62 56 33 35 36 57 52 25 36 21 28 51 56 33 53
    38 25 66 34 27 25 41 33 24 31 40 25 20 21 21 21 30 20 45 46 34 33 62 23 24 50 29
    """.split()  # noqa: SIM905
)
"""The same of their ages, in years."""

_EMOTIONS = {
    "ANG": "angry",
    "DIS": "disgust",
    "FEA": "fearful",
    "HAP": "happy",
    "NEU": "neutral",
    "SAD": "sad",
}
_LEVELS = {"LO": "low", "MD": "medium", "HI": "high", "XX": "", "X": ""}
"""XX is not specified; one name was published with a single X."""

_NAME = re.compile(r"(\d{4})_([A-Z]{3})_([A-Z]{3})_([A-Z]{1,2})", re.IGNORECASE)


def claims(stem: str) -> bool:
    """Whether a file's stem is of the form that this corpus uses, valid or not."""
    return _NAME.fullmatch(stem) is not None


def parse(stem: str, folder: str) -> Utterance:
    """What a published name says.

    Parameters
    ----------
    stem : str
        The file's name without its ending, such as "1001_DFA_ANG_XX": actor, sentence, emotion,
        level.
    folder : str
        The name of the folder that the file lies in, which says nothing.

    Raises
    ------
    ValueError
        If the name is not one that was published; the message says what is wrong with it.
    """
    match = _NAME.fullmatch(stem)
    if match is None:
        raise ValueError("is not a CREMA-D name")
    actor, sentence, emotion, level = match[1], match[2].upper(), match[3].upper(), match[4].upper()
    place = int(actor) - FIRST_ACTOR
    if not 0 <= place < len(SEXES):
        raise ValueError(f"actor {actor} is not one of 1001 to {FIRST_ACTOR + len(SEXES) - 1}")
    if sentence not in SENTENCES:
        raise ValueError(f"sentence {sentence} is not one of {', '.join(SENTENCES)}")
    if emotion not in _EMOTIONS:
        raise ValueError(f"emotion {emotion} is not one of {', '.join(_EMOTIONS)}")
    if level not in _LEVELS:
        raise ValueError(f"level {level} is not one of LO, MD, HI and XX")
    return published(
        id=f"{actor}_{sentence}_{emotion}_{level}",
        corpus="cremad",
        channel="speech",
        speaker=actor,
        sex={"f": "female", "m": "male"}[SEXES[place]],
        emotion=_EMOTIONS[emotion],
        intensity=_LEVELS[level],
        statement=sentence,
        repetition="01",
        extra={"age": AGES[place]},
    )
