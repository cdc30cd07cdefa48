"""Made manifests with the speakers and quirks of both corpora."""

from typing import Any

import pandas as pd
from utterances import utterance

from speech_emotion.data.corpora.ravdess import EMOTIONS
from speech_emotion.data.manifest import COLUMNS

ACTORS = [f"{number:02d}" for number in range(1, 25)]


def rows(
    corpus: str, channel: str, speaker: str, sex: str, emotion: str, take: int, variants: int
) -> list[dict[str, Any]]:
    """One recording and its variants."""
    source = f"{corpus}-{channel}-{emotion}-{take:02d}-{speaker}"
    names = ["original", *(f"pitch{number}" for number in range(variants))]
    return [
        vars(
            utterance(
                id=source if name == "original" else f"{source}_{name}",
                source_id=source,
                variant=name,
                corpus=corpus,
                channel=channel,
                speaker=speaker,
                sex=sex,
                emotion=emotion,
                repetition=f"{take:02d}",
                duration=3.0,
            )
        )
        for name in names
    ]


def miniature(takes: int = 2, variants: int = 1) -> pd.DataFrame:
    """Both corpora with all their speakers, quirks included: no calm in TESS, no song of 18."""
    parts = [
        ("ravdess", channel, actor, "male" if int(actor) % 2 else "female")
        for actor in ACTORS
        for channel in ("speech", "song")
        if (actor, channel) != ("18", "song")
    ] + [("tess", "speech", "25", "female"), ("tess", "speech", "26", "female")]
    return pd.DataFrame(
        [
            row
            for part in parts
            for emotion in EMOTIONS
            if (part[0], emotion) != ("tess", "calm")
            for take in range(takes)
            for row in rows(*part, emotion, take, variants)
        ],
        columns=list(COLUMNS),
    )


MINIATURE = miniature()
