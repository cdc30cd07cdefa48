"""The networks: one module per network, found by its name.

A module of this folder is a network, and its name is the network's in params.yaml and in saved
models. Its model takes a dict of arrays by kind of feature, the batch first, and gives the
probabilities of the classes [batch, labels] in the order of the training utterances' ``labels``.
The module holds

- ``KINDS``: the kinds of features that it takes, or None for all utterance-level ones that
  there are; with ``ANY_OF = True``, those of ``KINDS`` that there are;
- ``build(training)``: the untrained `keras.Model`, with all that it takes from the training
  utterances (a `FeatureSubset`) at once. That may be statistics of its inputs, or everything:
  training leaves a model without trainable weights as it was built;

and, where the default is not right,

- ``CAUTIOUS = True``: ``build`` also takes ``train.caution`` (a `CautionParams`, or None);
- ``TAUGHT_BY``: further kinds of features that training takes and prediction does without;
- ``targets(training)``: what the model learns to answer for each training utterance [utterances,
  labels]; the default is its emotion for certain;
- ``inputs(utterance)``: the segments whose predictions are averaged for an utterance, each kind
  [segments, ...]; the default is the utterance's features as they are, as one segment;
- ``training_input(utterance, augmentation, draw)``: one input drawn at random from an utterance;
  the default is the utterance's features as they are;
- ``training_model(model, augmentation, seed)``: the same weights behind whatever changes the inputs
  during training only; the default is the model itself, which refuses ``train.augmentation``;
- ``ON_LITERT = False``: the model needs more operators than LiteRT has, and is not exported.

Prediction from a LiteRT file imports a network's module for its ``inputs``, without Keras: at
import, NumPy must be enough. ``build`` and ``training_model`` import Keras when they are called.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np

from speech_emotion.base.discovery import module_names
from speech_emotion.base.errors import PipelineError

if TYPE_CHECKING:
    import keras

    from speech_emotion.data.feature_subset import FeatureSubset
    from speech_emotion.params.train import AugmentationParams, CautionParams

Features = dict[str, np.ndarray]
"""One utterance or one input of a network, by kind of feature."""

NAMES = module_names(__name__)


@dataclass(frozen=True)
class Network:
    """A network's module, the defaults of what it leaves out filled in; see the folder."""

    name: str
    kinds: tuple[str, ...]
    training_kinds: tuple[str, ...]
    build: Callable[[FeatureSubset, CautionParams | None], keras.Model]
    targets: Callable[[FeatureSubset], np.ndarray]
    inputs: Callable[[Features], Features]
    training_input: Callable[[Features, AugmentationParams | None, np.random.Generator], Features]
    training_model: Callable[[keras.Model, AugmentationParams | None, int], keras.Model]
    on_litert: bool


def find(name: str, vectors: tuple[str, ...] = (), framed: tuple[str, ...] = ()) -> Network:
    """The network of a name.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    vectors, framed : tuple of str
        The utterance-level and other kinds that the features hold, for a network that takes what
        there is; of a saved model, the kinds that it was trained on.

    Raises
    ------
    PipelineError
        If there is no such network, or it takes what there is and there is none of it.
    """
    if name not in NAMES:
        raise PipelineError(
            f"train.network in params.yaml is {name!r}: expected one of {', '.join(NAMES)}."
        )
    module = import_module(f"{__name__}.{name}")
    kinds: tuple[str, ...] = vectors if module.KINDS is None else module.KINDS
    if getattr(module, "ANY_OF", False):
        kinds = tuple(kind for kind in kinds if kind in vectors + framed)
    if not kinds and module.KINDS:
        raise PipelineError(
            f"the network {name!r} takes what there is of {', '.join(module.KINDS)}, and there is "
            "none of them: add one to featurize.kinds in params.yaml."
        )
    if not kinds:
        raise PipelineError(
            f"the network {name!r} takes utterance-level features, and there are none: add some, "
            "such as functionals, to featurize.kinds in params.yaml."
        )

    def certain(training: FeatureSubset) -> np.ndarray:
        return np.eye(len(training.labels), dtype=np.float32)[training.classes]

    def whole(utterance: Features) -> Features:
        return {kind: utterance[kind][None] for kind in kinds}

    def unchanged(
        utterance: Features, augmentation: AugmentationParams | None, draw: np.random.Generator
    ) -> Features:
        return {kind: utterance[kind] for kind in kinds}

    def itself(
        model: keras.Model, augmentation: AugmentationParams | None, seed: int
    ) -> keras.Model:
        return refuse_augmentation(model, augmentation)

    def built(training: FeatureSubset, caution: CautionParams | None) -> keras.Model:
        if getattr(module, "CAUTIOUS", False):
            return module.build(training, caution)
        if caution is not None:
            raise PipelineError(
                f"train.caution is about discriminant analyses that are added up, and the network "
                f"{name!r} does not do that: set train.caution to null."
            )
        return module.build(training)

    return Network(
        name=name,
        kinds=kinds,
        training_kinds=(*kinds, *getattr(module, "TAUGHT_BY", ())),
        build=built,
        targets=getattr(module, "targets", certain),
        inputs=getattr(module, "inputs", whole),
        training_input=getattr(module, "training_input", unchanged),
        training_model=getattr(module, "training_model", itself),
        on_litert=getattr(module, "ON_LITERT", True),
    )


def refuse_augmentation(model: keras.Model, augmentation: AugmentationParams | None) -> keras.Model:
    """The model itself; raises a `PipelineError` if there are changes that it has no place for."""
    if augmentation is not None:
        raise PipelineError(
            f"train.augmentation changes spectrograms, and the network {model.name!r} takes none: "
            "set train.augmentation to null."
        )
    return model
