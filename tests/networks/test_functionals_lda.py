"""The discriminant analysis is scikit-learn's, and other speakers leave no trace in it."""

from pathlib import Path

import keras
import numpy as np
import pytest
from feature_folders import subset, write_features
from sklearn.covariance import shrunk_covariance
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from training_params import AUGMENTATION

from speech_emotion.base.errors import PipelineError
from speech_emotion.data.corpora.ravdess import EMOTIONS
from speech_emotion.data.feature_store import FeatureStore
from speech_emotion.data.feature_subset import FeatureSubset
from speech_emotion.networks import find, functionals_lda, lda
from speech_emotion.networks.parts import discriminant_analysis
from speech_emotion.networks.parts.discriminant_analysis import cross_fitted, fitted_analysis
from speech_emotion.params.train import AugmentationParams
from speech_emotion.training.archive import write_model


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    folder = tmp_path_factory.mktemp("features")
    write_features(folder, repetitions=2)
    return FeatureStore(folder)


def of_speakers(store: FeatureStore, *speakers: str, kinds: tuple[str, ...]) -> FeatureSubset:
    chosen = store.manifest["speaker"].isin(speakers) & (store.manifest["variant"] == "original")
    return subset(store, kinds, np.flatnonzero(chosen))


def matrix(chosen: FeatureSubset) -> np.ndarray:
    return np.stack([utterance["functionals"] for utterance in chosen])


def test_it_is_shrinkage_lda_of_clipped_standard_scores(store: FeatureStore) -> None:
    training = of_speakers(store, "01", "02", "03", kinds=functionals_lda.KINDS)
    others = matrix(of_speakers(store, "04", "05", kinds=functionals_lda.KINDS))
    others[0] *= 1000  # far out of what training saw

    def standard(values: np.ndarray) -> np.ndarray:
        known = matrix(training).astype(float)
        return np.clip((values - known.mean(axis=0)) / known.std(axis=0), -4, 4)

    class Shrunk:
        def fit(self, values: np.ndarray) -> "Shrunk":
            # scikit-learn asks class by class, each with the same number of recordings here
            self.covariance_ = shrunk_covariance(np.cov(values.T, bias=True), 0.7)
            return self

    oracle = LinearDiscriminantAnalysis(
        solver="lsqr", covariance_estimator=Shrunk(), priors=np.full(8, 1 / 8)
    ).fit(standard(matrix(training)), training.manifest["emotion"].to_numpy())
    logits = 0.15 * oracle.decision_function(standard(others))
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    order = [list(oracle.classes_).index(emotion) for emotion in EMOTIONS]
    given = functionals_lda.build(training).predict_on_batch({"functionals": others})
    np.testing.assert_allclose(given, expected[:, order], atol=1e-3)


