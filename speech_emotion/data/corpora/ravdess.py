"""RAVDESS, the Ryerson Audio-Visual Database of Emotional Speech and Song (24 actors)."""

import re

from speech_emotion.data.dataset import Utterance, published

TITLE = "RAVDESS"
LANGUAGE = "North American English"
LICENCE = "CC BY-NC-SA 4.0"
NON_COMMERCIAL = True
CITATION = (
    "Livingstone SR, Russo FA (2018). The Ryerson Audio-Visual Database of Emotional Speech and "
    "Song (RAVDESS). PLoS ONE 13(5): e0196391. doi:10.1371/journal.pone.0196391"
)
PUBLISHED = {"speech": 1440, "song": 1012}
"""How many recordings of each channel were published (Zenodo record 1188976)."""

EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
"""In the order of their codes 01 to 08."""

_CHANNELS = {"01": "speech", "02": "song"}
_INTENSITIES = {"01": "normal", "02": "strong"}
_EMOTION_CODES = {emotion: f"{code:02d}" for code, emotion in enumerate(EMOTIONS, start=1)}
_SONG_EMOTIONS = EMOTIONS[:6]
_NAME = re.compile(r"(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)")
_FOLDER = re.compile(r"actor_(\d\d)", re.IGNORECASE)


def recording_id(
    channel: str, emotion: str, intensity: str, statement: str, repetition: str, actor: str
) -> str:
    """The RAVDESS-style id: modality-channel-emotion-intensity-statement-repetition-actor."""
    channel_code = next(code for code, name in _CHANNELS.items() if name == channel)
    intensity_code = next(code for code, name in _INTENSITIES.items() if name == intensity)
    emotion_code = _EMOTION_CODES[emotion]
    return f"03-{channel_code}-{emotion_code}-{intensity_code}-{statement}-{repetition}-{actor}"


def claims(stem: str) -> bool:
    """Whether a file's stem is of the form that this corpus uses, valid or not."""
    return _NAME.fullmatch(stem) is not None


def parse(stem: str, folder: str) -> Utterance:
    """What a published name says.

    Parameters
    ----------
    stem : str
        The file's name without its ending, such as "03-01-06-01-02-01-12".
    folder : str
        The name of the folder that the file lies in; where it names an actor, it must be the
        file's.

    Raises
    ------
    ValueError
        If the name is not one that was published; the message says what is wrong with it.
    """
    match = _NAME.fullmatch(stem)
    if match is None:
        raise ValueError("is not a RAVDESS name")
    modality, channel, emotion_code, intensity, statement, repetition, actor = match.groups()
    if modality != "03":
        raise ValueError(f"modality {modality} is not audio only (03)")
    if channel not in _CHANNELS:
        raise ValueError(f"channel {channel} is neither speech (01) nor song (02)")
    if not 1 <= int(emotion_code) <= len(EMOTIONS):
        raise ValueError(f"emotion {emotion_code} is not one of 01 to 08")
    emotion = EMOTIONS[int(emotion_code) - 1]
    if channel == "02" and emotion not in _SONG_EMOTIONS:
        raise ValueError(f"song was not published with emotion {emotion_code} ({emotion})")
    if intensity not in _INTENSITIES:
        raise ValueError(f"intensity {intensity} is neither normal (01) nor strong (02)")
    if emotion == "neutral" and intensity == "02":
        raise ValueError("neutral was not published with strong intensity (02)")
    if statement not in ("01", "02"):
        raise ValueError(f"statement {statement} is neither 01 nor 02")
    if repetition not in ("01", "02"):
        raise ValueError(f"repetition {repetition} is neither 01 nor 02")
    if not 1 <= int(actor) <= 24:
        raise ValueError(f"actor {actor} is not one of 01 to 24")
    place = _FOLDER.fullmatch(folder)
    if place and place.group(1) != actor:
        raise ValueError(f"the name says actor {actor}, the folder {folder}")
    return published(
        id=stem,
        corpus="ravdess",
        channel=_CHANNELS[channel],
        speaker=actor,
        sex="female" if int(actor) % 2 == 0 else "male",
        emotion=emotion,
        intensity=_INTENSITIES[intensity],
        statement=statement,
        repetition=repetition,
    )


def merged(utterance: Utterance) -> tuple[str, str, str]:
    """Id, speaker and statement in the merged dataset: RAVDESS keeps its own."""
    return utterance.id, utterance.speaker, utterance.statement
