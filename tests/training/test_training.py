"""What an epoch draws, what is averaged, when training stops, and what it learns."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from feature_folders import subset, write_features
from sklearn.metrics import recall_score
from training_params import BASELINE, CNN2D, FUSION, LDA

from speech_emotion.base.errors import PipelineError
from speech_emotion.data.corpora.ravdess import EMOTIONS
from speech_emotion.data.feature_store import FeatureStore
from speech_emotion.data.feature_subset import FeatureSubset
from speech_emotion.data.task import Task
from speech_emotion.networks import Network, find
from speech_emotion.params.train import TrainParams
from speech_emotion.training.callbacks import WeightAverage
from speech_emotion.training.feeding import batches, draw_epoch
from speech_emotion.training.prediction import probabilities
from speech_emotion.training.training import Training, train


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    folder = tmp_path_factory.mktemp("features")
    write_features(folder, repetitions=2)
    return FeatureStore(folder)


def found(store: FeatureStore, network: str) -> Network:
    """The network as it takes what the store holds."""
    return find(network, store.utterance_kinds, store.frame_kinds)


def parts(store: FeatureStore, network: str) -> tuple[FeatureSubset, FeatureSubset]:
    """Four speakers to train on, with variants, and the originals of two to validate on."""
    manifest = store.manifest
    validates = manifest["speaker"].isin(["05", "06"])
    original = manifest["variant"] == "original"
    kinds = found(store, network).kinds
    return (
        subset(store, kinds, np.flatnonzero(~validates)),
        subset(store, kinds, np.flatnonzero(validates & original)),
    )


def trained(store: FeatureStore, curves: Path, options: dict[str, Any]) -> Training:
    params = TrainParams(**options)
    training, validation = parts(store, params.network)
    return train(found(store, params.network), training, validation, params, curves)


def uar(store: FeatureStore, model: keras.Model, network: str) -> float:
    validation = parts(store, network)[1]
    given = probabilities(model, found(store, network), validation).argmax(axis=1)
    truth = validation.manifest["emotion"].map(EMOTIONS.index)
    return float(recall_score(truth, given, average="macro"))


def test_an_epoch_draws_one_variant_of_every_recording_in_random_order() -> None:
    sources = np.array(["b", "a", "b", "c", "a", "b"])
    even = np.ones(6)
    epochs = [draw_epoch(sources, even, np.random.default_rng((7, epoch))) for epoch in range(60)]
    for drawn in epochs:
        assert sorted(sources[drawn]) == ["a", "b", "c"]
    assert {place for drawn in epochs for place in drawn} == set(range(6))
    assert len({tuple(sources[drawn]) for drawn in epochs}) == 6
    again = draw_epoch(sources, even, np.random.default_rng((7, 3)))
    np.testing.assert_array_equal(again, epochs[3])


@pytest.mark.parametrize("share", [0.25, 0.75])
def test_a_recording_is_drawn_as_often_as_was_asked_for(store: FeatureStore, share: float) -> None:
    manifest = store.manifest
    task = Task(EMOTIONS, manifest.assign(part="train"), {}, ())
    everything = FeatureSubset(store, ("mfcc_mean",), task, np.arange(len(manifest)), share)
    sources = manifest["source_id"].to_numpy()
    is_original = (manifest["variant"] == "original").to_numpy()
    assert (everything.weights[~is_original] == 1).all()
    drawn = [
        draw_epoch(sources, everything.weights, np.random.default_rng((7, epoch)))
        for epoch in range(60)
    ]
    assert is_original[np.concatenate(drawn)].mean() == pytest.approx(share, abs=0.03)


def test_every_emotion_counts_the_same_by_what_was_acted_whatever_a_teacher_says(
    store: FeatureStore,
) -> None:
    params = TrainParams(**{**BASELINE, "epochs": 1})
    training, _ = parts(store, "baseline_cnn1d")
    importance = np.arange(1, 9, dtype=np.float32)

    def wrong(training: FeatureSubset) -> np.ndarray:
        return np.eye(8, dtype=np.float32)[(training.classes + 1) % 8]

    taught = replace(find("baseline_cnn1d"), targets=wrong)
    for _, answers, importances in batches(
        training, taught, params, importance
    ).as_numpy_iterator():
        acted = (answers.argmax(axis=1) - 1) % 8
        np.testing.assert_array_equal(importances, importance[acted])


def test_batches_run_through_all_recordings_epoch_by_epoch(store: FeatureStore) -> None:
    params = TrainParams(**{**BASELINE, "epochs": 2, "batch_size": 24})
    training, _ = parts(store, "baseline_cnn1d")
    fed = list(
        batches(
            training, find("baseline_cnn1d"), params, np.ones(8, np.float32)
        ).as_numpy_iterator()
    )
    # 4 speakers x 8 emotions x 2 repetitions = 64 recordings: the last batch of an epoch is short
    assert [len(targets) for _, targets, _ in fed] == [24, 24, 16] * 2
    vectors = np.stack([utterance["mfcc_mean"] for utterance in training])
    sources = training.manifest["source_id"]
    epochs = []
    for epoch in (fed[:3], fed[3:]):
        inputs = np.concatenate([inputs["mfcc_mean"] for inputs, _, _ in epoch])[:, :, 0]
        places = [int(np.flatnonzero((vectors == values).all(axis=1))[0]) for values in inputs]
        targets = np.concatenate([targets for _, targets, _ in epoch])
        emotions = [EMOTIONS[target] for target in targets.argmax(axis=1)]
        assert emotions == training.manifest["emotion"].iloc[places].tolist()
        assert sorted(sources.iloc[places]) == sorted(set(sources))
        epochs.append(places)
    assert epochs[0] != epochs[1]


def test_the_average_holds_the_statistics_of_batch_normalisation() -> None:
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.layers.Input((3,)), keras.layers.BatchNormalization(momentum=0)]
    )
    model.compile("sgd", "mse")
    inputs = np.random.default_rng(0).normal(5, 2, (4, 8, 3)).astype(np.float32)
    averaged = WeightAverage(0.5)
    seen = []
    recorder = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(model.layers[0].moving_mean.numpy())
    )
    model.fit(
        inputs.reshape(32, 3),
        np.zeros((32, 3)),
        batch_size=8,
        shuffle=False,
        callbacks=[averaged, recorder],
        verbose=0,
    )
    # the initial mean is 0; decays of the first four batches: (1 + n) / (10 + n), at most 0.5
    expected = np.zeros(3)
    for number, mean in enumerate(seen, start=1):
        decay = min(0.5, (1 + number) / (10 + number))
        expected = decay * expected + (1 - decay) * mean
    np.testing.assert_allclose(model.layers[0].moving_mean.numpy(), expected, rtol=1e-5)
    assert not np.allclose(expected, seen[-1])


def test_training_goes_on_from_its_own_weights_after_validation() -> None:
    def weights(callbacks: list[keras.callbacks.Callback]) -> list[np.ndarray]:
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        inputs = np.random.default_rng(0).normal(size=(16, 3))
        recorded: list[np.ndarray] = []
        recorder = keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs: recorded.append(model.get_weights()[0])
        )
        model.fit(
            inputs,
            inputs[:, 0],
            batch_size=8,
            epochs=3,
            callbacks=[*callbacks, recorder],
            verbose=0,
        )
        return recorded

    np.testing.assert_array_equal(weights([WeightAverage(0.9)]), weights([]))


@pytest.mark.slow
def test_cnn2d_learns_and_logs_its_curves(store: FeatureStore, tmp_path: Path) -> None:
    result = trained(store, tmp_path / "curves", {**CNN2D, "epochs": 4, "early_stopping": None})
    assert result.epochs == 4
    curve = pd.read_csv(tmp_path / "curves/plots/metrics/eval/uar.tsv", sep="\t")["uar"]
    assert len(curve) == 4
    assert curve.iloc[-1] > 0.6
    # what validation measured last is what is returned: the averaged weights
    assert uar(store, result.model, "cnn2d") == pytest.approx(curve.iloc[-1], abs=1e-6)


@pytest.mark.slow
def test_fusion_learns_and_keeps_what_it_measured(store: FeatureStore, tmp_path: Path) -> None:
    options = {**FUSION, "epochs": 2, "early_stopping": None, "class_weights": True}
    result = trained(store, tmp_path / "curves", options)
    losses = pd.read_csv(tmp_path / "curves/plots/metrics/train/loss.tsv", sep="\t")["loss"]
    assert losses.iloc[-1] < losses.iloc[0]
    curve = pd.read_csv(tmp_path / "curves/plots/metrics/eval/uar.tsv", sep="\t")["uar"]
    assert curve.iloc[-1] > 0.8
    assert uar(store, result.model, "fusion") == pytest.approx(curve.iloc[-1], abs=1e-6)


@pytest.mark.slow
def test_what_is_fitted_in_closed_form_is_measured_once(
    store: FeatureStore, tmp_path: Path
) -> None:
    built = find("functionals_lda").build(parts(store, "functionals_lda")[0], None)
    result = trained(store, tmp_path / "curves", {**LDA, "epochs": 20})
    assert result.epochs == 1
    for fitted, kept in zip(built.get_weights(), result.model.get_weights(), strict=True):
        np.testing.assert_array_equal(fitted, kept)
    curve = pd.read_csv(tmp_path / "curves/plots/metrics/eval/uar.tsv", sep="\t")["uar"]
    assert curve.tolist() == [pytest.approx(uar(store, result.model, "functionals_lda"))]
    assert curve[0] > 0.8


@pytest.mark.slow
def test_early_stopping_keeps_the_best_epoch(store: FeatureStore, tmp_path: Path) -> None:
    options = {**BASELINE, "epochs": 30, "early_stopping": 2, "learning_rate": 3e-3}
    result = trained(store, tmp_path / "curves", options)
    curve = pd.read_csv(tmp_path / "curves/plots/metrics/eval/uar.tsv", sep="\t")["uar"]
    assert result.epochs == len(curve) < 30
    assert curve.argmax() == len(curve) - 3
    assert uar(store, result.model, "baseline_cnn1d") == pytest.approx(curve.max(), abs=1e-6)


def test_early_stopping_without_validation_is_refused(store: FeatureStore, tmp_path: Path) -> None:
    params = TrainParams(**CNN2D)
    network = find("cnn2d")
    training = parts(store, "cnn2d")[0]
    nobody = subset(store, network.kinds, np.array([], dtype=int))
    with pytest.raises(PipelineError, match=r"set train\.early_stopping to null"):
        train(network, training, nobody, params, tmp_path)
    with pytest.raises(PipelineError, match="no training recordings"):
        train(network, nobody, training, params, tmp_path)