def test_variants_count_and_the_size_of_blocks_does_not(
    store: FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    originals = of_speakers(store, "01", "02", kinds=functionals_lda.KINDS)
    everything = subset(
        store, functionals_lda.KINDS, np.flatnonzero(store.manifest["speaker"].isin(["01", "02"]))
    )
    assert len(everything) == 2 * len(originals)
    alone, together = (
        functionals_lda.build(chosen).predict_on_batch({"functionals": matrix(everything)})
        for chosen in (originals, everything)
    )
    assert np.abs(alone - together).max() > 0.01
    monkeypatch.setattr(discriminant_analysis, "BLOCK", 5)
    in_blocks = functionals_lda.build(everything)
    given = in_blocks.predict_on_batch({"functionals": matrix(everything)})
    np.testing.assert_allclose(given, together, atol=1e-5)


def test_song_and_speech_are_classes_of_their_own_that_add_up(store: FeatureStore) -> None:
    training = of_speakers(store, "01", "02", "03", kinds=functionals_lda.KINDS)
    training.manifest.loc[training.manifest["speaker"] == "03", "channel"] = "song"
    training.manifest.loc[training.manifest["emotion"] == "calm", "emotion"] = "neutral"
    model = functionals_lda.build(training)
    assert model.get_layer("classes").units == 14  # of 7 emotions, spoken and sung
    given = model.predict_on_batch({"functionals": matrix(training)})
    np.testing.assert_allclose(given.sum(axis=1), 1, rtol=1e-5)
    assert (given[:, EMOTIONS.index("calm")] == 0).all(), "nobody was calm"
    recognised = given.argmax(axis=1) == training.manifest["emotion"].map(EMOTIONS.index)
    assert recognised.mean() > 0.9


def test_a_functional_that_never_changes_decides_nothing(store: FeatureStore) -> None:
    training = of_speakers(store, "01", "02", kinds=functionals_lda.KINDS)
    constant = [{"functionals": np.append(u["functionals"], np.float32(7))} for u in training]

    class WithConstant(FeatureSubset):
        def __getitem__(self, position: int) -> dict[str, np.ndarray]:
            return constant[position]

    model = functionals_lda.build(
        subset(store, functionals_lda.KINDS, np.arange(0, 64, 2), WithConstant)
    )
    values = np.stack([utterance["functionals"] for utterance in constant])
    before = model.predict_on_batch({"functionals": values})
    values[:, -1] = 8
    np.testing.assert_allclose(model.predict_on_batch({"functionals": values}), before, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("network", ["functionals_lda", "fusion"])
def test_other_speakers_leave_no_trace_in_what_is_built(network: str, tmp_path: Path) -> None:
    files = []
    for marker in (np.nan, 6e4):
        folder = tmp_path / str(marker)
        write_features(folder, marked="04", marker=marker)
        training = of_speakers(
            FeatureStore(folder), "01", "02", "03", kinds=("log_mel", "functionals")
        )
        keras.utils.clear_session()
        keras.utils.set_random_seed(0)
        write_model(find(network, training.kinds).build(training, None), folder / "model.keras")
        files.append((folder / "model.keras").read_bytes())
    assert files[0] == files[1]


def test_augmentation_of_spectrograms_is_refused(store: FeatureStore) -> None:
    model = functionals_lda.build(of_speakers(store, "01", kinds=functionals_lda.KINDS))
    with pytest.raises(PipelineError, match=r"set train\.augmentation to null"):
        find("functionals_lda").training_model(model, AugmentationParams(**AUGMENTATION), 0)


def test_recordings_that_stand_alone_are_refused(store: FeatureStore) -> None:
    alone = store.manifest.query(
        "speaker == '01' and repetition == '00' and variant == 'original'"
    ).index.to_numpy()
    with pytest.raises(PipelineError, match="each of the 8 training recordings is the only one"):
        functionals_lda.build(subset(store, functionals_lda.KINDS, alone))


def test_recordings_that_stand_alone_without_some_speakers_are_refused(store: FeatureStore) -> None:
    alone = store.manifest.query(
        "speaker in ('01', '02') and repetition == '00' and variant == 'original'"
    ).index.to_numpy()
    with pytest.raises(PipelineError, match="each of the 8 training recordings is the only one"):
        cross_fitted(subset(store, functionals_lda.KINDS, alone), functionals_lda.KINDS)


def test_any_utterance_level_kinds_are_put_side_by_side(store: FeatureStore) -> None:
    assert store.utterance_kinds == ("functionals", "mfcc_mean", "whisper_pooled")
    network = find("lda", store.utterance_kinds)
    training, others = (
        of_speakers(store, *speakers, kinds=network.kinds)
        for speakers in (("01", "02", "03"), ("04", "05"))
    )
    both = lda.build(training)

    class SideBySide(FeatureSubset):
        def __getitem__(self, position: int) -> dict[str, np.ndarray]:
            utterance = super().__getitem__(position)
            return {"functionals": np.concatenate([utterance[kind] for kind in network.kinds])}

    joined = subset(store, network.kinds, training._indices, SideBySide)
    expected = functionals_lda.build(joined).predict_on_batch(
        {"functionals": np.stack([np.concatenate(list(one.values())) for one in others])}
    )
    segments = [network.inputs(utterance) for utterance in others]
    batch = {kind: np.concatenate([one[kind] for one in segments]) for kind in network.kinds}
    np.testing.assert_allclose(both.predict_on_batch(batch), expected, atol=1e-5)


def test_what_analyses_make_of_speakers_whom_they_do_not_know(store: FeatureStore) -> None:
    """Each group of speakers by an analysis that is fitted on the others, but for the scale."""
    kinds = ("functionals",)
    everybody = of_speakers(store, "01", "02", "03", "04", "05", kinds=kinds)
    found = cross_fitted(everybody, kinds)
    rows = everybody.manifest["speaker"].to_numpy()
    for speaker in ("01", "05"):
        others = of_speakers(store, *sorted(set(rows) - {speaker}), kinds=kinds)
        alone = of_speakers(store, speaker, kinds=kinds)
        model = fitted_analysis(others, kinds, "others")
        expected = model.predict_on_batch({"functionals": matrix(alone)})
        np.testing.assert_allclose(found[rows == speaker], expected, atol=0.04)
    known = fitted_analysis(everybody, kinds, "everybody")
    given = known.predict_on_batch({"functionals": matrix(everybody)})
    truth = np.arange(len(rows)), everybody.classes
    assert found[truth].mean() < given[truth].mean()
    with pytest.raises(PipelineError, match="all training recordings are by ravdess/03: train on"):
        cross_fitted(of_speakers(store, "03", kinds=kinds), kinds)
