"""The head of a model card, in YAML, by which the Hugging Face Hub finds and lists a model.

Its keys are those of https://huggingface.co/docs/hub/model-cards.
"""

from typing import Any

import yaml

from speech_emotion.data.corpora import CORPORA
from speech_emotion.reporting.model_card import SCORES
from speech_emotion.training.model_settings import ModelSettings

LICENCES = {
    "CC BY-NC-SA 4.0": "cc-by-nc-sa-4.0",
    "CC BY-NC-ND 4.0": "cc-by-nc-nd-4.0",
    "ODbL 1.0": "odbl",
}
"""What the Hub calls the licences of the corpora."""

LANGUAGES = {"North American English": "en", "German": "de"}
"""ISO 639-1 codes of what the speakers of the corpora speak."""

METRICS = {"uar": "recall", "accuracy": "accuracy", "macro_f1": "f1"}
"""What the Hub calls our scores."""


def front_matter(metrics: dict[str, Any], settings: ModelSettings) -> str:
    """The block between two lines of ``---``, both included.

    Parameters
    ----------
    metrics : dict
        What evaluate measured.
    settings : ModelSettings
        What travels with the weights.
    """
    names = settings.training.corpora.split(", ")
    known = [CORPORA[name] for name in names if name in CORPORA]
    languages = [LANGUAGES[one.language] for one in known if one.language in LANGUAGES]
    tested = metrics["corpora"]["test"]
    head = {
        **_licence(settings),
        **({"language": sorted(set(languages))} if languages else {}),
        "pipeline_tag": "audio-classification",
        "tags": ["speech-emotion-recognition", "emotion-recognition", "litert"],
        "datasets": names,
        "metrics": list(METRICS.values()),
        "model-index": [
            {
                "name": f"speech-emotion-{settings.network}",
                "results": [
                    {
                        "task": {
                            "type": "audio-classification",
                            "name": "speech emotion recognition",
                        },
                        "dataset": {
                            "type": tested,
                            "name": f"{tested}, test speakers {metrics['test_speakers']}",
                            "split": f"{metrics['protocol']}, fold {metrics['fold']}",
                        },
                        "metrics": [
                            {"type": metric, "name": SCORES[key], "value": round(metrics[key], 4)}
                            for key, metric in METRICS.items()
                        ],
                    }
                ],
            }
        ],
    }
    return f"---\n{yaml.safe_dump(head, sort_keys=False, allow_unicode=True)}---\n"


def _licence(settings: ModelSettings) -> dict[str, str]:
    """That of the recordings, where they have one that the Hub knows; else a word to read on."""
    if settings.training.is_synthetic:
        return {"license": "apache-2.0"}  # the project's own
    names = settings.training.corpora.split(", ")
    licences = {CORPORA[name].licence if name in CORPORA else "" for name in names}
    [*identifiers] = {LICENCES.get(licence, "other") for licence in licences}
    if len(identifiers) == 1 and identifiers != ["other"]:
        return {"license": identifiers[0]}
    return {"license": "other", "license_name": "see-licence-below"}
