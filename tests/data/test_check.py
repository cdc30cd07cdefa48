"""What can't come to a result is refused before the first stage, and every file is listed."""

import csv
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, tone, wav
from training_params import LABELS

from speech_emotion.base.errors import PipelineError
from speech_emotion.data import check as checking
from speech_emotion.data.check import check, write_list
from speech_emotion.data.sources import open_sources
from speech_emotion.params.ingest import IngestParams
from speech_emotion.params.labels import LabelParams
from speech_emotion.params.split import SplitParams


def checked(source: object, labels: Any = None, **split: Any) -> tuple[str, ...]:
    section = {
        "protocol": "speakers",
        "folds": 2,
        "fold": 1,
        "train": None,
        "validation_speakers": 0,
        "validation_share": 0,
        "seed": 1,
        **split,
    }
    params = IngestParams.model_validate({"from": source, "max_rejected": 0})
    return check(
        open_sources(params.sources),
        params,
        SplitParams(**section),
        LabelParams(**(labels or LABELS)),
    )


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A table of two speakers with two emotions each."""
    rows = ["file,emotion,speaker"]
    for number, (emotion, speaker) in enumerate(
        [("sad", "a"), ("happy", "a"), ("sad", "b"), ("happy", "b")]
    ):
        (tmp_path / f"{number}.wav").write_bytes(wav(tone(0.5 + number / 10)))
        rows.append(f"{number}.wav,{emotion},{speaker}")
    path = tmp_path / "mine.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def test_what_fits_has_no_remark_and_reads_no_audio(mine: Path) -> None:
    for path in mine.parent.glob("*.wav"):
        path.write_bytes(b"no audio")
    assert checked(str(mine)) == ()


@pytest.mark.parametrize(
    ("split", "labels", "reported"),
    [
        ({"train": ["ravdess"]}, None, "split.train in params.yaml names ravdess"),
        ({"folds": 3}, None, r"more than the speakers that are to be dealt to folds \(2\)"),
        ({}, {"map": {"sad": "x", "joy": "y"}}, r"happy \(2\)"),
        ({"protocol": "emobox6"}, None, "tests the ravdess speech of the speakers 01"),
        ({"protocol": "given"}, None, "no recording came with its part"),
    ],
)
def test_what_does_not_fit_is_refused(
    mine: Path, split: dict[str, Any], labels: Any, reported: str
) -> None:
    with pytest.raises(PipelineError, match=reported):
        checked(str(mine), labels, **split)


def test_published_archives_are_neither_downloaded_nor_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mine: Path
) -> None:
    sections = yaml.safe_load((ROOT / "params.yaml").read_text())
    shutil.copy(ROOT / "data" / "published.yaml", tmp_path)
    sections["ingest"]["from"] = ["published.yaml", "mine.csv"]
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(sections, sort_keys=False))
    monkeypatch.chdir(tmp_path)
    checking.main()
    lines = (tmp_path / "data" / "sources.csv").read_text().splitlines()
    names = [line.split(",")[0] for line in lines]
    assert names == ["file", "0.wav", "1.wav", "2.wav", "3.wav", "mine.csv", "published.yaml"]


def test_files_of_one_recording_are_not_read_to_compare_them(corpora: Path) -> None:
    for path in sorted(corpora.rglob("*.wav")):
        again = corpora / "again" / path.relative_to(corpora)
        again.parent.mkdir(parents=True, exist_ok=True)
        again.write_bytes(bytes(path.stat().st_size))
    checked(str(corpora), protocol="random")
    again.write_bytes(b"")
    with pytest.raises(PipelineError, match="and their bytes differ"):
        checked(str(corpora), protocol="random")


def listed(sources: list[Path], target: Path) -> dict[str, tuple[str, str]]:
    write_list(open_sources(sources).files, target)
    with target.open(newline="") as file:
        return {row["file"]: (row["size"], row["md5"]) for row in csv.DictReader(file)}


def test_every_file_of_every_source_is_listed_with_its_hash(
    mine: Path, corpora: Path, tmp_path: Path
) -> None:
    files = listed([corpora, mine], tmp_path / "list.csv")
    assert len(files) == len(list(corpora.rglob("*.wav"))) + 5
    before = files[f"{mine.as_posix()}/0.wav"]
    (mine.parent / "0.wav").write_bytes(wav(tone(0.9)))
    after = listed([corpora, mine], tmp_path / "list.csv")
    changed = {name for name in files if files[name] != after[name]}
    assert changed == {f"{mine.as_posix()}/0.wav"}
    assert before != after[f"{mine.as_posix()}/0.wav"]


def test_the_list_does_not_say_where_one_source_lies(mine: Path, tmp_path: Path) -> None:
    first = listed([mine], tmp_path / "list.csv")
    moved = mine.parent.rename(tmp_path.with_name(f"{tmp_path.name} moved"))
    assert listed([moved / "mine.csv"], moved / "list.csv") == first
    assert set(first) == {"mine.csv", "0.wav", "1.wav", "2.wav", "3.wav"}


def test_wrong_params_of_any_section_are_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sections = yaml.safe_load((ROOT / "params.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    for section, key in (("train", "epochs"), ("clean", "sample_rate"), ("evaluate", "disturbed")):
        wrong = {**sections, section: {**sections[section], key: "many"}}
        (tmp_path / "params.yaml").write_text(yaml.safe_dump(wrong, sort_keys=False))
        with pytest.raises(PipelineError, match=rf"params\.yaml: {section}\.{key} is 'many'"):
            checking.main()
