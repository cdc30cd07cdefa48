"""The command line as people and programs run it, in a process of its own."""

import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from conftest import ROOT, tone, wav
from exported_model import say_synthetic

from speech_emotion.audio.codec import SILENT
from speech_emotion.base.errors import AudioError, AudioWarning
from speech_emotion.data.corpora.ravdess import EMOTIONS
from speech_emotion.serving.recognizer import Recognizer

UNKNOWN = "can't be decoded: Format not recognised; if other programs play it, convert it to WAV."


@pytest.fixture
def folder(speech: tuple[np.ndarray, int], tmp_path: Path) -> Path:
    """calls/: two recordings, one of them in a folder below, a text, and a broken recording."""
    samples, rate = speech
    calls = tmp_path / "calls"
    (calls / "monday").mkdir(parents=True)
    soundfile.write(calls / "b.flac", samples, rate)
    soundfile.write(calls / "monday" / "a.OGG", samples, rate, format="OGG", subtype="VORBIS")
    (calls / "notes.txt").write_text("not audio")
    (calls / "broken.wav").write_bytes(b"no audio")
    return calls


def run(
    models: Path, *arguments: str | Path, given: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "speech_emotion",
            "--model",
            models / "export",
            *arguments,
        ],
        cwd=ROOT,
        input=given,
        capture_output=True,
        check=False,
    )


def test_a_table_for_people_and_a_broken_file_does_not_stop_the_others(
    models: Path, folder: Path
) -> None:
    silent = folder / "silent.wav"
    silent.write_bytes(wav(np.zeros(16000)))
    done = run(models, folder, folder / "absent.wav", folder / "notes.txt")
    assert done.returncode == 1
    head, *rows = done.stdout.decode().splitlines()
    assert head.split() == ["file", "emotion", *EMOTIONS]
    assert [row.split()[0] for row in rows] == [
        str(folder / "b.flac"),
        str(folder / "monday" / "a.OGG"),
    ]
    for row in rows:
        assert sum(map(float, row.split()[2:])) == pytest.approx(1, abs=0.01)
    assert done.stderr.decode().splitlines() == [
        f"error: {folder / 'broken.wav'} {UNKNOWN}",
        f"error: {silent} {SILENT}.",
        f"error: {folder / 'absent.wav'} can't be read: No such file or directory.",
        f"error: {folder / 'notes.txt'} {UNKNOWN}",
    ]


def test_what_is_no_speech_has_no_emotion_and_is_no_error(models: Path, folder: Path) -> None:
    music = folder / "tone.wav"
    music.write_bytes(wav(tone(2)))
    (folder / "broken.wav").unlink()
    done = run(models, folder)
    assert done.returncode == 0, done.stderr
    [row] = [row for row in done.stdout.decode().splitlines() if row.startswith(str(music))]
    assert row.removeprefix(str(music)).split() == ["no", "speech"]
    assert json.loads(run(models, "--json", music).stdout) == {
        "file": str(music),
        "emotion": None,
        "probabilities": None,
        "duration": 2.0,
    }
    [values] = csv.DictReader(io.StringIO(run(models, "--csv", music).stdout.decode()))
    assert values.pop("file") == str(music)
    assert values.pop("duration") == "2.0"
    assert set(values.values()) == {""}
    assert json.loads(run(models, "--json", "--any-sound", music).stdout)["emotion"] in EMOTIONS


def test_an_emotion_that_is_less_probable_than_asked_is_unsure(
    models: Path, folder: Path, recognizer: Recognizer
) -> None:
    expected = recognizer.predict(folder / "b.flac")
    for at_least, emotion in ((0.01, expected.emotion), (1, "unsure")):
        done = run(models, "--json", "--at-least", str(at_least), folder / "b.flac")
        assert json.loads(done.stdout) == {
            "file": str(folder / "b.flac"),
            "emotion": emotion,
            "probabilities": expected.probabilities,
            "duration": expected.duration,
        }
    done = run(models, "--csv", "--timeline", "--at-least", "1", folder / "b.flac")
    rows = list(csv.DictReader(io.StringIO(done.stdout.decode())))
    assert {row["emotion"] for row in rows} == {"unsure"}
    done = run(models, "--at-least", "2", folder / "b.flac")
    assert done.returncode == 2
    assert b"--at-least is 2: expected a probability, 0 to 1" in done.stderr


def test_a_folder_holds_only_what_is_a_recording(models: Path, folder: Path) -> None:
    (folder / "broken.wav").unlink()
    (folder / "session.wav").mkdir()
    (folder / "._b.flac").write_bytes(b"resource fork")
    done = run(models, "--json", folder)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 2


