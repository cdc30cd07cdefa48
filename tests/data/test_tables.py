"""Anybody's table is read as it is, and what is wrong with it is said with its row."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from conftest import merge, tone, wav

from speech_emotion.base.errors import PipelineError
from speech_emotion.data.manifest import read_manifest, read_shards
from speech_emotion.data.tables import read_table
from speech_emotion.params.ingest import IngestParams
from stages.ingest import ingest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four recordings of 0.5 to 0.8 s, no two alike, and one of 4 s."""
    folder = tmp_path / "mine"
    (folder / "wav").mkdir(parents=True)
    for number in range(4):
        (folder / "wav" / f"{number}.wav").write_bytes(wav(tone(0.5 + number / 10)))
    soundfile.write(folder / "long.flac", np.arange(64000) % 1000 / 2000 - 0.25, 16000)
    return folder


def written(folder: Path, text: str, name: str = "mine.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_text(text, encoding=encoding)
    return path


def manifest(table: Path) -> pd.DataFrame:
    merge(table, table.parent / "data")
    return read_manifest(table.parent / "data" / "merged").set_index("id")


PLAIN = """file,emotion,speaker,sex
wav/0.wav,Freude,anna,f
wav/1.wav,Ärger,bert,M
wav/2.wav,Freude,bert,male
"""


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (PLAIN, "utf-8"),
        (PLAIN.replace(",", ";"), "utf-8-sig"),
        (PLAIN.replace(",", "\t"), "utf-8"),
        (PLAIN.replace("\n", "\r\n").replace("sex", "Gender"), "utf-8"),
        (PLAIN.replace("file", " File ").replace("wav/0.wav", ' "wav/0.wav"'), "utf-8"),
    ],
)
def test_commas_semicolons_and_tabs_give_the_same(folder: Path, text: str, encoding: str) -> None:
    found = manifest(written(folder, text, encoding=encoding))
    assert list(found.index) == ["mine-wav_0", "mine-wav_1", "mine-wav_2"]
    assert list(found["emotion"]) == ["Freude", "Ärger", "Freude"]
    assert list(found["speaker"]) == ["mine-anna", "mine-bert", "mine-bert"]
    assert list(found["sex"]) == ["female", "male", "male"]
    assert set(found["corpus"]) == {"mine"}
    assert set(found["channel"]) == set(found["intensity"]) == set(found["statement"]) == {""}


def test_audio_arrives_untouched(folder: Path) -> None:
    manifest(written(folder, PLAIN))
    got = {
        row.id: content for one in read_shards(folder / "data/merged") for row, _, content in one
    }
    assert got == {f"mine-wav_{n}": (folder / f"wav/{n}.wav").read_bytes() for n in range(3)}


def test_all_known_columns_are_read_and_others_kept(folder: Path) -> None:
    text = (
        "file;emotion;speaker;gender;corpus;channel;intensity;statement;language;split;age;mood\n"
        "wav/0.wav;happy;a b;F;Calls;Phone;loud;Guten Tag;de;dev;30;x\n"
        "wav/1.wav;sad;c;;Calls;Phone;;;de;train;;\n"
    )
    found = manifest(written(folder, text))
    first, second = found.loc["calls-wav_0"], found.loc["calls-wav_1"]
    assert (first.speaker, first.sex, first.corpus, first.channel) == (
        "calls-a_b",
        "female",
        "calls",
        "phone",
    )
    assert (first.intensity, first.statement, first.language) == ("loud", "Guten Tag", "de")
    assert (first.split, first.age, first.mood) == ("validation", "30", "x")
    assert (second.sex, second.intensity, second.split, second.age) == ("", "", "train", "")


