"""clean, augment and featurize on real files: what goes in comes out, whatever the workers do."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from conftest import merge, tone, wav
from threadpoolctl import threadpool_limits

from speech_emotion.audio.cleaning import clean
from speech_emotion.audio.codec import decode, mix_down
from speech_emotion.audio.variants import AugmentParams, Original, Variant, make_variant
from speech_emotion.base.errors import PipelineError
from speech_emotion.data.feature_store import FeatureStore
from speech_emotion.data.manifest import read_manifest, read_shards
from speech_emotion.features import KINDS, FeaturizeParams, featurize
from speech_emotion.params.clean import CleanParams
from stages.augment import augment
from stages.clean import clean_dataset
from stages.featurize import featurize_dataset

pytestmark = pytest.mark.slow


def content(folder: Path) -> dict[str, bytes]:
    return {row.id: audio for shard in read_shards(folder) for row, _, audio in shard}


@pytest.fixture
def data(corpora: Path, tmp_path: Path) -> Path:
    """A data folder with the merged dataset of a few recordings."""
    for path in sorted(corpora.rglob("*.wav")):
        keep = ("03-01-05", "03-01-08", "OA_bite", "OAF_food_fear", "03-02-04")
        if not path.stem.startswith(keep):
            path.unlink()
    merge(corpora, tmp_path / "data")
    return tmp_path / "data"


def test_clean_gives_16_bit_mono_wav_of_every_recording(
    data: Path, clean_params: CleanParams
) -> None:
    clean_dataset(data / "merged", data / "clean", clean_params)
    before = read_manifest(data / "merged").set_index("id")
    after = read_manifest(data / "clean").set_index("id")
    assert list(after.index) == list(before.index)
    speech = before.channel == "speech"
    assert (after.duration <= before.duration + 1e-4).all()
    # the silence before and after was cut
    assert after.duration[speech].sum() < 0.9 * before.duration[speech].sum()
    for shard in read_shards(data / "clean"):
        for row, name, audio in shard:
            (data / name).write_bytes(audio)
            info = soundfile.info(data / name)
            assert (info.format, info.subtype, info.channels) == ("WAV", "PCM_16", 1)
            assert info.samplerate == row.sample_rate == clean_params.sample_rate
            assert info.duration == pytest.approx(row.duration, abs=1e-6)


def test_clean_counts_what_was_nearly_empty(
    tmp_path: Path, clean_params: CleanParams, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "source").mkdir()
    click = np.zeros(32000, np.float32)
    click[16000:16100] = 0.5
    (tmp_path / "source" / "OAF_back_sad.wav").write_bytes(wav(click))
    (tmp_path / "source" / "OAF_bar_sad.wav").write_bytes(wav(tone(1)))
    merge(tmp_path / "source", tmp_path)
    narrow = {"trim": clean_params.trim.model_copy(update={"window": 0.01, "margin": 0.0})}
    params = clean_params.model_copy(update=narrow)
    clean_dataset(tmp_path / "merged", tmp_path / "clean", params)
    assert "1 of 2 recordings: under 0.25 s of sound" in capsys.readouterr().out
    assert read_manifest(tmp_path / "clean").duration.min() == 0.25


def test_augment_keeps_originals_and_adds_every_variant(
    data: Path, clean_params: CleanParams, augment_params: AugmentParams
) -> None:
    clean_dataset(data / "merged", data / "clean", clean_params)
    more = AugmentParams(variants=(*augment_params.variants, Variant.model_validate({"noise": 20})))
    augment(data / "merged", data / "clean", data / "augmented", more, clean_params)
    originals, everything = content(data / "clean"), content(data / "augmented")
    assert len(everything) == len(originals) * 10
    assert all(everything[name] == audio for name, audio in originals.items())
    manifest = read_manifest(data / "augmented")
    assert (manifest.groupby("source_id").variant.nunique() == 10).all()
    variants = manifest[manifest.variant != "original"]
    assert (variants.id == variants.source_id + "_" + variants.variant).all()
    for shard in read_shards(data / "augmented"):
        for row, _, audio in shard:
            samples, _ = decode(audio)
            assert len(samples) / row.sample_rate == pytest.approx(row.duration)
    slow = manifest[manifest.variant == "stretch0p81"].set_index("source_id").duration
    plain = manifest[manifest.variant == "original"].set_index("source_id").duration
    assert (slow / plain).to_numpy() == pytest.approx(1 / 0.81, rel=1e-3)


def test_some_variants_are_made_of_the_recording_as_it_came_and_cleaned_then(
    data: Path, clean_params: CleanParams
) -> None:
    clean_dataset(data / "merged", data / "clean", clean_params)
    telephone = AugmentParams.model_validate({"variants": [{"telephone": 3400}]})
    augment(data / "merged", data / "clean", data / "augmented", telephone, clean_params)
    rate = clean_params.sample_rate
    came = {
        row.id: decode(audio) for shard in read_shards(data / "merged") for row, _, audio in shard
    }
    for shard in read_shards(data / "augmented"):
        for row, _, audio in shard:
            if row.variant == "original":
                continue
            samples, own_rate = came[row.source_id]
            mono = soxr.resample(mix_down(samples), own_rate, rate)
            heard = make_variant(telephone.variants[0], Original(row.source_id, mono, rate))
            expected, _ = clean(heard[:, None], rate, clean_params)
            np.testing.assert_array_equal(decode(audio)[0][:, 0], expected)
            assert row.duration == pytest.approx(len(expected) / rate)


def test_without_variants_augment_passes_everything_on(
    data: Path, clean_params: CleanParams
) -> None:
    clean_dataset(data / "merged", data / "clean", clean_params)
    none = AugmentParams(variants=())
    augment(data / "merged", data / "clean", data / "augmented", none, clean_params)
    assert content(data / "augmented") == content(data / "clean")


def test_features_of_every_utterance_are_found_again(
    data: Path, clean_params: CleanParams, every_kind: FeaturizeParams
) -> None:
    clean_dataset(data / "merged", data / "clean", clean_params)
    featurize_dataset(data / "clean", data / "features", every_kind, clean_params)
    store = FeatureStore(data / "features")
    audio = content(data / "clean")
    for index, name in enumerate(store.manifest.id):
        samples, rate = decode(audio[name])
        with threadpool_limits(limits=1):  # matrix products differ by the number of threads
            expected = featurize(samples[:, 0], rate, every_kind)
        found = store.features(tuple(KINDS), index)
        for kind, values in expected.items():
            np.testing.assert_array_equal(found[kind], values)
            assert found[kind].dtype == KINDS[kind].dtype
    front_end = json.loads((data / "features" / "front_end.json").read_text())
    assert FeaturizeParams.model_validate(front_end["featurize"]) == every_kind
    assert CleanParams.model_validate(front_end["clean"]) == clean_params


def test_features_that_are_not_there_are_named(
    data: Path, clean_params: CleanParams, featurize_params: FeaturizeParams
) -> None:
    clean_dataset(data / "merged", data / "clean", clean_params)
    params = featurize_params.model_copy(update={"kinds": ("log_mel",)})
    featurize_dataset(data / "clean", data / "features", params, clean_params)
    with pytest.raises(PipelineError, match=r"lacks mfcc_mean: add .* featurize\.kinds"):
        FeatureStore(data / "features").require(("mfcc_mean",), "baseline_cnn1d")


def test_a_filter_bank_beyond_the_audio_is_refused(
    data: Path, clean_params: CleanParams, featurize_params: FeaturizeParams
) -> None:
    params = clean_params.model_copy(update={"sample_rate": 8000})
    with pytest.raises(PipelineError, match=r"featurize\.log_mel\.high is 8000 Hz"):
        featurize_dataset(data / "merged", data / "features", featurize_params, params)


def test_the_number_of_workers_changes_no_byte(
    data: Path,
    tmp_path: Path,
    clean_params: CleanParams,
    augment_params: AugmentParams,
    every_kind: FeaturizeParams,
    monkeypatch: pytest.MonkeyPatch,
    folder_bytes: Callable[[Path], dict[str, bytes]],
) -> None:
    few = AugmentParams(
        variants=(
            *augment_params.variants[:1],
            *(
                Variant.model_validate(one)
                for one in ({"noise": 10}, {"babble": 10}, {"room": 0.4})
            ),
        ),
        per_recording=3,
    )
    for workers in ("1", "2"):
        monkeypatch.setenv("SER_WORKERS", workers)
        # or the second round would find the first one's shards
        monkeypatch.setenv("SER_CACHE", str(tmp_path / f"cache{workers}"))
        here = tmp_path / workers
        merge(tmp_path / "corpora", here)
        clean_dataset(here / "merged", here / "clean", clean_params)
        augment(here / "merged", here / "clean", here / "augmented", few, clean_params)
        featurize_dataset(here / "augmented", here / "features", every_kind, clean_params)
    one, two = folder_bytes(tmp_path / "1"), folder_bytes(tmp_path / "2")
    assert len(one) > 20
    assert one == two


@pytest.mark.parametrize("reported", ["0", "two", "-1"])
def test_worker_count_must_be_a_number(
    data: Path, reported: str, clean_params: CleanParams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SER_WORKERS", reported)
    with pytest.raises(PipelineError, match=f"SER_WORKERS is {reported!r}"):
        clean_dataset(data / "merged", data / "clean", clean_params)


def test_a_damaged_shard_stops_clean_and_keeps_its_last_output(
    data: Path, clean_params: CleanParams
) -> None:
    clean_dataset(data / "merged", data / "clean", clean_params)
    before = (data / "clean" / "manifest.csv").read_bytes()
    shard = next((data / "merged" / "shards").glob("*.tar"))
    whole = shard.read_bytes()
    for damage in (whole[:-30000], None):
        shard.unlink() if damage is None else shard.write_bytes(damage)
        with pytest.raises(PipelineError, match=rf"{shard.name} is .*rerun the stage"):
            clean_dataset(data / "merged", data / "clean", clean_params)
        assert (data / "clean" / "manifest.csv").read_bytes() == before
        assert not (data / "clean.partial").exists()


def test_a_recording_that_is_not_ours_is_named(
    data: Path, clean_params: CleanParams, featurize_params: FeaturizeParams
) -> None:
    """The stages between which recordings are WAV of one form, given the published ones."""
    reported = r"\.tar: 03-0\d-\S+ (is not the whole of a 16-bit mono WAV|can't be decoded)"
    with pytest.raises(PipelineError, match=reported):
        none = AugmentParams(variants=())
        augment(data / "merged", data / "merged", data / "augmented", none, clean_params)
    with pytest.raises(PipelineError, match=reported):
        featurize_dataset(data / "merged", data / "features", featurize_params, clean_params)


def test_missing_features_are_named(
    data: Path, clean_params: CleanParams, featurize_params: FeaturizeParams
) -> None:
    clean_dataset(data / "merged", data / "clean", clean_params)
    featurize_dataset(data / "clean", data / "features", featurize_params, clean_params)
    store = FeatureStore(data / "features")
    (data / "features/log_mel" / f"{store.manifest['shard'][0]}.npy").unlink()
    with pytest.raises(PipelineError, match=r"log_mel/.*\.npy is missing: rerun the stage"):
        store.frames("log_mel", 0)
