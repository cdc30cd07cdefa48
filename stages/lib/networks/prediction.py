"""What a network makes of utterances: probabilities averaged over the views of each."""

from collections.abc import Iterable, Iterator
from itertools import islice

import keras
import numpy as np

from stages.lib.dataset import EMOTIONS
from stages.lib.networks.network import Features, Network

BATCH = 64
"""Views that go through the network at once."""


def probabilities(
    model: keras.Model, network: Network, utterances: Iterable[Features]
) -> np.ndarray:
    """Probability of every emotion for every utterance, in constant memory.

    Parameters
    ----------
    model : keras.Model
        A model that ``network`` built.
    network : Network
        Turns an utterance into the views that the model sees.
    utterances : iterable of dict
        One utterance's features by kind, as stored.

    Returns
    -------
    np.ndarray [shape=(utterances, 8)]
        Each row sums to 1.
    """
    sums: list[np.ndarray] = []

    def views() -> Iterator[tuple[int, Features]]:
        for number, utterance in enumerate(utterances):
            inputs = network.inputs(utterance)
            sums.append(np.zeros(len(EMOTIONS)))
            for view in range(len(inputs[network.KINDS[0]])):
                yield number, {kind: values[view] for kind, values in inputs.items()}

    stream = views()
    while batch := list(islice(stream, BATCH)):
        inputs = {kind: np.stack([view[kind] for _, view in batch]) for kind in network.KINDS}
        # a model that lives on several devices predicts the whole batch on each
        outputs = model.predict_on_batch(inputs)[: len(batch)]
        for (number, _), output in zip(batch, outputs, strict=True):
            sums[number] += output
    summed = np.array(sums).reshape(-1, len(EMOTIONS))
    return summed / summed.sum(axis=1, keepdims=True)
