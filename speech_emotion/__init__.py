"""Speech emotion recognition: a trained model in three lines, and the pipeline that trains it.

Examples
--------
>>> from speech_emotion import Recognizer
>>> recognizer = Recognizer.load("models/export")
>>> recognizer.predict("recording.wav").emotion
'angry'
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from speech_emotion.base.errors import AudioError, AudioWarning, NoSpeechError, PipelineError
    from speech_emotion.serving.answers import Estimate, Prediction, Window
    from speech_emotion.serving.recognizer import Recognizer
    from speech_emotion.serving.stream import Stream

__all__ = [
    "AudioError",
    "AudioWarning",
    "Estimate",
    "NoSpeechError",
    "PipelineError",
    "Prediction",
    "Recognizer",
    "Stream",
    "Window",
    "__version__",
]
__version__ = "0.2.0"

_MODULES = {
    "AudioError": "base.errors",
    "AudioWarning": "base.errors",
    "NoSpeechError": "base.errors",
    "PipelineError": "base.errors",
    "Estimate": "serving.answers",
    "Prediction": "serving.answers",
    "Window": "serving.answers",
    "Recognizer": "serving.recognizer",
    "Stream": "serving.stream",
}
"""Where each name lies. It is imported when it is asked for: a stage needs little of all this."""


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
