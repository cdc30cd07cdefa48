"""What a network module offers to training and prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:  # prediction without Keras reads this module too
    import keras

    from stages.lib.feature_view import FeatureView
    from stages.lib.params.train import AugmentationParams

Features = dict[str, np.ndarray]
"""One utterance or one input of a network, by feature kind."""


class Network(Protocol):
    """A module of this package that stands for a network.

    Its model takes a dict of arrays by feature kind, the batch first, and gives the probabilities
    of the emotions [batch, 8] in the order of `stages.lib.dataset.EMOTIONS`.
    """

    NAME: str
    """What params.yaml and saved models call it."""

    KINDS: tuple[str, ...]
    """The kinds of features that it takes."""

    def build(self, training: FeatureView) -> keras.Model:
        """The untrained model, with all that it takes from the training utterances at once.

        That may be statistics of its inputs, or everything: `stages.lib.training.train` leaves a
        model without trainable weights as it was built.
        """

    def training_model(
        self, model: keras.Model, augmentation: AugmentationParams | None, seed: int
    ) -> keras.Model:
        """The same weights behind whatever changes the inputs during training only."""

    def training_input(
        self,
        utterance: Features,
        augmentation: AugmentationParams | None,
        draw: np.random.Generator,
    ) -> Features:
        """One input of the training model, drawn at random from an utterance."""

    def inputs(self, utterance: Features) -> Features:
        """The inputs whose predictions are averaged for an utterance, each kind [views, ...]."""
