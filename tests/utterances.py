"""Utterances for tests, which name only what matters to them."""

from typing import Any

from speech_emotion.data.dataset import Utterance


def utterance(**changes: Any) -> Utterance:
    """An utterance as it stands in a manifest, of RAVDESS' actor 2 unless it is changed.

    Parameters
    ----------
    **changes
        Fields with other values. Unless they are given, the id is the source's too, and the shard
        is named after the speaker.
    """
    id = changes.get("id", "03-01-04-01-01-01-02")
    speaker = changes.get("speaker", "02")
    fields = {
        "id": id,
        "source_id": id,
        "variant": "original",
        "corpus": "ravdess",
        "synthetic": False,
        "channel": "speech",
        "speaker": speaker,
        "sex": "female",
        "emotion": "sad",
        "intensity": "normal",
        "statement": "01",
        "repetition": "01",
        "sample_rate": 16000,
        "duration": 1.0,
        "shard": f"{speaker}-000",
    }
    return Utterance(**(fields | changes))
