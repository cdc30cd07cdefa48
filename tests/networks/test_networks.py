"""Every network trains, saves, loads and predicts; its inputs and its augmentation are right."""

import json
import time
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from feature_folders import (
    BANDS,
    Known,
    embeddings,
    spectrogram,
    subset,
    vector,
    write_features,
)
from training_params import AUGMENTATION

from speech_emotion.base.errors import PipelineError
from speech_emotion.data.corpora.ravdess import EMOTIONS
from speech_emotion.data.feature_store import FeatureStore
from speech_emotion.data.feature_subset import FeatureSubset
from speech_emotion.data.task import Task
from speech_emotion.networks import NAMES, baseline_cnn1d, cnn2d, find
from speech_emotion.networks.parts.augmentation import SpectrogramAugmentation
from speech_emotion.params.train import AugmentationParams
from speech_emotion.training.archive import write_model
from speech_emotion.training.model_settings import ModelSettings, TrainingSummary
from speech_emotion.training.prediction import probabilities
from speech_emotion.training.trained_model import TrainedModel, save

UTTERANCE_KINDS = ("functionals", "mfcc_mean", "whisper_pooled")
"""Those of the feature folders."""


def utterances(count: int, seed: int = 0) -> Any:
    draw = np.random.default_rng(seed)
    return Known(
        {
            "log_mel": spectrogram(EMOTIONS[number % 8], 60 + 70 * number, draw),
            "mfcc_mean": vector(EMOTIONS[number % 8], draw),
            "whisper": embeddings(EMOTIONS[number % 8], 60 + 70 * number, draw),
        }
        for number in range(count)
    )


def of_one_speaker(kinds: tuple[str, ...], folder: Path) -> FeatureSubset:
    """Two recordings of every emotion by one speaker, with a variant of each."""
    write_features(folder, repetitions=2)
    return subset(FeatureStore(folder), kinds, np.arange(32))


def settings(name: str) -> ModelSettings:
    return ModelSettings(
        labels=EMOTIONS,
        network=name,
        kinds=find(name, UTTERANCE_KINDS).kinds,
        front_end={"clean": {"sample_rate": 16000}},
        temperature=1.5,
        training=TrainingSummary(corpora="ravdess", epochs=1, parameters=1),
    )


