"""The dataset on disk: same content, same bytes; nothing damaged is taken for whole."""

import os
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from conftest import tone, wav
from hypothesis import given
from hypothesis import strategies as st
from utterances import utterance

from speech_emotion.base.errors import PipelineError
from speech_emotion.base.files import replaced_folder
from speech_emotion.data import dataset
from speech_emotion.data.dataset import Shard, ShardWriter, shard_groups
from speech_emotion.data.manifest import read_manifest, read_shards, write_manifest

UTTERANCE = utterance(
    id="03-01-06-01-02-01-12",
    speaker="12",
    emotion="fearful",
    statement="02",
    duration=1.25,
    shard="ravdess-12-000",
)


def write(folder: Path, ids: list[str]) -> None:
    (folder / "shards").mkdir(parents=True)
    rows = [replace(UTTERANCE, id=name, source_id=name) for name in ids]
    with ShardWriter(folder / "shards" / "ravdess-12-000.tar") as shard:
        for row in rows:
            shard.add(f"{row.id}.wav", wav(tone(1.25)))
    write_manifest(rows, folder)


def test_any_tar_unpacks_what_was_written(tmp_path: Path) -> None:
    write(tmp_path / "set", ["a", "b"])
    subprocess.run(
        ["tar", "xf", tmp_path / "set" / "shards" / "ravdess-12-000.tar", "-C", tmp_path],
        check=True,
    )
    assert (tmp_path / "a.wav").read_bytes() == wav(tone(1.25))
    [shard] = read_shards(tmp_path / "set")
    assert [(row.id, name) for row, name, _ in shard] == [("a", "a.wav"), ("b", "b.wav")]


def test_headers_carry_nothing_that_differs_between_runs(tmp_path: Path) -> None:
    write(tmp_path / "one", ["a"])
    os.utime(tmp_path / "one", (0, 0))
    write(tmp_path / "two", ["a"])
    first, second = (
        (tmp_path / name / "shards" / "ravdess-12-000.tar").read_bytes() for name in ("one", "two")
    )
    assert first == second
    with tarfile.open(tmp_path / "one" / "shards" / "ravdess-12-000.tar") as tar:
        [member] = tar.getmembers()
    assert (member.mtime, member.uid, member.gid, member.uname) == (0, 0, 0, "")


def test_manifest_comes_back_as_written(tmp_path: Path) -> None:
    odd = replace(UTTERANCE, id="x", statement="null", duration=1 / 3)
    write_manifest([UTTERANCE, odd], tmp_path)
    with pytest.raises(PipelineError, match=r"\.tar is missing: rerun the stage"):
        read_shards(tmp_path)
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards" / f"{UTTERANCE.shard}.tar").touch()
    [shard] = read_shards(tmp_path)
    assert shard.utterances == (UTTERANCE, odd)


@pytest.mark.parametrize(
    ("change", "reported"),
    [
        ({"emotion": " "}, "is empty"),
        ({"duration": 0.0}, "duration"),
        ({"id": "a/b"}, "'a/b'"),
        ({"sex": "f"}, "sex"),
    ],
)
def test_manifest_is_checked_on_write_and_on_read(
    tmp_path: Path, change: dict[str, object], reported: str
) -> None:
    bad = replace(UTTERANCE, **change)  # type: ignore[arg-type]
    with pytest.raises(PipelineError, match=reported):
        write_manifest([bad], tmp_path)
    assert not (tmp_path / "manifest.csv").exists()
    pd.DataFrame([vars(bad)]).to_csv(tmp_path / "manifest.csv", index=False)
    with pytest.raises(PipelineError, match=reported):
        read_manifest(tmp_path)


def test_manifest_faults_name_the_file(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="would have no utterance"):
        write_manifest([], tmp_path)
    with pytest.raises(PipelineError, match=r"manifest\.csv does not exist"):
        read_manifest(tmp_path)
    with pytest.raises(PipelineError, match="not a valid manifest"):
        write_manifest([UTTERANCE, UTTERANCE], tmp_path)
    (tmp_path / "manifest.csv").write_text("id,duration\nx,long\n")
    with pytest.raises(PipelineError, match="not a valid manifest"):
        read_manifest(tmp_path)


def test_damaged_shards_are_never_read_as_whole(tmp_path: Path) -> None:
    write(tmp_path / "set", ["a", "b"])
    path = tmp_path / "set" / "shards" / "ravdess-12-000.tar"
    whole = path.read_bytes()
    for damage in (whole[:20000], whole.replace(b"a.wav", b"c.wav"), b""):
        path.write_bytes(damage)
        [shard] = read_shards(tmp_path / "set")
        with pytest.raises(PipelineError, match=r"ravdess-12-000\.tar"):
            list(shard)
    path.unlink()
    with pytest.raises(PipelineError, match=r"ravdess-12-000\.tar"):
        list(shard)


def test_a_failed_run_leaves_the_old_data_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "data"
    target.mkdir()
    (target / "old").write_text("good")

    def fail() -> None:
        with replaced_folder(target) as folder:
            (folder / "new").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    assert (target / "old").read_text() == "good"


def test_outputs_are_replaced_never_opened_for_writing(tmp_path: Path) -> None:
    target, cached = tmp_path / "data", tmp_path / "cached"
    with replaced_folder(target) as folder:
        (folder / "file").write_text("first")
    os.link(target / "file", cached)  # as DVC links outputs to its cache
    with replaced_folder(target) as folder:
        (folder / "file").write_text("second")
    assert (target / "file").read_text() == "second"
    assert cached.read_text() == "first"


recordings = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.integers(0, 10**4), st.integers(1, 10**7)),
    max_size=60,
    unique_by=lambda one: one[1],
).map(lambda ones: [(speaker, f"{number:05d}", size) for speaker, number, size in ones])


@given(recordings)
def test_shards_hold_every_recording_once_one_speaker_each_capped(
    ones: list[tuple[str, str, int]],
) -> None:
    shards = shard_groups(ones)
    assert sorted(i for _, members in shards for i in members) == list(range(len(ones)))
    for name, members in shards:
        assert {ones[i][0] for i in members} == {name.rsplit("-", 1)[0]}
        size = sum(ones[i][2] for i in members)
        assert len(members) == 1 or size <= dataset.MAX_SHARD_BYTES
    assert len({name for name, _ in shards}) == len(shards)


@given(recordings, st.integers(1, 50))
def test_a_new_speaker_touches_no_other_shard(ones: list[tuple[str, str, int]], more: int) -> None:
    added = [*ones, *(("new", f"new{i}", 10**6) for i in range(more))]

    def content(entries: list[tuple[str, str, int]]) -> dict[str, set[str]]:
        return {name: {entries[i][1] for i in group} for name, group in shard_groups(entries)}

    before, after = content(ones), content(added)
    assert {name: ids for name, ids in after.items() if not name.startswith("new-")} == before


def test_very_many_speakers_share_stable_buckets() -> None:
    many = [(f"s{i}", f"u{i}", 1000) for i in range(5000)]
    before = {many[i][1]: name for name, members in shard_groups(many) for i in members}
    assert len(set(before.values())) <= dataset.SPEAKER_BUCKETS
    more = [*many, ("t", "t", 1000)]
    after = {more[i][1]: name for name, members in shard_groups(more) for i in members}
    assert {key: after[key] for key in before} == before


def test_shard_of_another_order_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "set", ["a", "b"])
    [shard] = read_shards(tmp_path / "set")
    with pytest.raises(PipelineError, match=r"holds 'a\.wav' where its manifest has 'b'"):
        list(Shard(shard.path, shard.utterances[::-1]))
