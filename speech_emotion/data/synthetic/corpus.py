"""The embedded corpus: a miniature of RAVDESS and TESS that code makes in seconds.

Which recordings there are, under their published names and with their published quirks; how they
sound is in `voice`.
"""

import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Annotated, Literal

import numpy as np
import soundfile
import soxr
from pydantic import Field

from speech_emotion.data.corpora import ravdess, tess
from speech_emotion.data.corpora.ravdess import EMOTIONS
from speech_emotion.data.synthetic.voice import (
    Floats,
    Speaker,
    make_speaker,
    random_generator,
    utter,
)
from speech_emotion.params.section import Section

STATEMENTS = {
    "01": "k 'ih d z aa r t 'ao k ih ng b ai dh ah d 'ao r",  # Kids are talking by the door
    "02": "d 'ao g z aa r s 'ih t ih ng b ai dh ah d 'ao r",  # Dogs are sitting by the door
}
WORDS = {
    "back": "b 'ae k",
    "bar": "b 'aa r",
    "base": "b 'ei s",
    "bath": "b 'ae th",
    "bite": "b 'ai t",
    "food": "f 'u d",
}
CARRIER = "s ei dh ah w er d"  # Say the word ...

ACTORS = 24
SILENT_SINGER = 18
"""The actor without song recordings."""
SUNG_EMOTIONS = 4
"""How many of the six emotions of song each actor sings, each once."""
STEREO = (
    "03-01-02-01-01-02-01",
    "03-01-08-01-02-02-01",
    "03-01-02-01-02-02-05",
    "03-01-03-01-02-01-20",
    "03-01-06-01-01-02-20",
    "03-02-01-01-01-01-24",
)
"""The recordings that were published with two channels."""

TESS_FOLDERS = {
    "OAF": {
        "angry": "OAF_angry",
        "disgust": "OAF_disgust",
        "fear": "OAF_Fear",
        "happy": "OAF_happy",
        "neutral": "OAF_neutral",
        "ps": "OAF_Pleasant_surprise",
        "sad": "OAF_Sad",
    },
    "YAF": {
        "angry": "YAF_angry",
        "disgust": "YAF_disgust",
        "fear": "YAF_fear",
        "happy": "YAF_happy",
        "neutral": "YAF_neutral",
        "ps": "YAF_pleasant_surprised",
        "sad": "YAF_sad",
    },
}
"""The folder of each speaker's emotions, as irregular as published."""
TESS_WORDS = {"OAF": ("back", "bite", "food"), "YAF": ("bar", "base", "bath")}
MISNAMED = {"OAF_bite_neutral": "OA_bite_neutral"}
ODD_RATES = {"OAF_food_fear": 96_000}  # Hz
RAVDESS_RATE, TESS_RATE = 48_000, 24_414  # Hz
VOICE_RATE = 24_000  # Hz, of the voice before it is brought to a higher rate

RAVDESS_PAUSE = (0.35, 0.7)  # s of room before and after the voice, from and to
TESS_PAUSE = (0.06, 0.18)  # s
ROOM_SPREAD = 2.0  # dB, standard deviation of the room's noise between speakers
ROOM_SMOOTHING = 6  # samples of the weighted average that makes the room's noise dull
HUM, HUM_LEVEL = 60.0, -6.0  # Hz of the mains, and dB against the room's noise
SECOND_CHANNEL = -0.5  # dB, gain of the second channel of a stereo recording
PEAK = 10 ** (-1.5 / 20)  # full scale is 1; the engineer turns down what would go above


class SyntheticSettings(Section):
    """What ``data/synthetic.yaml`` says.

    Attributes
    ----------
    seed : int
        Another seed, other speakers.
    takes : int
        Speech recordings of each emotion by each RAVDESS-like actor.
    room_noise : float
        Level of the room's noise, in dBFS RMS.
    """

    source: Literal["synthetic"]
    seed: Annotated[int, Field(ge=0)]
    takes: Annotated[int, Field(ge=1, le=4)]
    room_noise: Annotated[float, Field(ge=-90, le=-30)]


