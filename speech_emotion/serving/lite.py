"""An exported model on LiteRT: what `TrainedModel` is to Keras, without Keras."""

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Self

import numpy as np

from speech_emotion import networks
from speech_emotion.base.errors import PipelineError
from speech_emotion.base.litert import interpreter
from speech_emotion.networks import Features
from speech_emotion.training.calibration import calibrated
from speech_emotion.training.model_settings import (
    SETTINGS_FILE,
    ModelSettings,
    model_file,
    read_settings,
)


class LiteModel:
    """A LiteRT model with its settings, ready to predict on one core.

    It may be used from several threads; they wait for each other.

    Parameters
    ----------
    path : Path
        The ``.tflite`` file: one signature, a segment of the utterance in (each kind of features
        [1, ...]), the probabilities of the labels out [1, k].
    settings : ModelSettings
        What travels with the weights.

    Raises
    ------
    PipelineError
        If the file is no LiteRT model.
    """

    def __init__(self, path: Path, settings: ModelSettings) -> None:
        self.labels = settings.labels
        self.network = settings.network
        self.kinds = settings.kinds
        self.front_end = settings.front_end
        self.temperature = settings.temperature
        self.corpora = settings.training.corpora
        self.worth = settings.worth
        self._inputs = networks.find(settings.network, settings.kinds).inputs
        self._turn = threading.Lock()
        self._interpreter = interpreter(path)
        self._run = self._interpreter.get_signature_runner()

    @classmethod
    def load(cls, folder: Path, int8: bool = False) -> Self:
        """Read what the export stage wrote, with float32 or 8-bit weights.

        Raises
        ------
        PipelineError
            If a file is missing or damaged, or the network is not one of this version's.
        """
        settings = read_settings(folder)
        if settings.network not in networks.NAMES:
            raise PipelineError(
                f"{folder / SETTINGS_FILE} names the network {settings.network!r}, which this "
                f"version does not have (it has {', '.join(networks.NAMES)}): use the version "
                "that exported the model."
            )
        return cls(folder / model_file(int8), settings)

    def probabilities(self, utterances: Iterable[Features]) -> np.ndarray:
        """Calibrated probability of every label for every utterance.

        Parameters
        ----------
        utterances : iterable of dict
            One utterance's features by kind, as featurize stores them.

        Returns
        -------
        np.ndarray [shape=(utterances, k)]
            Each row sums to 1.
        """
        with self._turn:
            rows = [self._mean(self._inputs(utterance)) for utterance in utterances]
        raw = np.array(rows).reshape(-1, len(self.labels))
        return calibrated(raw, self.temperature)

    def _mean(self, segments: Features) -> np.ndarray:
        """The mean output over the segments of an utterance [k]."""
        total = np.zeros(len(self.labels))
        for place in range(len(segments[self.kinds[0]])):
            one = {
                kind: segments[kind][place : place + 1].astype(np.float32) for kind in self.kinds
            }
            [output] = self._run(**one).values()
            total += output[0]
        return total / total.sum()
