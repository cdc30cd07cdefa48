"""Trains a network on a part of the features."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from dvclive.live import Live
from sklearn.utils.class_weight import compute_class_weight

from speech_emotion.base.errors import PipelineError
from speech_emotion.base.quiet_keras import keras
from speech_emotion.data.feature_subset import FeatureSubset
from speech_emotion.networks import Network
from speech_emotion.params.train import TrainParams
from speech_emotion.training.callbacks import Validation, WeightAverage
from speech_emotion.training.devices import make_deterministic, strategy
from speech_emotion.training.feeding import batches

WARM_UP = 0.15
"""Share of the steps in which a one-cycle schedule rises."""

WARM_UP_FROM = 0.1
FALL_TO = 0.001
"""Where a one-cycle schedule starts and ends, as shares of its peak."""

UNDECAYED = ("bias", "gamma", "beta")
"""Weights that shift and scale rather than multiply, which weight decay would only bias."""


@dataclass(frozen=True)
class Training:
    """A finished training: the model and the number of epochs it ran for."""

    model: keras.Model
    epochs: int


def train(
    network: Network,
    training: FeatureSubset,
    validation: FeatureSubset,
    params: TrainParams,
    curves: Path,
) -> Training:
    """Train a network; equal input gives equal weights on one machine.

    Parameters
    ----------
    network : Network
        What to train.
    training : FeatureSubset
        Recordings to learn from, with their variants.
    validation : FeatureSubset
        Originals of other speakers, to measure after each epoch; may be empty.
    params : TrainParams
        How to train.
    curves : Path
        Folder for DVCLive's metrics and plots.

    Raises
    ------
    PipelineError
        If there is nothing to train on, or early stopping has nothing to go by.
    """
    if not len(training):
        raise PipelineError("the split leaves no training recordings: change split in params.yaml.")
    if params.early_stopping is not None and not len(validation):
        raise PipelineError(
            f"train.early_stopping is {params.early_stopping}, but the split has no validation "
            "recordings to go by: give it some, or set train.early_stopping to null."
        )
    make_deterministic()
    # layers that Keras names are numbered from here, whatever was built before in this process
    keras.utils.clear_session()
    keras.utils.set_random_seed(params.seed)

    recordings = ~training.manifest["source_id"].duplicated()
    steps = -(-int(recordings.sum()) // params.batch_size)
    importance = np.ones(len(training.labels), np.float32)
    if params.class_weights:
        present, weights = _class_weights(training.classes[recordings])
        importance[present] = weights
    with strategy().scope():
        model = network.build(training, params.caution)
        trainee = network.training_model(model, params.augmentation, params.seed)
        trainee.compile(
            optimizer=_optimizer(params, model, steps * params.epochs),
            loss=keras.losses.CategoricalCrossentropy(label_smoothing=params.label_smoothing),
            metrics=["accuracy"],
        )
    callbacks: list[keras.callbacks.Callback] = []
    if params.weight_averaging:
        callbacks.append(WeightAverage(params.weight_averaging))
    if len(validation):
        callbacks.append(Validation(model, network, validation))
    if params.early_stopping:
        callbacks.append(_early_stopping(params.early_stopping))
    with Live(dir=str(curves), dvcyaml=None, save_dvc_exp=False, report=None) as live:
        history = trainee.fit(
            batches(training, network, params, importance),
            # where all is fitted already, one epoch measures it
            epochs=params.epochs if model.trainable_weights else 1,
            steps_per_epoch=steps,
            shuffle=False,
            callbacks=[*callbacks, *_reporting(live)],
            verbose=0,
        )
    return Training(model, len(history.epoch))


def _reporting(live: Live) -> list[keras.callbacks.Callback]:
    """What keeps the curves, and a progress bar that stays away where the output is no terminal."""
    # both import Keras, which is to start quietly
    from dvclive.keras import DVCLiveCallback
    from tqdm.keras import TqdmCallback

    return [DVCLiveCallback(live=live), TqdmCallback(verbose=0, disable=None)]


def _optimizer(params: TrainParams, model: keras.Model, steps: int) -> keras.optimizers.Optimizer:
    rate = params.learning_rate
    if params.schedule == "one_cycle":
        warm_up = math.ceil(WARM_UP * steps)
        rate = keras.optimizers.schedules.CosineDecay(
            WARM_UP_FROM * params.learning_rate,
            # a training of a single step is all warm-up, but Keras wants a decay
            decay_steps=max(1, steps - warm_up),
            alpha=FALL_TO,
            warmup_target=params.learning_rate,
            warmup_steps=warm_up,
        )
    kind = {"adamw": keras.optimizers.AdamW, "rmsprop": keras.optimizers.RMSprop}[params.optimizer]
    optimizer = kind(
        learning_rate=rate,
        weight_decay=params.weight_decay,
        global_clipnorm=params.gradient_norm,
    )
    optimizer.exclude_from_weight_decay(
        var_list=[weight for weight in model.trainable_weights if weight.name in UNDECAYED]
    )
    return optimizer


def _class_weights(classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The classes that are present, and weights that make each of them count the same."""
    present = np.unique(classes)
    return present, compute_class_weight("balanced", classes=present, y=classes)


def _early_stopping(patience: int) -> keras.callbacks.EarlyStopping:
    return keras.callbacks.EarlyStopping(
        "val_uar", mode="max", patience=patience, restore_best_weights=True
    )