@dataclass(frozen=True)
class SyntheticRecording:
    """A recording that is made when it is read; its bytes depend on settings and name alone."""

    name: str
    settings: SyntheticSettings

    @property
    def size(self) -> int:
        """About that of the file, in bytes: of 16-bit audio of a typical length."""
        spoken_like_tess = self.name.startswith("TESS/")
        rate, duration = (TESS_RATE, 1.7) if spoken_like_tess else (RAVDESS_RATE, 3.5)
        return round(2 * rate * duration)

    def read(self) -> bytes:
        """The WAV file, 16 bit."""
        stem, folder = PurePosixPath(self.name).stem, PurePosixPath(self.name).parent.name
        draw = random_generator(self.settings.seed, self.name)
        if ravdess.claims(stem):
            utterance = ravdess.parse(stem, folder)
            phones, rate, voice_rate = STATEMENTS[utterance.statement], RAVDESS_RATE, VOICE_RATE
            pause = RAVDESS_PAUSE
        else:
            utterance = tess.parse(stem, folder)
            phones = f"{CARRIER} {WORDS[utterance.statement]}"
            rate = ODD_RATES.get(stem, TESS_RATE)
            voice_rate = VOICE_RATE if stem in ODD_RATES else TESS_RATE
            pause = TESS_PAUSE
        speaker = _speaker(utterance.speaker, utterance.sex, self.settings.seed)
        # TESS has one intensity, which is played to the full
        strong = utterance.corpus == "tess" or utterance.intensity == "strong"
        voice = utter(
            speaker,
            utterance.emotion,
            "strong" if strong else "normal",
            phones,
            sung=utterance.channel == "song",
            sample_rate=voice_rate,
            draw=draw,
        )
        before, after = (round(seconds * voice_rate) for seconds in draw.uniform(*pause, 2))
        voice = np.pad(voice, (before, after))
        channels = [voice]
        if stem in STEREO:
            channels.append(voice * 10 ** (SECOND_CHANNEL / 20))
        level = self.settings.room_noise + ROOM_SPREAD * _room(speaker, self.settings.seed)
        sound = np.stack([c + _noise(level, len(c), voice_rate, draw) for c in channels], axis=1)
        if rate != voice_rate:
            sound = soxr.resample(sound, voice_rate, rate)
        sound *= min(1.0, PEAK / np.abs(sound).max())
        file = io.BytesIO()
        soundfile.write(file, sound, rate, format="WAV", subtype="PCM_16")
        return file.getvalue()


def recordings(settings: SyntheticSettings) -> list[SyntheticRecording]:
    """Every recording of the corpus, sorted by name; nothing is made before it is read."""
    names = {*_speech(settings.takes), *_song(), *STEREO}
    paths = [_ravdess_path(name) for name in names] + _tess_paths()
    return [SyntheticRecording(path, settings) for path in sorted(paths)]


def _speech(takes: int) -> list[str]:
    """Names of RAVDESS-like speech: intensities alternate, statements and repetitions rotate."""
    variety = [("01", "01"), ("02", "01"), ("01", "02"), ("02", "02")]
    names = []
    for actor in range(1, ACTORS + 1):
        for place, emotion in enumerate(EMOTIONS):
            for take in range(takes):
                intensity = "strong" if take % 2 and emotion != "neutral" else "normal"
                said = variety[(actor + place + take) % len(variety)]
                names.append(
                    ravdess.recording_id("speech", emotion, intensity, *said, f"{actor:02d}")
                )
    return names


def _song() -> list[str]:
    """Names of RAVDESS-like song: every singer has some of the emotions that song has."""
    sung = EMOTIONS[:6]
    names = []
    for actor in range(1, ACTORS + 1):
        if actor == SILENT_SINGER:
            continue
        for turn in range(SUNG_EMOTIONS):
            emotion = sung[(actor + turn) % len(sung)]
            intensity = "strong" if turn % 2 and emotion != "neutral" else "normal"
            statement = "01" if (actor + turn // 2) % 2 else "02"
            names.append(
                ravdess.recording_id("song", emotion, intensity, statement, "01", f"{actor:02d}")
            )
    return names


def _ravdess_path(name: str) -> str:
    channel = "Song" if name.startswith("03-02") else "Speech"
    return f"Audio_{channel}_Actors_01-24/Actor_{name[-2:]}/{name}.wav"


def _tess_paths() -> list[str]:
    stems = {
        f"{speaker}_{word}_{label}": folder
        for speaker, folders in TESS_FOLDERS.items()
        for label, folder in folders.items()
        for word in TESS_WORDS[speaker]
    }
    return [f"TESS/{folder}/{MISNAMED.get(stem, stem)}.wav" for stem, folder in stems.items()]


@lru_cache
def _speaker(name: str, sex: str, seed: int) -> Speaker:
    return make_speaker(name, sex, seed)


def _room(speaker: Speaker, seed: int) -> float:
    """How much noisier than usual the speaker's room is, in standard deviations."""
    return float(random_generator(seed, f"room {speaker.name}").standard_normal())


def _noise(level: float, length: int, sample_rate: int, draw: np.random.Generator) -> Floats:
    """The sound of a room: dull noise and the hum of the mains [shape=(length,)]."""
    white = draw.standard_normal(length + ROOM_SMOOTHING - 1)
    smoothing = np.hanning(ROOM_SMOOTHING)
    dull = np.convolve(white, smoothing / np.linalg.norm(smoothing), mode="valid")
    phase = 2 * np.pi * (HUM * np.arange(length) / sample_rate + draw.uniform())
    hum = np.sqrt(2) * 10 ** (HUM_LEVEL / 20) * np.sin(phase)
    return np.asarray(10 ** (level / 20) * (dull + hum))