def test_who_reads_may_stop(models: Path, folder: Path) -> None:
    program = (
        f"{sys.executable} -m speech_emotion --json --model {models / 'export'} {folder} | true"
    )
    done = subprocess.run(
        ["bash", "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_a_model_of_synthetic_voices_says_so(models: Path, folder: Path, tmp_path: Path) -> None:
    shutil.copytree(models / "export", tmp_path / "export")
    say_synthetic(tmp_path / "export")
    done = run(tmp_path, "--json", folder / "b.flac")
    assert b"learnt from synthetic voices: it knows nothing of people" in done.stderr
    assert b"synthetic" not in run(models, "--json", folder / "b.flac").stderr


def test_json_lines_csv_and_python_say_the_same(
    models: Path, folder: Path, recognizer: Recognizer
) -> None:
    expected = recognizer.predict(folder / "b.flac")
    lines = run(models, "--json", folder / "*.flac").stdout.splitlines()
    assert [json.loads(line) for line in lines] == [
        {
            "file": str(folder / "b.flac"),
            "emotion": expected.emotion,
            "probabilities": expected.probabilities,
            "duration": expected.duration,
        }
    ]
    table = run(models, "--csv", folder / "**" / "*.[fO][lG]*").stdout.decode()
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [Path(row["file"]).name for row in rows] == ["b.flac", "a.OGG"]
    assert rows[0]["emotion"] == expected.emotion
    assert float(rows[0]["duration"]) == expected.duration
    assert {label: float(rows[0][label]) for label in EMOTIONS} == expected.probabilities


def test_a_speaker_is_known_from_a_folder(
    models: Path, folder: Path, recognizer: Recognizer
) -> None:
    recordings = [folder / "b.flac", folder / "monday" / "a.OGG"]
    (folder / "broken.wav").unlink()
    done = run(models, "--json", "--speaker", folder, folder / "b.flac")
    expected = recognizer.adapt(recordings).predict(folder / "b.flac")
    assert json.loads(done.stdout)["probabilities"] == expected.probabilities
    assert expected != recognizer.predict(folder / "b.flac")
    (folder / "monday" / "broken.wav").write_bytes(b"no audio")
    done = run(models, "--speaker", folder / "monday", folder / "b.flac")
    assert done.returncode == 1
    assert b"broken.wav" in done.stderr
    assert b"Traceback" not in done.stderr


def test_standard_input(models: Path, folder: Path, recognizer: Recognizer) -> None:
    done = run(models, "--json", "-", given=(folder / "b.flac").read_bytes())
    reported = json.loads(done.stdout)
    assert reported["file"] == "-"
    assert reported["probabilities"] == recognizer.predict(folder / "b.flac").probabilities
    assert done.stderr == b""


def test_what_is_wrong_with_a_header_is_said_once(
    models: Path, folder: Path, recognizer: Recognizer
) -> None:
    path = folder / "browser.wav"
    content = bytearray(wav(*soundfile.read(folder / "b.flac")))
    size = len(content) - 44
    content[4:8] = (size + 44).to_bytes(4, "little")
    path.write_bytes(content)
    remark = "announces 8 bytes more than there are in its header, but all of its audio is there."
    for options in ([path], ["--timeline", path], ["--speaker", path, folder / "b.flac"]):
        done = run(models, "--json", *options)
        assert done.returncode == 0
        assert done.stderr.decode() == f"warning: {path} {remark}\n"
    done = run(models, "--json", "-", given=bytes(content))
    assert done.stderr.decode() == f"warning: standard input {remark}\n"
    with pytest.warns(AudioWarning, match=f"browser.wav {remark}"):
        recognizer.predict(path)


def test_the_channels_of_a_call_are_told_apart(
    models: Path, speech: tuple[np.ndarray, int], recognizer: Recognizer, tmp_path: Path
) -> None:
    samples, rate = speech
    path = tmp_path / "call.wav"
    stereo = np.stack([samples, np.roll(samples, rate), 0 * samples], axis=1)
    soundfile.write(path, stereo, rate, subtype="FLOAT")
    expected = [recognizer.predict(stereo[:, channel], rate) for channel in (0, 1)]
    assert expected[0] != expected[1]
    assert [recognizer.predict(path, channel=channel) for channel in (1, 2)] == expected

    done = run(models, "--json", "--channels", "apart", path)
    assert done.returncode == 1  # for the third
    assert done.stderr.decode() == f"error: {path}, channel 3, {SILENT}.\n"
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["channel"] for one in found] == [1, 2]
    assert [one["probabilities"] for one in found] == [one.probabilities for one in expected]

    done = run(models, "--csv", "--channels", "apart", "--timeline", path)
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout.decode())))
    for channel in (1, 2, 3):
        windows = recognizer.timeline(path, channel=channel)
        of_channel = [row for row in rows if row["channel"] == str(channel)]
        assert [row["emotion"] or None for row in of_channel] == [one.emotion for one in windows]
    table = run(models, "--channels", "apart", path).stdout.decode().splitlines()
    assert [line.split()[1] for line in table] == ["channel", "1", "2"]
    with pytest.raises(AudioError, match="has 3 channels: there is no channel 0"):
        recognizer.predict(path, channel=0)


