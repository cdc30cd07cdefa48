"""A trained model on disk: the weights and all that prediction must know about them."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import keras
import numpy as np

from stages.lib.errors import PipelineError
from stages.lib.networks.archive import write_model
from stages.lib.networks.network import Features
from stages.lib.networks.prediction import probabilities
from stages.lib.networks.registry import NETWORKS
from stages.lib.params.loader import Section, check

MODEL_FILE = "model.keras"
SETTINGS_FILE = "settings.json"


class TrainingSummary(Section):
    """What training came to."""

    epochs: int
    parameters: int


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
    training : TrainingSummary
        Epochs run and number of parameters.
    """

    labels: tuple[str, ...]
    network: str
    kinds: tuple[str, ...]
    front_end: dict[str, Any]
    training: TrainingSummary


def save(model: keras.Model, settings: ModelSettings, folder: Path) -> None:
    """Write a model and its settings into a folder; equal ones give equal files."""
    write_model(model, folder / MODEL_FILE)
    text = json.dumps(settings.model_dump(mode="json"), indent=2)
    (folder / SETTINGS_FILE).write_text(text + "\n", encoding="utf-8")


class TrainedModel:
    """A saved model, ready to predict.

    Attributes
    ----------
    labels : tuple of str
        The emotions in the order of the columns of `probabilities`.
    network : str
        The network's name.
    kinds : tuple of str
        The kinds of features that an utterance must come with.
    front_end : dict
        The cleaning and feature settings to treat recordings with.
    """

    def __init__(self, model: keras.Model, settings: ModelSettings) -> None:
        self._model = model
        self.labels = settings.labels
        self.network = settings.network
        self.kinds = settings.kinds
        self.front_end = settings.front_end

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        PipelineError
            If a file is missing or damaged, or the network is not one of this version's.
        """
        settings = _read_settings(folder / SETTINGS_FILE)
        if settings.network not in NETWORKS:
            raise PipelineError(
                f"{folder / SETTINGS_FILE} names the network {settings.network!r}, which this "
                f"version does not have (it has {', '.join(NETWORKS)}): run `dvc repro train`, or "
                "use the version that trained the model."
            )
        path = folder / MODEL_FILE
        if not path.is_file():
            raise PipelineError(f"{path} does not exist: run `dvc repro train` to make it.")
        try:
            model = keras.saving.load_model(path, compile=False)
        # Keras lets through whatever its readers of zip, JSON and HDF5 raise
        except Exception as error:
            raise PipelineError(
                f"{path} is not a model that can be loaded ({error}): run `dvc repro train` to "
                "make it anew, or `dvc pull` to fetch it again."
            ) from error
        return cls(model, settings)

    def probabilities(self, utterances: Iterable[Features]) -> np.ndarray:
        """Probability of every label for every utterance, in constant memory.

        Parameters
        ----------
        utterances : iterable of dict
            One utterance's features by kind, as featurize stores them: frames [frames, bands] or
            values [values].

        Returns
        -------
        np.ndarray [shape=(utterances, 8)]
            Each row sums to 1.
        """
        return probabilities(self._model, NETWORKS[self.network], utterances)


def _read_settings(path: Path) -> ModelSettings:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PipelineError(f"{path} does not exist: run `dvc repro train` to make it.") from None
    except ValueError as error:
        raise PipelineError(
            f"{path} is not valid JSON ({error}): run `dvc repro train` to make it anew."
        ) from None
    return check(values, ModelSettings, str(path))