def test_networks_are_found_by_their_modules() -> None:
    assert {
        "cnn2d",
        "fusion",
        "analyses",
        "student",
        "functionals_lda",
        "lda",
        "baseline_cnn1d",
    } < set(NAMES)
    with pytest.raises(
        PipelineError, match=r"train\.network .* is 'cnn3d': expected one of .*cnn2d"
    ):
        find("cnn3d")
    with pytest.raises(PipelineError, match=r"'lda' takes utterance-level .*featurize\.kinds"):
        find("lda")


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_network_trains_saves_loads_and_predicts_the_same(name: str, tmp_path: Path) -> None:
    network = find(name, UTTERANCE_KINDS)
    augmentation = AugmentationParams(**AUGMENTATION) if "log_mel" in network.kinds else None
    draw = np.random.default_rng(0)
    known = of_one_speaker(network.training_kinds, tmp_path / "features")
    model = network.build(known, None)
    trainee = network.training_model(model, augmentation, 0)
    trainee.compile("adam", "categorical_crossentropy", run_eagerly=True)
    drawn = [network.training_input(utterance, augmentation, draw) for utterance in known]
    batch = {kind: np.stack([example[kind] for example in drawn]) for kind in drawn[0]}
    before = [weight.copy() for weight in model.get_weights()]
    trainee.train_on_batch(batch, np.eye(8)[known.classes])
    learned = any(
        not np.array_equal(*pair) for pair in zip(before, model.get_weights(), strict=True)
    )
    assert learned == bool(model.trainable_weights)

    save(model, settings(name), tmp_path)
    loaded = TrainedModel.load(tmp_path)
    assert loaded.labels == EMOTIONS
    assert loaded.network == name
    assert loaded.kinds == network.kinds
    assert loaded.front_end == {"clean": {"sample_rate": 16000}}
    given = loaded.probabilities(known)
    np.testing.assert_array_equal(given, TrainedModel(model, settings(name)).probabilities(known))
    assert given.shape == (len(known), 8)
    np.testing.assert_allclose(given.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.slow
def test_a_model_saved_at_another_time_is_the_same_file(tmp_path: Path) -> None:
    model = baseline_cnn1d.build(utterances(1))
    write_model(model, tmp_path / "first.keras")
    time.sleep(1.1)  # HDF5 would note the second, zip archives every other one
    write_model(model, tmp_path / "second.keras")
    assert (tmp_path / "first.keras").read_bytes() == (tmp_path / "second.keras").read_bytes()
    with zipfile.ZipFile(tmp_path / "first.keras") as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.slow
def test_a_model_saved_before_the_library_had_its_name_still_loads(tmp_path: Path) -> None:
    """Its layers were registered under the name of another package, in other modules."""
    save(cnn2d.build(utterances(4)), settings("cnn2d"), tmp_path)
    expected = TrainedModel.load(tmp_path).probabilities(utterances(3))
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    config = content["config.json"].decode()
    assert config.count('"speech_emotion>WeightedStatistics"') == 1
    assert '"module": "speech_emotion.' not in config
    layer = '"module": null, "class_name": "WeightedStatistics"'
    assert layer in config
    old = config.replace('"speech_emotion>', '"stages>').replace(
        layer, '"module": "stages.lib.networks.layers", "class_name": "WeightedStatistics"'
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in {**content, "config.json": old.encode()}.items():
            archive.writestr(name, part)
    given = TrainedModel.load(tmp_path).probabilities(utterances(3))
    np.testing.assert_array_equal(given, expected)


def test_prediction_does_not_depend_on_the_company_an_utterance_is_in() -> None:
    model = TrainedModel(cnn2d.build(utterances(4)), settings("cnn2d"))
    many = utterances(20, seed=1)
    together = model.probabilities(iter(many))
    alone = np.concatenate([model.probabilities([utterance]) for utterance in many])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert model.probabilities([]).shape == (0, 8)


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 30])
@pytest.mark.parametrize("name", NAMES)
def test_networks_tell_apart_as_many_classes_as_they_are_asked(
    name: str, count: int, tmp_path: Path
) -> None:
    labels = tuple(f"class {number}" for number in range(count))
    network = find(name, UTTERANCE_KINDS)
    write_features(tmp_path, repetitions=4)
    store = FeatureStore(tmp_path)
    emotions = [labels[number % count] for number in range(len(store.manifest))]
    task = Task(labels, store.manifest.assign(emotion=emotions), {}, ())
    training = FeatureSubset(store, network.kinds, task, np.arange(3 * count))
    assert (training.classes == np.arange(3 * count) % count).all()
    model = network.build(training, None)
    given = probabilities(model, network, training)
    assert given.shape == (3 * count, count)
    np.testing.assert_allclose(given.sum(axis=1), 1, rtol=1e-5)
    if not model.trainable_weights:
        assert (given.argmax(axis=1) == training.classes).mean() > 0.9


def test_cnn2d_is_small() -> None:
    draw = np.random.default_rng(0)
    features = {"log_mel": draw.normal(size=(50, 64)).astype(np.float16)}
    known: Any = Known([features])
    assert 0.30e6 < cnn2d.build(known).count_params() < 0.34e6


def test_baseline_is_the_original_recipes_network() -> None:
    model = baseline_cnn1d.build(utterances(1))
    assert [type(layer).__name__ for layer in model.layers[1:]] == [
        "Conv1D",
        "Dropout",
        "MaxPooling1D",
        "Conv1D",
        "Dropout",
        "MaxPooling1D",
        "Conv1D",
        "Dropout",
        "Flatten",
        "Dense",
    ]
    assert [layer.output.shape[1:] for layer in model.layers if "conv" in layer.name] == [
        (40, 64),
        (10, 128),
        (2, 256),
    ]


