"""What arrives is what was published: nothing lost, nothing guessed, nothing broken let in."""

import csv
import functools
import hashlib
import http.server
import threading
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml
from conftest import ROOT, tone, wav

from speech_emotion.base.errors import PipelineError
from speech_emotion.data.manifest import read_manifest, read_shards
from speech_emotion.data.sources import SourceFile, open_source
from speech_emotion.params.ingest import IngestParams
from stages.ingest import ingest

SPEECH = Path("Audio_Speech_Actors_01-24")


def params(source: Path, max_rejected: float = 0.01) -> IngestParams:
    return IngestParams.model_validate({"from": source, "max_rejected": max_rejected})


def rejected(target: Path) -> dict[str, str]:
    with (target / "rejected.csv").open(newline="") as file:
        return {row["name"]: row["reason"] for row in csv.DictReader(file)}


@pytest.mark.slow
def test_folder_arrives_whole_and_untouched(corpora: Path, tmp_path: Path) -> None:
    target = tmp_path / "raw"
    ingest(params(corpora), target)
    given = {path.stem: path.read_bytes() for path in corpora.rglob("*.wav")}
    got = {row.id: content for shard in read_shards(target) for row, _, content in shard}
    assert got == given
    assert rejected(target) == {}


def test_manifest_tells_what_names_and_files_say(corpora: Path, tmp_path: Path) -> None:
    target = tmp_path / "raw"
    ingest(params(corpora), target)
    manifest = read_manifest(target).set_index("id")
    for path in corpora.rglob("*.wav"):
        info = soundfile.info(path)
        assert manifest.loc[path.stem, "sample_rate"] == info.samplerate
        assert manifest.loc[path.stem, "duration"] == pytest.approx(info.duration, abs=1e-6)
    misnamed = manifest.loc["OA_bite_neutral"]
    assert (misnamed.speaker, misnamed.emotion, misnamed.statement) == ("OAF", "neutral", "bite")
    assert manifest.loc["OAF_food_fear", "sample_rate"] == 96000
    actor = manifest[manifest.speaker == "02"]
    assert set(actor.sex) == {"female"}
    assert set(actor.channel) == {"speech", "song"}
    assert not manifest.synthetic.any()


def test_zip_archives_are_read_like_folders(corpora: Path, tmp_path: Path) -> None:
    zipped = tmp_path / "zipped"
    zipped.mkdir()
    for top in corpora.iterdir():
        with zipfile.ZipFile(zipped / f"{top.name}.zip", "w") as archive:
            for path in sorted(top.rglob("*.wav")):
                archive.write(path, path.relative_to(top))
            archive.writestr("__MACOSX/Actor_01/._03-01-01-01-01-01-01.wav", b"resource fork")
    ingest(params(corpora), tmp_path / "a")
    ingest(params(zipped), tmp_path / "b")
    for name in ("manifest.csv", *(f"shards/{s.name}.tar" for s in read_shards(tmp_path / "a"))):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_flac_and_any_letter_case(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "oaf_FEAR").mkdir(parents=True)
    soundfile.write(source / "oaf_FEAR" / "oaf_Back_FEAR.FLAC", tone(1), 16000, format="FLAC")
    (source / "ACTOR_03").mkdir()
    (source / "ACTOR_03" / "03-01-08-02-02-01-03.WAV").write_bytes(wav(tone(1)))
    ingest(params(source), tmp_path / "raw")
    assert set(read_manifest(tmp_path / "raw").id) == {"OAF_back_fear", "03-01-08-02-02-01-03"}


