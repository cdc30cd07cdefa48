"""What travels with a model's weights, whether Keras or LiteRT runs them."""

import json
from pathlib import Path
from typing import Any

from pydantic import Field

from speech_emotion.base.errors import PipelineError
from speech_emotion.params.section import Section, check

SETTINGS_FILE = "settings.json"
KERAS_FILE = "model.keras"
LITERT_FILE = "model.tflite"
INT8_FILE = "model_int8.tflite"
"""The files of a model's folder: settings, and the weights as Keras or LiteRT takes them."""

INT8 = "_int8.tflite"
"""Ends the name of a LiteRT file with 8-bit weights."""


def model_file(int8: bool) -> str:
    """The name of the LiteRT file of a network."""
    return INT8_FILE if int8 else LITERT_FILE


def encoder_file(kind: str, int8: bool) -> str:
    """The name of the LiteRT file of the encoder that makes a kind of features."""
    return kind + (INT8 if int8 else ".tflite")


class TrainingSummary(Section):
    """What training came to.

    Attributes
    ----------
    corpora : str
        What trained the model, such as "ravdess" or "synthetic ravdess"; see
        `speech_emotion.data.manifest.corpus_names`.
    epochs, parameters : int
        Epochs run, and the size of the model.
    """

    corpora: str
    epochs: int
    parameters: int

    @property
    def is_synthetic(self) -> bool:
        """Whether recordings that code made were among those that trained the model."""
        return "synthetic" in self.corpora


class ModelSettings(Section):
    """What travels with the weights.

    Attributes
    ----------
    labels : tuple of str
        The emotions in the order of the model's outputs.
    network : str
        The module that turns an utterance into inputs.
    kinds : tuple of str
        The kinds of features that it takes.
    front_end : dict
        The cleaning and feature settings that the training data went through, as featurize wrote
        them.
    temperature : float
        What calibrates the probabilities, 1 where there was nobody to fit it on; see
        `speech_emotion.training.calibration`.
    training : TrainingSummary
        What trained it, and for how long.
    worth : str
        What it scored on people whom it had not heard, in a sentence; empty where its card alone
        says so.
    """

    labels: tuple[str, ...]
    network: str
    kinds: tuple[str, ...]
    front_end: dict[str, Any]
    temperature: float = Field(gt=0)
    training: TrainingSummary
    worth: str = ""


def write_settings(settings: ModelSettings, folder: Path) -> None:
    """Write ``folder/settings.json``."""
    text = json.dumps(settings.model_dump(mode="json"), indent=2)
    (folder / SETTINGS_FILE).write_text(text + "\n", encoding="utf-8")


def read_settings(folder: Path) -> ModelSettings:
    """Read ``folder/settings.json``; raise a `PipelineError` that says what is wrong with it."""
    path = folder / SETTINGS_FILE
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PipelineError(f"{path} does not exist: run `dvc repro train` to make it.") from None
    except ValueError as error:
        raise PipelineError(
            f"{path} is not valid JSON ({error}): run `dvc repro train` to make it anew."
        ) from None
    return check(values, ModelSettings, str(path))