def test_baseline_refuses_augmentation_of_spectrograms() -> None:
    model = baseline_cnn1d.build(utterances(1))
    with pytest.raises(PipelineError, match=r"set train\.augmentation to null"):
        find("baseline_cnn1d").training_model(model, AugmentationParams(**AUGMENTATION), 0)


def test_bands_are_standardised_by_the_training_utterances() -> None:
    known = utterances(5)
    frames = np.concatenate([utterance["log_mel"] for utterance in known]).astype(np.float64)
    normalization = cnn2d.build(known).get_layer("normalization")
    np.testing.assert_allclose(np.ravel(normalization.mean), frames.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(np.ravel(normalization.variance), frames.var(axis=0), rtol=1e-4)


@pytest.mark.parametrize("length", [161, 500, 801, 3000])
def test_crops_cover_a_long_utterance_from_end_to_end(length: int) -> None:
    frames = np.repeat(np.arange(length, dtype=np.float32)[:, None], BANDS, axis=1)
    crops = cnn2d.inputs({"log_mel": frames})["log_mel"]
    assert crops.shape[1:] == (160, BANDS)
    assert len(crops) >= 3
    assert set(np.unique(crops)) == set(range(length))


@pytest.mark.parametrize("length", [1, 2, 90, 160])
def test_crops_of_a_short_utterance_hold_all_of_it_and_quiet_padding(length: int) -> None:
    frames = np.random.default_rng(0).normal(-5, 2, (length, BANDS)).astype(np.float32)
    padding = np.percentile(frames, 2, axis=0)
    crops = cnn2d.inputs({"log_mel": frames.astype(np.float32)})["log_mel"]
    assert crops.shape == (3, 160, BANDS)
    starts = np.linspace(length - 160, 0, 3).round().astype(int)
    for crop, start in zip(crops, starts, strict=True):
        np.testing.assert_array_equal(crop[-start : length - start], frames)
        np.testing.assert_allclose(crop[:-start], np.tile(padding, (-start, 1)), rtol=1e-5)
        after = 160 - length + start
        np.testing.assert_allclose(crop[160 - after :], np.tile(padding, (after, 1)), rtol=1e-5)


@pytest.mark.parametrize("length", [1, 90, 160, 170, 600])
def test_training_crops_have_one_shape_and_random_places(length: int) -> None:
    frames = np.random.default_rng(0).normal(-5, 2, (length, BANDS)).astype(np.float16)
    draw = np.random.default_rng(0)
    augmentation = AugmentationParams(**AUGMENTATION)
    crops = [
        cnn2d.training_input({"log_mel": frames}, augmentation, draw)["log_mel"] for _ in range(20)
    ]
    assert {crop.shape for crop in crops} == {(160, BANDS)}
    assert all(np.isfinite(crop).all() for crop in crops)
    assert not all(np.array_equal(crops[0], crop) for crop in crops)


def test_a_training_crop_without_stretch_is_a_piece_of_the_utterance() -> None:
    frames = np.repeat(np.arange(400, dtype=np.float32)[:, None], BANDS, axis=1)
    crop = cnn2d.training_input({"log_mel": frames}, None, np.random.default_rng(0))["log_mel"]
    np.testing.assert_allclose(np.diff(crop[:, 0]), 1, atol=1e-3)


def augmentation_layer(**changes: object) -> SpectrogramAugmentation:
    options: dict[str, object] = {
        "mel_warp": 0.0,
        "mel_shift": 0.0,
        "gain": 0.0,
        "frequency_masks": (0, 1),
        "time_masks": (0, 1),
        "fill": [-99.0] * BANDS,
        "seed": 3,
    }
    return SpectrogramAugmentation(**{**options, **changes})  # type: ignore[arg-type]


def augmented(layer: SpectrogramAugmentation, batch: np.ndarray) -> np.ndarray:
    return keras.ops.convert_to_numpy(layer(batch, training=True))


@pytest.fixture
def batch() -> np.ndarray:
    return np.random.default_rng(0).normal(-5, 1, (6, 160, BANDS)).astype(np.float32)


def test_augmentation_leaves_prediction_alone(batch: np.ndarray) -> None:
    layer = augmentation_layer(mel_warp=0.1, mel_shift=2.0, gain=1.0, time_masks=(2, 12))
    np.testing.assert_array_equal(layer(batch, training=False), batch)


def test_augmentation_repeats_by_seed_and_varies_by_example_and_call(batch: np.ndarray) -> None:
    changes = {"mel_warp": 0.1, "mel_shift": 2.0, "gain": 1.0, "time_masks": (2, 12)}
    layer = augmentation_layer(**changes)
    first, second = augmented(layer, batch), augmented(layer, batch)
    again = augmentation_layer(**changes)
    np.testing.assert_array_equal(first, augmented(again, batch))
    assert not np.array_equal(first, second)
    restored = SpectrogramAugmentation.from_config(layer.get_config())
    np.testing.assert_array_equal(first, augmented(restored, batch))


def test_gain_adds_one_number_to_an_example(batch: np.ndarray) -> None:
    change = augmented(augmentation_layer(gain=1.0), batch) - batch
    by_example = change.mean(axis=(1, 2))
    np.testing.assert_allclose(
        change, np.broadcast_to(by_example[:, None, None], change.shape), atol=1e-4
    )
    assert len(set(by_example.round(3))) == 6
    assert (np.abs(by_example) <= 1).all()


def test_masks_are_whole_stripes_of_the_fill_and_no_wider_than_asked() -> None:
    silence = np.zeros((200, 160, BANDS), np.float32)
    bands = augmented(augmentation_layer(frequency_masks=(1, 3)), silence) == -99
    assert (bands.all(axis=1) == bands.any(axis=1)).all()
    assert set(bands[:, 0].sum(axis=1)) == {0, 1, 2, 3}
    assert bands[:, 0].any(axis=0).all()
    frames = augmented(augmentation_layer(time_masks=(2, 12)), silence) == -99
    assert (frames.all(axis=2) == frames.any(axis=2)).all()
    assert 12 < frames[:, :, 0].sum(axis=1).max() <= 24


def test_shift_moves_a_peak_along_the_bands_by_no_more_than_asked() -> None:
    peak = np.zeros((200, 160, BANDS), np.float32)
    peak[:, :, 7] = 1
    moved = augmented(augmentation_layer(mel_shift=2.0), peak)[:, 0]
    centre = (moved * np.arange(BANDS)).sum(axis=1) / moved.sum(axis=1)
    assert np.abs(centre - 7).max() <= 2 + 1e-5
    assert centre.min() < 5.5
    assert centre.max() > 8.5
    np.testing.assert_allclose(moved.sum(axis=1), 1, atol=1e-5)


def test_a_damaged_or_unknown_model_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(
        PipelineError, match=r"settings\.json does not exist: run `dvc repro train`"
    ):
        TrainedModel.load(tmp_path)
    save(baseline_cnn1d.build(utterances(1)), settings("baseline_cnn1d"), tmp_path)

    (tmp_path / "model.keras").write_bytes(b"half a")
    with pytest.raises(
        PipelineError, match=r"model\.keras is not a model .* run `dvc repro train`"
    ):
        TrainedModel.load(tmp_path)
    (tmp_path / "model.keras").unlink()
    with pytest.raises(PipelineError, match=r"model\.keras does not exist: run `dvc repro train`"):
        TrainedModel.load(tmp_path)

    path = tmp_path / "settings.json"
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, "network": "other"}))
    with pytest.raises(PipelineError, match=r"settings\.json names the network 'other'"):
        TrainedModel.load(tmp_path)
    path.write_text(json.dumps({**values, "labels": None}))
    with pytest.raises(PipelineError, match=r"settings\.json"):
        TrainedModel.load(tmp_path)
    path.write_text("{")
    with pytest.raises(PipelineError, match=r"settings\.json is not valid JSON"):
        TrainedModel.load(tmp_path)