def test_incomplete_corpora_are_counted_aloud(
    corpora: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ingest(params(corpora), tmp_path / "raw")
    count = len(list((corpora / SPEECH).rglob("*.wav")))
    assert f"ravdess speech: {count} of the 1440 recordings published" in capsys.readouterr().err


def broken_files() -> dict[str, tuple[bytes, str]]:
    whole = wav(tone(1))
    infinite = tone(1)
    infinite[100] = np.inf
    garbage = tone(1)
    garbage[100] = 2e38  # its square is infinite
    return {
        "03-01-01-01-01-01-01": (b"not audio at all", "can't be decoded"),
        "03-01-01-01-01-02-01": (b"", "can't be decoded"),
        "03-01-04-02-01-01-01": (wav(garbage, subtype="FLOAT"), "samples as large as 2.0e+38"),
        "03-01-01-01-02-01-01": (wav(infinite, subtype="FLOAT"), "not finite"),
        "03-01-01-01-02-02-01": (wav(np.full(16000, 0.2, np.float32)), "is silent"),
        "03-01-02-01-01-01-01": (wav(tone(0.2)), "lasts 0.20 s, less than 0.25 s"),
        "03-01-02-01-01-02-01": (wav(tone(60.5, 8000), 8000), "lasts 60.50 s, more than 60 s"),
        "03-01-02-02-01-01-02": (whole, "the name says actor 02, the folder Actor_01"),
        "01-01-02-02-01-01-01": (whole, "modality 01 is not audio only"),
        "03-03-02-02-01-01-01": (whole, "channel 03"),
        "03-01-09-01-01-01-01": (whole, "emotion 09"),
        "03-02-07-01-01-01-01": (whole, "song was not published with emotion 07 (disgust)"),
        "03-01-02-03-01-01-01": (whole, "intensity 03"),
        "03-01-01-02-01-01-01": (whole, "neutral was not published with strong intensity"),
        "03-01-02-01-03-01-01": (whole, "statement 03"),
        "03-01-02-01-01-03-01": (whole, "repetition 03"),
        "03-01-02-01-01-01-25": (whole, "actor 25"),
        "OAF_banana_sad": (whole, "'banana' is not one of the 200 carrier words"),
        "OA_back_sad": (whole, "speaker OA is neither OAF nor YAF"),
        "YAF_back_bored": (whole, "emotion 'bored'"),
        "holiday": (whole, "unknown name"),
        "03-01-04-01-01-01-01": (whole[:20000], "is cut short"),
    }


def test_every_fault_is_reported_and_the_rest_goes_on(corpora: Path, tmp_path: Path) -> None:
    source = tmp_path / "faulty"
    folder = source / "Actor_01"
    folder.mkdir(parents=True)
    for stem, (content, _) in broken_files().items():
        (folder / f"{stem}.wav").write_bytes(content)
    (folder / "03-01-08-01-01-01-01.wav").write_bytes(wav(tone(1)))
    ingest(params(source, max_rejected=1), tmp_path / "raw")
    reported = rejected(tmp_path / "raw")
    for stem, (_, reason) in broken_files().items():
        assert reason in reported[f"Actor_01/{stem}.wav"]
    assert list(read_manifest(tmp_path / "raw").id) == ["03-01-08-01-01-01-01"]


def test_files_that_cannot_be_read_are_reported(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "YAF_bar_sad.wav").mkdir(parents=True)  # a folder, whatever its name
    (source / "._TESS.zip").write_bytes(b"resource fork")
    (source / "OAF_back_sad.wav").write_bytes(wav(tone(1)))
    (source / "OAF_bar_sad.wav").symlink_to(tmp_path / "nowhere.wav")
    with zipfile.ZipFile(source / "TESS.zip", "w") as archive:
        archive.writestr("OAF_base_sad.wav", wav(tone(1)))
    damaged = bytearray((source / "TESS.zip").read_bytes())
    damaged[2000] ^= 1
    (source / "TESS.zip").write_bytes(damaged)
    ingest(params(source, max_rejected=1), tmp_path / "raw")
    reported = rejected(tmp_path / "raw")
    assert "No such file" in reported["OAF_bar_sad.wav"]
    assert "Bad CRC" in reported["TESS.zip/OAF_base_sad.wav"]
    assert list(read_manifest(tmp_path / "raw").id) == ["OAF_back_sad"]


@pytest.mark.slow
@pytest.mark.parametrize("form", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_whatever_is_damaged_in_an_archive_is_reported(form: int, tmp_path: Path) -> None:
    path = tmp_path / "TESS.zip"
    with zipfile.ZipFile(path, "w", form) as archive:
        archive.writestr("OAF_base_sad.wav", wav(tone(0.3)))
    whole = path.read_bytes()
    for place in {*range(0, len(whole), 7), *range(len(whole) - 120, len(whole))}:
        damaged = bytearray(whole)
        damaged[place] ^= 0x55
        (tmp_path / f"{place}.zip").write_bytes(damaged)
        with suppress(PipelineError, ValueError):
            source = open_source_of(tmp_path / f"{place}.zip")
            for recording in source:
                recording.read()


def open_source_of(archive: Path) -> Sequence[SourceFile]:
    """The recordings of a folder with nothing but an archive."""
    folder = archive.with_suffix("")
    folder.mkdir()
    archive.rename(folder / "TESS.zip")
    return open_source(folder).recordings


def test_linked_folders_are_searched_once(tmp_path: Path) -> None:
    (tmp_path / "disk" / "TESS").mkdir(parents=True)
    (tmp_path / "disk" / "TESS" / "OAF_back_sad.wav").write_bytes(wav(tone(1)))
    corpora = tmp_path / "corpora"
    corpora.mkdir()
    (corpora / "TESS").symlink_to(tmp_path / "disk" / "TESS")
    (corpora / "again").symlink_to(corpora)
    assert [one.name for one in open_source(corpora).recordings] == ["TESS/OAF_back_sad.wav"]


def test_cut_short_file_is_rejected(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "OAF_back_sad.wav").write_bytes(wav(tone(1)))
    path = source / "OAF_bar_sad.flac"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, 32000), 16000, format="FLAC")
    path.write_bytes(path.read_bytes()[:20000])
    ingest(params(source, max_rejected=1), tmp_path / "raw")
    assert set(rejected(tmp_path / "raw")) == {"OAF_bar_sad.flac"}


