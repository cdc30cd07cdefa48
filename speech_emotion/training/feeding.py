"""Feeds training from memory-mapped features: tf.data moves the batches and does nothing else."""

from collections.abc import Iterator

import numpy as np

from speech_emotion.base.memory import keep_freed_memory
from speech_emotion.base.quiet_keras import tf
from speech_emotion.data.feature_subset import FeatureSubset
from speech_emotion.networks import Features, Network
from speech_emotion.params.train import TrainParams

Batch = tuple[Features, np.ndarray, np.ndarray]


def draw_epoch(
    sources: np.ndarray, weights: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """Draw every recording, as it is or as one of its variants, in random order.

    Parameters
    ----------
    sources : np.ndarray [shape=(utterances,)]
        The recording that each utterance was made from, which comes before what was made of it.
    weights : np.ndarray [shape=(utterances,)]
        How probable it is to be drawn beside the others of the recording; 1 for a variant.
    generator : np.random.Generator
        Draws the variants and the order.

    Returns
    -------
    np.ndarray [shape=(recordings,)]
        Positions in ``sources``.
    """
    _, recording, variants = np.unique(sources, return_inverse=True, return_counts=True)
    order = np.argsort(recording, kind="stable")
    first = np.cumsum(variants) - variants
    more = weights[order[first]] - 1  # how much more than a variant the recording itself weighs
    drawn = np.floor(generator.random(len(variants)) * (variants + more) - more).astype(int)
    return generator.permutation(order[first + np.maximum(drawn, 0)])


def batches(
    training: FeatureSubset, network: Network, params: TrainParams, importance: np.ndarray
) -> tf.data.Dataset:
    """Batches of (inputs, probabilities to answer, importance) for all epochs in a row.

    What an epoch draws depends on the seed and its number alone.

    Parameters
    ----------
    training : FeatureSubset
        The training utterances.
    network : Network
        Which inputs and answers are made of them.
    params : TrainParams
        How many at a time, and how they are changed.
    importance : np.ndarray [shape=(labels,), float32]
        What the loss of an utterance of each emotion is multiplied by.
    """
    sources = training.manifest["source_id"].to_numpy()
    targets, importances = network.targets(training), importance[training.classes]

    def batch(positions: np.ndarray, draw: np.random.Generator) -> Batch:
        inputs = [
            network.training_input(training[position], params.augmentation, draw)
            for position in positions
        ]
        stacked = {kind: np.stack([values[kind] for values in inputs]) for kind in inputs[0]}
        return stacked, targets[positions], importances[positions]

    def epochs() -> Iterator[Batch]:
        # TensorFlow's generator operation, which runs this, has just set malloc to return all
        # that is freed (M_TRIM_THRESHOLD of 128 KiB, "Memory patch applied")
        keep_freed_memory()
        for epoch in range(params.epochs):
            draw = np.random.default_rng((params.seed, epoch))
            positions = draw_epoch(sources, training.weights, draw)
            for first in range(0, len(positions), params.batch_size):
                yield batch(positions[first : first + params.batch_size], draw)

    # the last batch of an epoch may be smaller
    signature = tf.nest.map_structure(
        lambda values: tf.TensorSpec((None, *values.shape[1:]), values.dtype), next(epochs())
    )
    return tf.data.Dataset.from_generator(epochs, output_signature=signature).prefetch(4)
