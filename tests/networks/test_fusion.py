"""The fusion adds up what its parts predict, and trains its CNN as if alone."""

from pathlib import Path

import keras
import numpy as np
import pytest
from feature_folders import subset, write_features
from training_params import AUGMENTATION

from speech_emotion.base.errors import PipelineError
from speech_emotion.data.feature_store import FeatureStore
from speech_emotion.data.feature_subset import FeatureSubset
from speech_emotion.networks import analyses, find, fusion, student
from speech_emotion.networks.parts.crops import FRAMES
from speech_emotion.params.train import AugmentationParams, CautionParams
from speech_emotion.serving.conversion import to_litert
from speech_emotion.serving.lite import LiteModel
from speech_emotion.training.model_settings import LITERT_FILE, ModelSettings, TrainingSummary
from speech_emotion.training.prediction import probabilities

KINDS = ("log_mel", "functionals")
"""Without an encoder."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    folder = tmp_path_factory.mktemp("features")
    write_features(folder)
    return FeatureStore(folder)


def of_speakers(store: FeatureStore, *speakers: str) -> FeatureSubset:
    chosen = store.manifest["speaker"].isin(speakers)
    return subset(store, KINDS, np.flatnonzero(chosen))


@pytest.fixture(scope="module")
def fused(store: FeatureStore) -> keras.Model:
    return fusion.build(of_speakers(store, "01", "02", "03"))


def test_fusion_adds_up_log_probabilities(store: FeatureStore, fused: keras.Model) -> None:
    utterance = of_speakers(store, "04")[5]
    segments = fusion.inputs(utterance)
    lengths = {kind: len(values) for kind, values in segments.items()}
    assert lengths == {"log_mel": 3, "functionals": 3}
    by_cnn, by_analysis = [
        np.log(fused.get_layer(name).predict_on_batch({kind: segments[kind]}))
        for name, kind in (("cnn2d", "log_mel"), ("functionals_lda", "functionals"))
    ]
    product = np.exp(by_cnn + by_analysis)
    given = fused.predict_on_batch(segments)
    np.testing.assert_allclose(given, product / product.sum(axis=1, keepdims=True), rtol=1e-4)


@pytest.mark.slow
def test_the_cnn_of_the_fusion_trains_as_if_alone(store: FeatureStore, fused: keras.Model) -> None:
    utterances = of_speakers(store, "04")
    draw = np.random.default_rng(0)
    crops = np.stack([fusion.training_input(u, None, draw)["log_mel"] for u in utterances])
    assert crops.shape[1:] == (FRAMES, utterances[0]["log_mel"].shape[1])
    bare = keras.models.clone_model(fused)
    bare.set_weights(fused.get_weights())
    cnn, analysis = bare.get_layer("cnn2d"), bare.get_layer("functionals_lda")
    alone = cnn.predict_on_batch({"log_mel": crops})
    trainee = fusion.training_model(bare, AugmentationParams(**AUGMENTATION), 0)
    # what augments spectrograms does nothing in prediction
    np.testing.assert_allclose(trainee.predict_on_batch({"log_mel": crops}), alone, rtol=1e-5)
    before = [layer.get_weights() for layer in (cnn, analysis)]
    trainee.compile("sgd", "categorical_crossentropy")
    trainee.train_on_batch({"log_mel": crops}, np.eye(8)[np.arange(len(crops)) % 8])
    learnt, fitted = (
        [bool((one != other).any()) for one, other in zip(old, layer.get_weights(), strict=True)]
        for old, layer in zip(before, (cnn, analysis), strict=True)
    )
    assert any(learnt)
    assert not any(fitted)


def test_the_analysis_within_the_fusion_is_not_trained(fused: keras.Model) -> None:
    assert not fused.get_layer("functionals_lda").trainable_weights
    assert fused.count_params() < 0.4e6


def test_the_fusion_takes_what_there_is(store: FeatureStore) -> None:
    assert find("fusion", ("functionals", "mfcc_mean"), ("log_mel", "whisper")).kinds == KINDS
    everything = find("fusion", store.utterance_kinds, store.frame_kinds)
    assert everything.kinds == ("log_mel", "functionals", "whisper_pooled")
    with pytest.raises(PipelineError, match=r"takes what there is of log_mel, .* featurize\.kinds"):
        find("fusion", ("mfcc_mean",), ("whisper",))


def test_without_spectrograms_the_fusion_is_its_analyses(store: FeatureStore) -> None:
    rows = np.flatnonzero(store.manifest["speaker"].isin(["01", "02", "03"]))
    training = subset(store, ("functionals",), rows)
    model = fusion.build(training)
    assert not model.trainable_weights
    [utterance] = subset(store, ("functionals",), rows[:1])
    segments = fusion.inputs(utterance)
    given = model.predict_on_batch(segments)
    alone = model.get_layer("functionals_lda").predict_on_batch(segments)
    np.testing.assert_allclose(given, alone, rtol=1e-4)
    assert set(fusion.training_input(utterance, None, np.random.default_rng(0))) == {"functionals"}
    with pytest.raises(PipelineError, match=r"set train\.augmentation to null"):
        fusion.training_model(model, AugmentationParams(**AUGMENTATION), 0)


def test_what_an_encoder_tells_counts_twice(store: FeatureStore) -> None:
    kinds = ("functionals", "whisper_pooled")
    rows = np.flatnonzero(store.manifest["speaker"].isin(["01", "02", "03"]))
    model = analyses.build(subset(store, kinds, rows))
    [utterance] = subset(store, kinds, np.flatnonzero(store.manifest["speaker"] == "04")[:1])
    taken = {kind: utterance[kind][None] for kind in kinds}
    logarithms = {
        kind: np.log(model.get_layer(f"{kind}_lda").predict_on_batch({kind: taken[kind]}))
        for kind in kinds
    }
    product = np.exp(logarithms["functionals"] + 2 * logarithms["whisper_pooled"])
    given = model.predict_on_batch(taken)
    np.testing.assert_allclose(given, product / product.sum(axis=1, keepdims=True), rtol=1e-4)


def test_far_from_all_that_trained_it_a_cautious_model_is_sure_of_nothing(
    store: FeatureStore,
) -> None:
    rows = np.flatnonzero(store.manifest["speaker"].isin(["01", "02", "03"]))
    training = subset(store, ("functionals",), rows)
    plain = analyses.build(training)
    even = analyses.build(training, CautionParams(power=5, odds={}))
    known = np.stack([utterance["functionals"] for utterance in training])
    median, far = known, known + 3 * known.std(axis=0)

    def confidence(model: keras.Model, values: np.ndarray) -> np.ndarray:
        return np.asarray(model.predict_on_batch({"functionals": values}).max(axis=1))

    # half of what trained it is nearer than the median, and stays as it was
    same = np.isclose(confidence(plain, median), confidence(even, median), rtol=1e-4)
    assert 0.4 < same.mean() <= 0.6
    assert (confidence(plain, far) > confidence(even, far) + 0.05).all()
    ordinary = analyses.build(training, CautionParams(power=5, odds={"neutral": 4, "none such": 9}))
    given = ordinary.predict_on_batch({"functionals": known})
    odds = np.where(np.array(training.labels) == "neutral", 4, 1)
    expected = even.predict_on_batch({"functionals": known}) * odds
    np.testing.assert_allclose(given, expected / expected.sum(axis=1, keepdims=True), rtol=1e-3)


def test_a_cautious_fusion_is_the_same_on_litert(store: FeatureStore, tmp_path: Path) -> None:
    kinds = ("log_mel", "functionals")
    rows = np.flatnonzero(store.manifest["speaker"].isin(["01", "02", "03"]))
    training = subset(store, kinds, rows)
    model = fusion.build(training, CautionParams(power=5, odds={"neutral": 3}))
    (tmp_path / LITERT_FILE).write_bytes(to_litert(model))
    summary = TrainingSummary(corpora="ravdess", epochs=1, parameters=model.count_params())
    settings = ModelSettings(
        labels=training.labels,
        network="fusion",
        kinds=kinds,
        front_end={},
        temperature=1,
        training=summary,
    )
    others = subset(store, kinds, np.flatnonzero(store.manifest["speaker"] == "04"))
    given = LiteModel(tmp_path / LITERT_FILE, settings).probabilities(others)
    expected = probabilities(model, find("fusion", ("functionals",), ("log_mel",)), others)
    np.testing.assert_allclose(given, expected, atol=1e-4)


def test_a_network_without_analyses_is_not_cautious(store: FeatureStore) -> None:
    training = subset(store, ("log_mel",), np.arange(4))
    with pytest.raises(PipelineError, match=r"set train\.caution to null"):
        find("cnn2d").build(training, CautionParams(power=5, odds={}))


def test_a_student_learns_from_what_prediction_does_without(store: FeatureStore) -> None:
    network = find("student")
    assert network.kinds == KINDS
    assert network.training_kinds == (*KINDS, "whisper_pooled")
    rows = np.flatnonzero(store.manifest["speaker"] != "06")
    training = subset(store, network.training_kinds, rows)
    assert set(student.build(training).input) == set(KINDS)
    answers = network.targets(training)
    assert answers.shape == (len(training), 8)
    np.testing.assert_allclose(answers.sum(axis=1), 1, rtol=1e-5)
    right = answers[np.arange(len(training)), training.classes]
    assert 0.2 < right.mean() < 0.99
    certain = find("fusion", ("functionals",), ("log_mel",)).targets(training)
    np.testing.assert_array_equal(certain, np.eye(8)[training.classes])