def test_a_wrong_number_in_the_header_is_said_and_the_file_taken(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for number, word in enumerate(("back", "bar", "base", "bath", "bean", "beg", "bite")):
        content = bytearray(wav(tone(1 + number / 10)))
        content[4:8] = (len(content) + 2).to_bytes(4, "little")
        (source / f"OAF_{word}_sad.wav").write_bytes(content)
    ingest(params(source), tmp_path / "raw")
    assert len(read_manifest(tmp_path / "raw")) == 7
    [line] = [line for line in capfd.readouterr().err.splitlines() if "header" in line]
    first = "OAF_back_sad.wav announces 10 bytes more than there are in its header"
    assert line.startswith(f"warning: taken although a number in the header is wrong: {first}")
    assert line.endswith("; and 2 more")


def test_too_many_faults_stop_the_stage_and_keep_the_old_data(
    corpora: Path, tmp_path: Path
) -> None:
    target = tmp_path / "raw"
    ingest(params(corpora), target)
    before = (target / "manifest.csv").read_bytes()
    for number in range(12):
        (corpora / f"unknown{number:02d}.wav").write_bytes(wav(tone(1)))
    with pytest.raises(PipelineError) as error:
        ingest(params(corpora), target)
    assert "12 of " in str(error.value)
    assert "unknown09.wav" in str(error.value)
    assert "unknown10.wav" not in str(error.value)
    assert "ingest.max_rejected" in str(error.value)
    assert (target / "manifest.csv").read_bytes() == before
    assert not (tmp_path / "raw.partial").exists()


def test_one_recording_in_two_places_is_an_error_that_names_both(
    corpora: Path, tmp_path: Path
) -> None:
    path = next(corpora.rglob("OAF_*.wav"))
    double = corpora / "again" / path.name
    double.parent.mkdir()
    double.write_bytes(wav(tone(1.5)))
    with pytest.raises(PipelineError) as error:
        ingest(params(corpora), tmp_path / "raw")
    assert str(path.relative_to(corpora)) in str(error.value)
    assert f"again/{path.name}" in str(error.value)


@pytest.mark.parametrize(
    ("name", "content", "reported"),
    [
        ("nowhere", None, "does not exist"),
        ("TESS.zip", "", "expected the folder that holds it"),
        ("mine.xlsx", "", "a spreadsheet: save it as CSV"),
        ("odd.yaml", "source: tape\n", "`source` is 'tape'"),
        ("bad.yaml", "a: [", "not valid YAML"),
        ("extra.yaml", "source: published\narchives: []\n", "archives"),
        ("known.yaml", "source: synthetic\nsped: 1\n", "sped is not known"),
    ],
)
def test_sources_that_are_none(
    tmp_path: Path, name: str, content: str | None, reported: str
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(PipelineError, match=reported):
        ingest(params(tmp_path / name), tmp_path / "raw")


def test_nothing_usable_is_an_error_whatever_the_share(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "holiday.wav").write_bytes(wav(tone(1)))
    with pytest.raises(PipelineError, match=r"1 of 1 audio files failed .*holiday\.wav"):
        ingest(params(tmp_path / "source", max_rejected=1), tmp_path / "raw")


def test_empty_folder_and_damaged_zip(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(PipelineError, match="holds no WAV or FLAC file"):
        ingest(params(tmp_path / "empty"), tmp_path / "raw")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "TESS.zip").write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(PipelineError, match="not a zip archive that can be read"):
        ingest(params(tmp_path / "damaged"), tmp_path / "raw")


@pytest.mark.slow
def test_synthetic_recordings_say_so(tmp_path: Path, synthetic_recordings: list[object]) -> None:
    ingest(params(ROOT / "data" / "synthetic.yaml"), tmp_path / "raw")
    manifest = read_manifest(tmp_path / "raw")
    assert manifest.synthetic.all()
    assert len(manifest) == len(synthetic_recordings)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A real HTTP server on loopback: its address and the folder that it serves."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}", folder
        running.shutdown()


@pytest.mark.slow
def test_published_archives_are_downloaded_verified_and_kept(
    server: tuple[str, Path], corpora: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, served = server
    monkeypatch.setenv("SER_CACHE", str(tmp_path))
    with zipfile.ZipFile(served / "speech.zip", "w") as archive:
        for path in sorted((corpora / SPEECH).rglob("*.wav")):
            archive.write(path, path.relative_to(corpora / SPEECH))
    md5 = hashlib.md5((served / "speech.zip").read_bytes()).hexdigest()
    listed = {"name": "speech.zip", "url": f"{address}/speech.zip?download=1", "md5": md5}
    source = tmp_path / "published.yaml"
    source.write_text(yaml.safe_dump({"source": "published", "archives": [listed]}))
    ingest(params(source), tmp_path / "raw")
    assert len(read_manifest(tmp_path / "raw")) == len(list((corpora / SPEECH).rglob("*.wav")))

    (served / "speech.zip").unlink()  # from now on only the kept copy can serve
    ingest(params(source), tmp_path / "again")

    (served / "speech.zip").write_bytes(b"something else")
    (tmp_path / "downloads" / "speech.zip").unlink()
    with pytest.raises(PipelineError, match="did not arrive as published"):
        ingest(params(source), tmp_path / "raw")
    assert not (tmp_path / "downloads" / "speech.zip").exists()

    (served / "speech.zip").unlink()
    with pytest.raises(PipelineError, match="could not be downloaded"):
        ingest(params(source), tmp_path / "raw")
    assert len(read_manifest(tmp_path / "raw"))  # the good data survived both


def test_committed_list_of_archives_names_all_three() -> None:
    archives = yaml.safe_load((ROOT / "data" / "published.yaml").read_text())["archives"]
    assert [archive["md5"] for archive in archives] == [
        "bc696df654c87fed845eb13823edef8a",
        "5411230427d67a21e18aa4d466e6d1b9",
        "1465311b24d1de704c4c63e4ccc470c7",
    ]


def test_every_recording_twice_with_equal_bytes_counts_once(
    corpora: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """As in the usual mirrors: RAVDESS' speech in a nested folder again, TESS within itself."""
    ingest(params(corpora), tmp_path / "once")
    capfd.readouterr()
    count = 0
    for path in sorted(corpora.rglob("*.wav")):
        again = corpora / "audio_speech_actors_01-24" / path.relative_to(corpora)
        again.parent.mkdir(parents=True, exist_ok=True)
        again.write_bytes(path.read_bytes())
        count += 1
    with zipfile.ZipFile(tmp_path / "mirror.zip", "w") as archive:
        for path in sorted(corpora.rglob("*.wav")):
            archive.write(path, path.relative_to(corpora))
    zipped = tmp_path / "zipped"
    zipped.mkdir()
    (tmp_path / "mirror.zip").rename(zipped / "mirror.zip")
    for source, target in ((corpora, "twice"), (zipped, "zipped_twice")):
        ingest(params(source), tmp_path / target)
        said = capfd.readouterr().out
        assert f"{count} files repeat another of the same recording, byte by byte" in said
        first, second = (tmp_path / one / "manifest.csv" for one in ("once", target))
        assert first.read_bytes() == second.read_bytes()


def test_several_sources_are_one_dataset(corpora: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "a.wav").write_bytes(wav(tone(0.7)))
    (mine / "mine.csv").write_text("file,emotion,speaker\na.wav,sad,x\n")
    (mine / "03a01Fa.wav").write_bytes(wav(tone(0.8)))
    sources = [str(corpora), str(mine / "mine.csv"), str(mine), str(ROOT / "data/synthetic.yaml")]
    chosen = IngestParams.model_validate({"from": sources[:2], "max_rejected": 0})
    ingest(chosen, tmp_path / "raw")
    found = read_manifest(tmp_path / "raw")
    assert set(found["corpus"]) == {"ravdess", "tess", "mine"}
    assert len(found) == len(list(corpora.rglob("*.wav"))) + 1
    # the first two would each be one recording twice; a.wav has a name that nobody published
    other = IngestParams.model_validate({"from": sources[1:], "max_rejected": 0.5})
    ingest(other, tmp_path / "other")
    made = read_manifest(tmp_path / "other")
    assert set(made.loc[made["synthetic"], "corpus"]) == {"ravdess", "tess"}
    assert set(made.loc[~made["synthetic"], "corpus"]) == {"mine", "emodb"}
    assert list(rejected(tmp_path / "other")) == [f"{mine.as_posix()}/a.wav"]


@pytest.mark.parametrize(
    ("name", "content", "hint"),
    [
        (
            "a.mp3",
            b"ID3",
            r"1 \.mp3 file \(a\.mp3\): convert recordings to WAV or FLAC, such as by `",
        ),
        ("v.m4a", b"ftyp", r"1 \.m4a file \(v\.m4a\): convert .*`ffmpeg -i v\.m4a v\.wav`"),
        ("a.7z", b"7z", r"1 \.7z file \(a\.7z\): unpack archives that are not zip or lie within"),
        ("nested.zip", None, r"1 \.zip file \(nested\.zip/inner\.zip\): unpack archives"),
    ],
)
def test_a_folder_of_other_formats_gets_a_hint(
    name: str, content: bytes | None, hint: str, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    if content is None:
        with zipfile.ZipFile(source / name, "w") as archive:
            archive.writestr("inner.zip", b"PK")
    else:
        (source / name).write_bytes(content)
    with pytest.raises(PipelineError, match=f"holds no WAV or FLAC file: .*{hint}"):
        ingest(params(source), tmp_path / "raw")


def test_what_is_left_out_beside_recordings_is_said(
    corpora: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (corpora / "03-01-01-01-01-01-05.mp3").write_bytes(b"ID3")
    for number in range(7):
        (corpora / f"v{number}.3gp").write_bytes(b"ftyp")
    ingest(params(corpora), tmp_path / "raw")
    assert (
        "warning: left out: 7 .3gp files (v0.3gp, v1.3gp, v2.3gp, v3.3gp, v4.3gp and 2 more), "
        "1 .mp3 file (03-01-01-01-01-01-05.mp3): convert recordings to WAV or FLAC, such as by "
        "`ffmpeg -i v0.3gp v0.wav`"
    ) in capfd.readouterr().err


def test_read_only_files_get_the_hint_to_unprotect(corpora: Path, tmp_path: Path) -> None:
    for path in corpora.rglob("*.wav"):
        path.chmod(0o644)
    bad = next(corpora.rglob("*.wav"))
    bad.write_bytes(b"RIFF")
    with pytest.raises(PipelineError, match=r"Mend or remove them, or raise ingest\.max_rej"):
        ingest(params(corpora, 0), tmp_path / "raw")
    bad.chmod(0o444)
    with pytest.raises(PipelineError, match=r"they are read-only, .* run `dvc unprotect` on what"):
        ingest(params(corpora, 0), tmp_path / "raw")


def test_the_same_audio_under_two_names_is_reported_and_marked_where_a_split_could_part_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """By the samples, whatever the format."""
    source = tmp_path / "mine"
    source.mkdir()
    for name, duration in zip("abcdef", (0.6, 0.6, 0.7, 0.7, 0.8, 0.9), strict=True):
        steps = (tone(duration) * 32767).astype(np.int16)
        soundfile.write(source / f"{name}.{'flac' if name in 'ac' else 'wav'}", steps, 16000)
    rows = "a.flac,sad,anna\nb.wav,sad,bert\nc.flac,sad,cleo\nd.wav,sad,cleo\ne.wav,sad,\n"
    (source / "mine.csv").write_text(f"file,emotion,speaker\n{rows}f.wav,sad,dora\n")
    ingest(params(source / "mine.csv", 0), tmp_path / "raw")
    said = capfd.readouterr().err
    assert "the same audio under several names: " in said
    assert "mine-a (speaker anna) and mine-b (speaker bert)" in said
    assert "mine-c (speaker cleo) and mine-d (speaker cleo)" in said
    marks = read_manifest(tmp_path / "raw").set_index("id")["same_audio"]
    assert marks["mine-a"] == marks["mine-b"] != ""
    # two takes of one speaker are on one side of every split by speakers
    assert set(marks[["mine-c", "mine-d", "mine-e", "mine-f"]]) == {""}