def test_a_lower_rate_than_the_models_is_said_once(
    models: Path, speech: tuple[np.ndarray, int], recognizer: Recognizer, tmp_path: Path
) -> None:
    samples = soxr.resample(*speech, 8000)
    path = tmp_path / "telephone.wav"
    soundfile.write(path, np.stack([samples, samples], axis=1), 8000)
    for options in ([], ["--timeline"], ["--channels", "apart"]):
        done = run(models, "--json", *options, path)
        [line] = done.stderr.decode().splitlines()
        assert f"{path} has a sample rate of 8000 Hz" in line
        for answer in map(json.loads, done.stdout.splitlines()):
            assert answer["warnings"] == [line.removeprefix("warning: ")]
    with pytest.warns(AudioWarning, match="sample rate of 8000 Hz, so that it holds nothing above"):
        recognizer.predict(samples, 8000)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="FFmpeg makes the file")
def test_no_recording_of_a_folder_vanishes_without_a_word(models: Path, folder: Path) -> None:
    (folder / "broken.wav").unlink()
    path = folder / "phone.M4A"
    command = ["ffmpeg", "-loglevel", "error", "-i", str(folder / "b.flac"), "-f", "mp4", str(path)]
    subprocess.run(command, check=True)
    done = run(models, "--csv", folder)
    assert done.returncode == 0, done.stderr
    assert str(path) in done.stdout.decode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(folder))
        done = run(models, "--csv", folder)
    assert done.returncode == 1
    assert f"error: {path} needs FFmpeg to be decoded, which is not" in done.stderr.decode()
    assert "`ffmpeg -i phone.M4A phone.wav`" in done.stderr.decode()
    assert len(done.stdout.splitlines()) == 3


@pytest.mark.slow
def test_a_timeline_in_every_form_and_its_picture(
    models: Path, speech: tuple[np.ndarray, int], tmp_path: Path
) -> None:
    samples, rate = speech
    path = tmp_path / "long.wav"
    soundfile.write(path, np.concatenate([samples, np.zeros(6 * rate), samples]), rate)
    options = ("--timeline", "--window", "2", "--hop", "1", path)
    reported = json.loads(run(models, "--json", *options).stdout)["timeline"]
    duration = soundfile.info(path).duration
    assert reported[0]["start"] == 0
    assert reported[-1]["end"] == pytest.approx(duration, abs=1e-3)
    assert {window["speech"] for window in reported} == {True, False}
    for window in reported:
        assert (window["emotion"] is None) == (not window["speech"])

    rows = list(csv.DictReader(io.StringIO(run(models, "--csv", *options).stdout.decode())))
    assert [row["emotion"] or None for row in rows] == [window["emotion"] for window in reported]
    assert [row["speech"] == "true" for row in rows] == [window["speech"] for window in reported]

    picture = tmp_path / "out.png"
    path = path.rename(tmp_path / "call_$100_$200.wav")  # what might be taken for mathematics
    options = (*options[:-1], path)
    done = run(models, *options, "--plot", picture)
    assert done.returncode == 0, done.stderr
    head, *lines = done.stdout.decode().splitlines()
    assert head.split() == ["file", "start", "end", "emotion", *EMOTIONS]
    assert len(lines) == len(reported)
    assert any("no speech" in line for line in lines)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 20_000


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "name a recording, or --mic"),
        (("--mic", "a.wav"), "--mic goes with"),
        (("--adapt", "a.wav"), "--adapt goes with --mic"),
        (("--plot", "a.png", "a.wav"), "add --timeline"),
        (
            ("--plot", "a.png", "--timeline", "--channels", "apart", "a.wav"),
            "leave out --channels apart",
        ),
        (("--hop", "0", "a.wav"), "--hop is 0 s: expected a number of at least 0.01"),
        (("--timeline", "--plot", "a.png", "a.wav", "b.wav"), "name one"),
        (("nothing*here",), "there is no recording in nothing\\*here"),
    ],
)
def test_nonsense_is_reported(arguments: tuple[str, ...], reason: str, models: Path) -> None:
    done = run(models, *arguments)
    assert done.returncode != 0
    assert b"Traceback" not in done.stderr
    assert reason.replace("\\", "") in done.stderr.decode()
