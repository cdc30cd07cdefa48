"""What was computed once is found again, byte for byte; what is damaged or changed never is."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import merge, tone, wav

from speech_emotion.audio.variants import AugmentParams
from speech_emotion.base import imports
from speech_emotion.base.errors import PipelineError
from speech_emotion.data import shard_store
from speech_emotion.features import FeaturizeParams
from speech_emotion.params.clean import CleanParams
from stages.augment import augment
from stages.clean import clean_dataset, clean_shard
from stages.featurize import featurize_dataset

pytestmark = pytest.mark.slow

FolderBytes = Callable[[Path], dict[str, bytes]]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SER_WORKERS", "1")
    return tmp_path / "cache" / "shards"


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The shards that were computed, not found, once for every stage."""
    seen: list[str] = []
    keep = shard_store._keep

    def note(made: Path, finished: shard_store.Finished, entry: Path) -> None:
        seen.append(finished.utterances[0].shard)
        keep(made, finished, entry)

    monkeypatch.setattr(shard_store, "_keep", note)
    return seen


@pytest.fixture
def build(clean_params: CleanParams, featurize_params: FeaturizeParams) -> Callable[..., None]:
    """Run ingest to featurize on a source."""
    variants = AugmentParams.model_validate({"variants": [{"pitch": 1}, {"noise": 10}]})

    def run(source: Path, data: Path, cleaning: CleanParams = clean_params) -> None:
        merge(source, data)
        clean_dataset(data / "merged", data / "clean", cleaning)
        augment(data / "merged", data / "clean", data / "augmented", variants, cleaning)
        featurize_dataset(data / "augmented", data / "features", featurize_params, cleaning)

    return run


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Six recordings of three speakers."""
    folder = tmp_path / "source"
    folder.mkdir()
    for number, name in enumerate(
        [
            "03-01-05-01-01-01-01",
            "03-01-04-01-01-01-01",
            "03-01-05-01-01-01-02",
            "03-01-03-01-01-01-02",
            "OAF_back_sad",
            "OAF_bar_sad",
        ]
    ):
        (folder / f"{name}.wav").write_bytes(wav(tone(0.5 + 0.1 * number)))
    return folder


def from_nothing(
    build: Callable[..., None],
    source: Path,
    tmp_path: Path,
    folder_bytes: FolderBytes,
    **more: CleanParams,
) -> dict[str, bytes]:
    shutil.rmtree(tmp_path / "cache")
    build(source, tmp_path / "fresh", **more)
    return folder_bytes(tmp_path / "fresh")


def test_everything_is_found_again(
    build: Callable[..., None],
    source: Path,
    tmp_path: Path,
    folder_bytes: FolderBytes,
    computed: list[str],
) -> None:
    build(source, tmp_path / "one")
    assert len(computed) == 9  # three stages, three shards
    build(source, tmp_path / "two")
    assert len(computed) == 9
    assert folder_bytes(tmp_path / "one") == folder_bytes(tmp_path / "two")


def test_only_what_a_change_of_recordings_touches_is_computed(
    build: Callable[..., None],
    source: Path,
    tmp_path: Path,
    folder_bytes: FolderBytes,
    computed: list[str],
) -> None:
    build(source, tmp_path / "data")
    changes: dict[str, Callable[[], object]] = {
        "ravdess-03-000": lambda: (source / "03-01-05-01-01-01-03.wav").write_bytes(
            wav(tone(1.05))
        ),
        "ravdess-01-000": lambda: (source / "03-01-04-01-01-01-01.wav").unlink(),
        "tess-OAF-000": lambda: (source / "OAF_back_sad.wav").write_bytes(wav(tone(1.3))),
    }
    for shard, change in changes.items():
        computed.clear()
        change()
        build(source, tmp_path / "data")
        assert computed == [shard] * 3
    found = folder_bytes(tmp_path / "data")
    assert found == from_nothing(build, source, tmp_path, folder_bytes)


def test_changed_params_compute_anew(
    build: Callable[..., None],
    source: Path,
    tmp_path: Path,
    folder_bytes: FolderBytes,
    computed: list[str],
    clean_params: CleanParams,
) -> None:
    quick = clean_params.model_copy(update={"noise_reduction": False})
    build(source, tmp_path / "data")
    computed.clear()
    louder = quick.model_copy(update={"level": -20.0})
    build(source, tmp_path / "data", cleaning=louder)
    assert len(computed) == 9
    found = folder_bytes(tmp_path / "data")
    assert found == from_nothing(build, source, tmp_path, folder_bytes, cleaning=louder)


def test_changed_code_computes_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clean_params: CleanParams
) -> None:
    project = tmp_path / "project"
    for package in ("stages", "speech_emotion"):
        shutil.copytree(imports.ROOT / package, project / package)
    monkeypatch.setattr(imports, "ROOT", project)
    monkeypatch.setattr(shard_store, "ROOT", project)
    before = shard_store.fingerprint(clean_shard, clean_params)
    assert shard_store.fingerprint(clean_shard, clean_params) == before
    unrelated = project / "speech_emotion" / "features" / "log_mel.py"
    unrelated.write_text(unrelated.read_text() + "\nCHANGED = 1\n")
    assert shard_store.fingerprint(clean_shard, clean_params) == before
    for name in ("stages/clean.py", "speech_emotion/audio/cleaning.py"):
        path = project / name
        path.write_text(path.read_text() + "\n# a comment\n")
        assert shard_store.fingerprint(clean_shard, clean_params) == before
        path.write_text(path.read_text() + "\nCHANGED = 1\n")
        after = shard_store.fingerprint(clean_shard, clean_params)
        assert after != before
        before = after


def installed(folder: Path, name: str, version: str) -> None:
    """Put a distribution into a folder of packages, as installers do."""
    (folder / name).mkdir(exist_ok=True)
    (folder / name / "__init__.py").write_text("")
    for old in folder.glob(f"{name}-*.dist-info"):
        shutil.rmtree(old)
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "top_level.txt").write_text(f"{name}\n")


def test_libraries_count_that_the_stage_imports_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clean_params: CleanParams
) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    monkeypatch.syspath_prepend(packages)
    before = shard_store.fingerprint(clean_shard, clean_params)
    installed(packages, "unrelated", "1.0")
    assert shard_store.fingerprint(clean_shard, clean_params) == before
    installed(packages, "soxr", "99.0")  # before the real one on the path
    replaced = shard_store.fingerprint(clean_shard, clean_params)
    installed(packages, "soxr", "99.1")
    updated = shard_store.fingerprint(clean_shard, clean_params)
    assert len({before, replaced, updated}) == 3


@pytest.mark.parametrize("damage", ["tampered", "cut short", "missing", "no entry", "odd entry"])
def test_a_damaged_entry_is_made_anew(
    build: Callable[..., None],
    source: Path,
    tmp_path: Path,
    folder_bytes: FolderBytes,
    computed: list[str],
    store: Path,
    damage: str,
) -> None:
    build(source, tmp_path / "data")
    expected = folder_bytes(tmp_path / "data")
    for path in store.rglob("*.tar"):
        content = path.read_bytes()
        path.unlink()  # the outputs are links to the same file
        if damage == "tampered":
            path.write_bytes(content[:600] + b"\x01" + content[601:])
        elif damage == "cut short":
            path.write_bytes(content[: len(content) // 2])
        elif damage != "missing":
            path.write_bytes(content)
            entry = path.parents[1] / shard_store.ENTRY
            entry.unlink()
            if damage == "odd entry":
                entry.write_text('{"files": {}}')
    computed.clear()
    build(source, tmp_path / "data")
    assert len(computed) == 6  # clean and augment; the features are found
    assert folder_bytes(tmp_path / "data") == expected
    computed.clear()
    build(source, tmp_path / "data")
    assert computed == []


def test_the_store_can_be_deleted_or_out_of_reach(
    build: Callable[..., None],
    source: Path,
    tmp_path: Path,
    folder_bytes: FolderBytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    build(source, tmp_path / "data")
    expected = folder_bytes(tmp_path / "data")
    shutil.rmtree(tmp_path / "cache")
    assert folder_bytes(tmp_path / "data") == expected
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("SER_CACHE", str(tmp_path / "file"))
    build(source, tmp_path / "data")
    assert folder_bytes(tmp_path / "data") == expected


def test_the_oldest_use_goes_first(
    build: Callable[..., None],
    source: Path,
    tmp_path: Path,
    store: Path,
    computed: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    build(source, tmp_path / "data")
    (source / "03-01-05-01-01-01-03.wav").write_bytes(wav(tone(1.05)))
    (source / "03-01-05-01-01-01-01.wav").unlink()
    (source / "03-01-04-01-01-01-01.wav").unlink()
    build(source, tmp_path / "data")  # uses all entries but those of actor 1
    used = {
        path for path in store.glob("??/*") if "ravdess-01-000" not in str(list(path.rglob("*")))
    }
    sizes = {path: sum(f.stat().st_size for f in path.rglob("*") if f.is_file()) for path in used}
    shard_store.make_room(store, sum(sizes.values()))
    assert set(store.glob("??/*")) == used
    computed.clear()
    build(source, tmp_path / "data")
    assert computed == []
    shard_store.make_room(store, 0)
    assert not list(store.glob("??/*"))
    monkeypatch.setenv("SER_STORE_GIB", "much")
    with pytest.raises(PipelineError, match="SER_STORE_GIB is 'much'"):
        build(source, tmp_path / "data")
    assert computed == []


def test_the_store_is_held_to_its_size_while_a_stage_runs(
    build: Callable[..., None],
    source: Path,
    tmp_path: Path,
    store: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held: list[int] = []
    make_room = shard_store.make_room

    def note(store: Path, size: float) -> None:
        make_room(store, size)
        held.append(len(list(store.glob("??/*"))))

    monkeypatch.setattr(shard_store, "make_room", note)
    monkeypatch.setattr(shard_store, "SHARDS_BETWEEN", 2)
    monkeypatch.setenv("SER_STORE_GIB", "0")
    build(source, tmp_path / "data")
    assert held == [0] * 6  # three shards, three stages: after the second and at the end


def test_what_a_killed_process_left_is_removed(store: Path) -> None:
    old, new = (store / "ab" / f"{shard_store.UNFINISHED}{name}" for name in ("old", "new"))
    for left in (old, new):
        (left / "key").mkdir(parents=True)
        (left / "key" / "s.tar").write_bytes(bytes(1000))
    long_ago = time.time() - shard_store.ABANDONED - 60
    os.utime(old, (long_ago, long_ago))
    shard_store.make_room(store, 1e9)
    assert not old.exists()
    assert new.exists()
