"""A trained model on disk: the weights and all that prediction must know about them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Self

import numpy as np

from speech_emotion import networks
from speech_emotion.base.errors import PipelineError
from speech_emotion.base.quiet_keras import keras
from speech_emotion.networks import Features
from speech_emotion.training.archive import write_model
from speech_emotion.training.calibration import calibrated
from speech_emotion.training.model_settings import (
    KERAS_FILE,
    SETTINGS_FILE,
    ModelSettings,
    read_settings,
    write_settings,
)
from speech_emotion.training.prediction import probabilities


def save(model: keras.Model, settings: ModelSettings, folder: Path) -> None:
    """Write a model and its settings into a folder; equal ones give equal files."""
    write_model(model, folder / KERAS_FILE)
    write_settings(settings, folder)


class TrainedModel:
    """A saved model, ready to predict.

    Attributes
    ----------
    model : keras.Model
        The network: inputs by kind to probabilities, not yet calibrated.
    labels : tuple of str
        The emotions in the order of the columns of `probabilities`.
    network : str
        The network's name.
    kinds : tuple of str
        The kinds of features that an utterance must come with.
    front_end : dict
        The cleaning and feature settings to treat recordings with.
    temperature : float
        What calibrates the probabilities.
    corpora : str
        What trained it, such as "ravdess" or "synthetic ravdess".
    worth : str
        What it scored on people whom it had not heard, if the model comes with that.
    """

    def __init__(self, model: keras.Model, settings: ModelSettings) -> None:
        self.model = model
        self.labels = settings.labels
        self.network = settings.network
        self.kinds = settings.kinds
        self.front_end = settings.front_end
        self.temperature = settings.temperature
        self.corpora = settings.training.corpora
        self.worth = settings.worth

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        PipelineError
            If a file is missing or damaged, or the network is not one of this version's.
        """
        settings = read_settings(folder)
        if settings.network not in networks.NAMES:
            raise PipelineError(
                f"{folder / SETTINGS_FILE} names the network {settings.network!r}, which this "
                f"version does not have (it has {', '.join(networks.NAMES)}): run `dvc repro "
                "train`, or use the version that trained the model."
            )
        path = folder / KERAS_FILE
        if not path.is_file():
            raise PipelineError(f"{path} does not exist: run `dvc repro train` to make it.")
        # what saved models may contain is registered when it is imported
        from speech_emotion.networks.parts import augmentation, layers  # noqa: F401

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
        """Calibrated probability of every label for every utterance, in constant memory.

        Parameters
        ----------
        utterances : iterable of dict
            One utterance's features by kind, as featurize stores them: frames [frames, bands] or
            values [values].

        Returns
        -------
        np.ndarray [shape=(utterances, labels)]
            Each row sums to 1.
        """
        raw = probabilities(self.model, networks.find(self.network, self.kinds), utterances)
        return calibrated(raw, self.temperature)