def test_columns_that_the_pipeline_writes_itself_are_left_with_a_warning(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "file,emotion,speaker,duration,id\nwav/0.wav,sad,a,99,x\nwav/1.wav,sad,b,98,y\n"
    found = manifest(written(folder, text))
    assert list(found["duration"]) == [0.5, 0.6]
    assert "the columns duration, id are not kept" in capsys.readouterr().err


def test_what_is_not_known_is_absent(folder: Path) -> None:
    found = manifest(written(folder, "file,emotion\nwav/0.wav,sad\nwav/1.wav,happy\n"))
    assert set(found["speaker"]) == set(found["sex"]) == {""}
    assert "split" not in found and "language" not in found


AUDFORMAT = """file,start,end,emotion,speaker
long.flac,0 days 00:00:00,0 days 00:00:01.500000,happiness,3
long.flac,0 days 00:00:01.500000,0 days 00:00:02.250000,anger,3
long.flac,0 days 00:00:02.250000,NaT,anger,3
wav/0.wav,0 days 00:00:00,NaT,sadness,8
"""
NKULULEKO = """,file,start,end,speaker,gender,emotion
0,long.flac,0 days 00:00:00,0 days 00:00:01.500000,3,male,happiness
1,long.flac,0 days 00:00:01.500000,0 days 00:00:02.250000,3,male,anger
2,long.flac,0 days 00:00:02.250000,,3,male,anger
3,wav/0.wav,0 days 00:00:00,,8,female,sadness
"""
SECONDS = """file;start;end;emotion;speaker
long.flac;0;1,5;happiness;3
long.flac;1,5;2,25;anger;3
long.flac;2.25;;anger;3
wav/0.wav;0;;sadness;8
"""


@pytest.mark.parametrize("text", [AUDFORMAT, NKULULEKO, SECONDS])
def test_segments_are_cut_to_the_sample(folder: Path, text: str) -> None:
    found = manifest(written(folder, text))
    assert list(found["duration"]) == [1.5, 0.75, 1.75, 0.5]
    whole, _ = soundfile.read(folder / "long.flac")
    audio = {
        row.id: (folder / name, content)
        for shard in read_shards(folder / "data/merged")
        for row, name, content in shard
    }
    for identity, first, last in [
        ("mine-long_0-1500", 0, 24000),
        ("mine-long_1500-2250", 24000, 36000),
        ("mine-long_2250-", 36000, 64000),
    ]:
        path, content = audio[identity]
        assert path.suffix == ".flac"
        (folder / "cut.flac").write_bytes(content)
        samples, rate = soundfile.read(folder / "cut.flac")
        assert rate == 16000
        np.testing.assert_array_equal(samples, whole[first:last])


@pytest.mark.parametrize(
    ("rows", "reported"),
    [
        ("wav/9.wav,sad,a,f", "row 3: its file wav/9.wav does not exist beside the table"),
        (",sad,a,f", "row 3: has no file"),
        ("wav/1.wav,,a,f", "row 3: has no emotion"),
        ("wav/1.wav,sad,anna,m", "row 3: says that the speaker anna is male, row 2 female"),
        ("wav/1.wav,sad,anna,", "row 3: says that the speaker anna is of unknown sex, row 2 fem"),
        ("wav/0.wav,sad,anna,f", "row 3: names the same recording as row 2"),
        ("wav/1.wav,sad,a,x", "row 3: its sex is 'x': expected female, male or nothing"),
        ("wav/1.wav,sad,a", "row 3: has 3 columns, the header 4"),
        ("mine.csv,sad,a,f", "row 3: its file mine.csv is neither WAV nor FLAC: convert it"),
        ("wav/1.wav,sad,a b,f\nwav/2.wav,sad,a_b,f", "row 4: has the speaker 'a_b', a row above"),
    ],
)
def test_a_fault_is_named_with_its_row(folder: Path, rows: str, reported: str) -> None:
    path = written(folder, f"file,emotion,speaker,sex\nwav/0.wav,happy,anna,f\n{rows}\n")
    with pytest.raises(PipelineError) as error:
        read_table(path)
    assert reported in str(error.value)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("header", "row", "reported"),
    [
        ("start,end", "2,1", "row 2: its segment starts at 2 s and ends at 1 s"),
        ("start,end", "soon,1", "row 2: its start is 'soon': expected seconds, such as 1.5"),
        ("split", "middle", "row 2: its split is 'middle': expected train, validation, test or n"),
        ("corpus", "TESS", "row 2: its corpus is called tess, as a corpus whose recordings are"),
    ],
)
def test_a_value_that_means_nothing_is_named(
    folder: Path, header: str, row: str, reported: str
) -> None:
    path = written(folder, f"file,emotion,{header}\nlong.flac,sad,{row}\n")
    with pytest.raises(PipelineError) as error:
        read_table(path)
    assert reported in str(error.value)


