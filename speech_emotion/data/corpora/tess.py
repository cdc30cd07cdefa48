"""TESS, the Toronto Emotional Speech Set (2 women, 200 carrier words, 7 emotions)."""

import re

from speech_emotion.data.corpora.ravdess import recording_id
from speech_emotion.data.dataset import Utterance, published

TITLE = "TESS"
LANGUAGE = "North American English"
LICENCE = "CC BY-NC-ND 4.0"
NON_COMMERCIAL = True
CITATION = (
    "Pichora-Fuller MK, Dupuis K (2020). Toronto Emotional Speech Set (TESS). Borealis, V1. "
    "doi:10.5683/SP2/E8H2MF"
)
PUBLISHED = {"speech": 2800}
"""How many recordings of each channel were published."""

WORDS = tuple(
    """
    back bar base bath bean beg bite boat bone book bought burn cab calm came cause chain chair
    chalk chat check cheek chief choice cool dab date dead death deep dime dip ditch dodge dog doll
    door fail fall far fat fit five food gap gas gaze germ get gin goal good goose gun half hall
    hash hate have haze hire hit hole home hurl hush jail jar join judge jug juice keen keep keg
    kick kill king kite knock late laud lean learn lease lid life limb live loaf long lore lose lot
    love luck make match merge mess met mill mob mode mood moon mop mouse nag name near neat nice
    note numb pad page pain pass pearl peg perch phone pick pike pole pool puff rag raid rain raise
    rat reach read red ring ripe road room rose rot rough rush said sail search seize sell shack
    shall shawl sheep shirt should shout size soap soup sour south sub such sure take talk tape team
    tell thin third thought thumb time tip tire ton tool tough turn vine voice void vote wag walk
    wash week wheat when which whip white wife wire witch yearn yes young youth
    """.split()  # noqa: SIM905
)
"""The 200 carrier words ("Say the word ..."), in alphabetical order."""

_ACTORS = {"YAF": "25", "OAF": "26"}
_EMOTIONS = {
    "angry": "angry",
    "disgust": "disgust",
    "fear": "fearful",
    "happy": "happy",
    "neutral": "neutral",
    "ps": "surprised",
    "sad": "sad",
}
_MISNAMED = {"OA_bite_neutral": "OAF"}
"""Published names that lack a letter of their speaker, and the speaker that they belong to."""

_NAME = re.compile(r"([a-z]+)_([a-z]+)_([a-z]+)", re.IGNORECASE)
_FOLDER = re.compile(r"(OAF|YAF)_.+", re.IGNORECASE)


def claims(stem: str) -> bool:
    """Whether a file's stem is of the form that this corpus uses, valid or not."""
    return _NAME.fullmatch(stem) is not None


def parse(stem: str, folder: str) -> Utterance:
    """What a published name says, whatever its letter case.

    Parameters
    ----------
    stem : str
        The file's name without its ending, such as "OAF_back_fear".
    folder : str
        The name of the folder that the file lies in; where it names a speaker, it must be the
        file's. Its emotion is not read: folders are irregular in wording, file names are not.

    Raises
    ------
    ValueError
        If the name is not one that was published; the message says what is wrong with it.
    """
    match = _NAME.fullmatch(stem)
    if match is None:
        raise ValueError("is not a TESS name")
    prefix, word, label = match[1].upper(), match[2].lower(), match[3].lower()
    name = f"{prefix}_{word}_{label}"
    speaker = _MISNAMED.get(name, prefix)
    if speaker not in _ACTORS:
        raise ValueError(f"speaker {prefix} is neither OAF nor YAF")
    if word not in WORDS:
        raise ValueError(f"{word!r} is not one of the 200 carrier words")
    if label not in _EMOTIONS:
        raise ValueError(f"emotion {label!r} is not one of {', '.join(_EMOTIONS)}")
    place = _FOLDER.fullmatch(folder)
    if place and place.group(1).upper() != speaker:
        raise ValueError(f"the name says speaker {speaker}, the folder {folder}")
    return published(
        id=name,
        corpus="tess",
        channel="speech",
        speaker=speaker,
        sex="female",
        emotion=_EMOTIONS[label],
        intensity="normal",
        statement=word,
        repetition="01",
    )


def merged(utterance: Utterance) -> tuple[str, str, str]:
    """RAVDESS-style id, speaker and statement of an utterance in the merged dataset.

    YAF is actor 25, OAF actor 26; the statement is 100 + the 1-based place of the carrier word
    among `WORDS`. A bijection that never depends on which files are present.
    """
    actor = _ACTORS[utterance.speaker]
    statement = str(100 + WORDS.index(utterance.statement) + 1)
    identity = recording_id(
        utterance.channel,
        utterance.emotion,
        utterance.intensity,
        statement,
        utterance.repetition,
        actor,
    )
    return identity, actor, statement
