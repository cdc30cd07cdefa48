"""What a network predicts of utterances: probabilities averaged over the segments of each."""

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np

from speech_emotion.base.quiet_keras import keras
from speech_emotion.networks import Features, Network

BATCH = 64
"""Segments that go through the network at once."""


def probabilities(
    model: keras.Model, network: Network, utterances: Iterable[Features]
) -> np.ndarray:
    """Probability of every emotion for every utterance, in constant memory.

    Parameters
    ----------
    model : keras.Model
        A model that ``network`` built.
    network : Network
        Cuts an utterance into the segments that the model takes.
    utterances : iterable of dict
        One utterance's features by kind, as stored.

    Returns
    -------
    np.ndarray [shape=(utterances, labels)]
        Each row sums to 1.
    """
    labels = model.output_shape[-1]
    sums: list[np.ndarray] = []

    def segments() -> Iterator[tuple[int, Features]]:
        for number, utterance in enumerate(utterances):
            inputs = network.inputs(utterance)
            sums.append(np.zeros(labels))
            for place in range(len(inputs[network.kinds[0]])):
                yield number, {kind: values[place] for kind, values in inputs.items()}

    stream = segments()
    while batch := list(islice(stream, BATCH)):
        inputs = {kind: np.stack([one[kind] for _, one in batch]) for kind in network.kinds}
        # a model that lives on several devices predicts the whole batch on each
        outputs = model.predict_on_batch(inputs)[: len(batch)]
        for (number, _), output in zip(batch, outputs, strict=True):
            sums[number] += output
    summed = np.array(sums).reshape(-1, labels)
    return summed / summed.sum(axis=1, keepdims=True)
