"""The head on frame embeddings: padding counts for nothing, and the right layer is found."""

from typing import Any

import keras
import numpy as np
import pytest
from feature_folders import Known, embeddings
from training_params import AUGMENTATION

from speech_emotion.base.errors import PipelineError
from speech_emotion.data.corpora.ravdess import EMOTIONS
from speech_emotion.networks import find, frame_attention
from speech_emotion.params.train import AugmentationParams
from speech_emotion.training.prediction import probabilities

pytestmark = pytest.mark.slow


def utterances(count: int) -> Any:
    draw = np.random.default_rng(0)
    return Known(
        {"whisper": embeddings(EMOTIONS[number % 8], 20 + 5 * number, draw)}
        for number in range(count)
    )


def test_every_layer_is_standardised_by_the_training_utterances() -> None:
    known = utterances(8)
    frames = np.concatenate([utterance["whisper"] for utterance in known]).astype(np.float64)
    normalization = frame_attention.build(known).get_layer("normalization")
    np.testing.assert_allclose(normalization.mean[0, 0], frames.mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(normalization.variance[0, 0], frames.var(axis=0), rtol=1e-4)


def test_padding_counts_for_nothing() -> None:
    """An utterance that says one thing all the time says it however long it lasts."""
    model = frame_attention.build(utterances(8))
    frame = embeddings("happy", 1, np.random.default_rng(1))
    given = probabilities(
        model,
        find("frame_attention"),
        [{"whisper": frame.repeat(n, axis=0)} for n in (1, 100, 256, 700)],
    )
    np.testing.assert_allclose(given, given[:1].repeat(4, axis=0), atol=1e-5)


@pytest.mark.parametrize("length", [1, 255, 256, 257, 1500])
def test_crops_cover_an_utterance_from_end_to_end(length: int) -> None:
    numbers = np.arange(1, length + 1, dtype=np.float32)
    frames = np.broadcast_to(numbers[:, None, None], (length, 3, 16))
    crops = frame_attention.inputs({"whisper": frames})["whisper"]
    assert crops.shape == (-(-length // 256), 256, 3, 16)
    assert set(np.unique(crops)) - {0} == set(numbers)


@pytest.mark.parametrize("length", [1, 256, 700])
def test_training_hears_all_of_a_short_utterance_and_any_part_of_a_long_one(length: int) -> None:
    numbers = np.arange(1, length + 1, dtype=np.float32)
    frames = np.broadcast_to(numbers[:, None, None], (length, 3, 16))
    draw = np.random.default_rng(0)
    crops = [
        frame_attention.training_input({"whisper": frames}, None, draw)["whisper"][:, 0, 0]
        for _ in range(3000)
    ]
    assert {len(crop) for crop in crops} == {256}
    assert set(np.unique(crops)) - {0} == set(numbers)


def test_training_finds_the_layer_that_tells_the_emotion() -> None:
    keras.utils.set_random_seed(0)
    known = utterances(32)
    model = frame_attention.build(known)
    layer = model.get_layer("layer_weighting")
    np.testing.assert_array_equal(layer.logits, np.zeros(3))
    model.compile(keras.optimizers.Adam(0.01), "categorical_crossentropy")
    inputs = np.concatenate([frame_attention.inputs(utterance)["whisper"] for utterance in known])
    targets = np.eye(8)[np.arange(32) % 8]
    model.fit({"whisper": inputs}, targets, batch_size=8, epochs=15, verbose=0)
    weights = keras.ops.convert_to_numpy(keras.ops.softmax(layer.logits))
    assert weights.argmax() == 1
    assert weights[1] > 0.4
    given = probabilities(model, find("frame_attention"), known)
    assert (given.argmax(axis=1) == np.arange(32) % 8).mean() > 0.9


def test_augmentation_of_spectrograms_is_refused() -> None:
    model = frame_attention.build(utterances(1))
    with pytest.raises(PipelineError, match=r"set train\.augmentation to null"):
        find("frame_attention").training_model(model, AugmentationParams(**AUGMENTATION), 0)
