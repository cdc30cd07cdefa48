"""Feeds training from memory-mapped features: tf.data moves the batches and does nothing else."""

from collections.abc import Iterator

import numpy as np

from speech_emotion.base.quiet_keras import tf
from speech_emotion.data.feature_subset import FeatureSubset
from speech_emotion.networks import Features, Network
from speech_emotion.params.train import TrainParams


def draw_epoch(sources: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Draw one variant of every recording, in random order.

    Parameters
    ----------
    sources : np.ndarray [shape=(utterances,)]
        The recording that each utterance was made from.
    generator : np.random.Generator
        Draws the variants and the order.

    Returns
    -------
    np.ndarray [shape=(recordings,)]
        Positions in ``sources``.
    """
    _, recording, variants = np.unique(sources, return_inverse=True, return_counts=True)
    first = np.cumsum(variants) - variants
    chosen = first + np.floor(generator.random(len(variants)) * variants).astype(int)
    return generator.permutation(np.argsort(recording, kind="stable")[chosen])


def batches(training: FeatureSubset, network: Network, params: TrainParams) -> tf.data.Dataset:
    """Batches of (inputs, probabilities to answer) for all epochs, one after the other.

    What an epoch draws depends on the seed and its number alone.
    """
    sources = training.manifest["source_id"].to_numpy()
    targets = network.targets(training)

    def batch(positions: np.ndarray, draw: np.random.Generator) -> tuple[Features, np.ndarray]:
        inputs = [
            network.training_input(training[position], params.augmentation, draw)
            for position in positions
        ]
        stacked = {kind: np.stack([values[kind] for values in inputs]) for kind in inputs[0]}
        return stacked, targets[positions]

    def epochs() -> Iterator[tuple[Features, np.ndarray]]:
        for epoch in range(params.epochs):
            draw = np.random.default_rng((params.seed, epoch))
            positions = draw_epoch(sources, draw)
            for first in range(0, len(positions), params.batch_size):
                yield batch(positions[first : first + params.batch_size], draw)

    # the last batch of an epoch may be smaller
    signature = tf.nest.map_structure(
        lambda values: tf.TensorSpec((None, *values.shape[1:]), values.dtype), next(epochs())
    )
    return tf.data.Dataset.from_generator(epochs, output_signature=signature).prefetch(4)
