"""What happens between the batches and epochs of a training."""

from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, log_loss, recall_score

from speech_emotion.base.errors import PipelineError
from speech_emotion.base.quiet_keras import keras
from speech_emotion.data.feature_subset import FeatureSubset
from speech_emotion.networks import Network
from speech_emotion.training.prediction import probabilities


class WeightAverage(keras.callbacks.Callback):  # type: ignore[misc]
    """Keeps a moving average of all weights, batch statistics included, and shows it after epochs.

    Keras' own ``use_ema`` leaves the statistics of batch normalisation out, which then belong to
    other weights than the averaged ones. From the end of an epoch to the beginning of the next
    the model holds the averages, and so it does after the last: what validation measures is what
    is saved. As in `tf.train.ExponentialMovingAverage`, the first batches use a smaller decay, so
    that the initial weights fade however short the training.

    Parameters
    ----------
    decay : float
        The share of the average that a batch keeps.
    """

    def __init__(self, decay: float) -> None:
        super().__init__()
        self.decay = decay
        self._batches = 0
        self._averages: list[np.ndarray] = []
        self._trained: list[np.ndarray] = []

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._averages = [np.array(weight) for weight in self.model.get_weights()]

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._batches += 1
        decay = min(self.decay, (1 + self._batches) / (10 + self._batches))
        for average, weight in zip(self._averages, self.model.get_weights(), strict=True):
            average += (1 - decay) * (weight - average)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._trained = self.model.get_weights()
        self.model.set_weights(self._averages)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self._trained:
            self.model.set_weights(self._trained)


class Validation(keras.callbacks.Callback):  # type: ignore[misc]
    """Adds ``val_loss``, ``val_accuracy`` and ``val_uar`` to an epoch's logs.

    Measured as evaluation measures, on predictions averaged over the segments of an utterance.

    Parameters
    ----------
    network_model : keras.Model
        The network without what training puts before it.
    network : Network
        What built it.
    validation : FeatureSubset
        What it is measured on.
    """

    def __init__(
        self, network_model: keras.Model, network: Network, validation: FeatureSubset
    ) -> None:
        super().__init__()
        self.network_model = network_model
        self.network = network
        self.validation = validation

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if logs is None:
            return
        outputs = probabilities(self.network_model, self.network, self.validation).astype(float)
        if not np.isfinite(outputs).all():
            raise PipelineError(
                f"training diverged in epoch {epoch + 1}: the network predicts probabilities that "
                "are not finite numbers. Lower train.learning_rate in params.yaml."
            )
        truth, predicted = self.validation.classes, outputs.argmax(axis=1)
        logs["val_loss"] = log_loss(truth, outputs, labels=range(outputs.shape[1]))
        logs["val_accuracy"] = accuracy_score(truth, predicted)
        logs["val_uar"] = recall_score(truth, predicted, labels=np.unique(truth), average="macro")