def test_a_segment_beyond_the_end_is_rejected_with_its_row(folder: Path) -> None:
    text = "file,emotion,start,end\nlong.flac,sad,0,4.03\nlong.flac,happy,2,4.1\n"
    params = IngestParams.model_validate({"from": written(folder, text), "max_rejected": 0.5})
    ingest(params, folder / "raw")
    assert list(read_manifest(folder / "raw")["duration"]) == [4.0], "tables round"
    rejected = (folder / "raw/rejected.csv").read_text()
    assert "row 3: long.flac" in rejected
    assert "lasts 4.00 s, but the segment goes from 2 s to 4.1 s" in rejected


def test_many_faults_are_told_at_once_and_equal_ones_once(folder: Path) -> None:
    rows = "".join(f"wav/{number}.wav,sad\n" for number in range(4, 20))
    with pytest.raises(PipelineError) as error:
        read_table(written(folder, f"file,emotion\n{rows}wav/0.wav,\nwav/1.wav,\n"))
    assert "row 2: its file wav/4.wav does not exist beside the table. row 3:" in str(error.value)
    assert "row 11: " in str(error.value) and "and 8 more rows have other faults" in str(
        error.value
    )
    with pytest.raises(PipelineError, match=r"csv: row 2 and 1 more: has no emotion\. Mend"):
        read_table(written(folder, "file,emotion\nwav/0.wav,\nwav/1.wav,\n"))


def test_equal_names_of_speakers_in_two_corpora_are_two_people(folder: Path) -> None:
    text = "file,emotion,speaker,sex,corpus\nwav/0.wav,sad,1,f,a\nwav/1.wav,sad,1,m,b\n"
    found = manifest(written(folder, text))
    assert list(found["speaker"]) == ["a-1", "b-1"]
    assert list(found["sex"]) == ["female", "male"]


def test_paths_may_be_written_as_windows_writes_them(folder: Path) -> None:
    found = manifest(written(folder, "file;emotion\nwav\\0.wav;sad\nwav\\1.wav;happy\n"))
    assert list(found.index) == ["mine-wav_0", "mine-wav_1"]


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("path,emotion\nx,y\n", "has no column file; it has path, emotion"),
        ("", "has no column file and no column emotion; it has none"),
        ("file,emotion,emotion\n", "has the column emotion twice"),
        ("file,emotion\n", "has no row below its header"),
    ],
)
def test_what_is_no_such_table_says_so(folder: Path, text: str, reported: str) -> None:
    with pytest.raises(PipelineError, match=reported):
        read_table(written(folder, text))


def test_text_of_another_encoding_is_named(folder: Path) -> None:
    path = written(folder, PLAIN, encoding="latin-1")
    with pytest.raises(PipelineError, match="not text in UTF-8"):
        read_table(path)


def test_ids_do_not_depend_on_the_other_rows_and_fit_a_tar(folder: Path) -> None:
    deep = folder / ("ordner " * 12).strip() / ("sprecherin" * 12)
    deep.mkdir(parents=True)
    (deep / "ä.wav").write_bytes(wav(tone(0.7)))
    row = f"{deep.relative_to(folder)}/ä.wav,sad,a\n"
    alone = [one.id for _, one in read_table(written(folder, f"file,emotion,speaker\n{row}"))]
    text = f"file,emotion,speaker\nwav/0.wav,sad,a\n{row}"
    assert [one.id for _, one in read_table(written(folder, text))][1:] == alone
    found = manifest(folder / "mine.csv")
    assert len(found) == 2


def test_two_files_of_one_id_are_named(folder: Path) -> None:
    soundfile.write(folder / "wav" / "0.flac", tone(1.1), 16000)
    path = written(folder, "file,emotion\nwav/0.wav,sad\nwav/0.flac,sad\n")
    with pytest.raises(
        PipelineError, match="row 3: would have the same id as row 2, mine-wav_0: rename a file"
    ):
        read_table(path)
