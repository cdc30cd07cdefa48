"""Croissant metadata of a manifest: mlcroissant finds nothing amiss, and reads the rows back."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import mlcroissant
import pandas as pd
import pytest
from conftest import ROOT
from utterances import utterance

from speech_emotion.data.corpora import CORPORA
from speech_emotion.data.croissant import croissant
from speech_emotion.data.manifest import read_manifest, write_manifest

PUBLISHED = {
    "url": "https://example.org/features",
    "creator": "Somebody",
    "datePublished": "2026-01-31",
    "version": "1.0.0",
}

ROWS = [
    utterance(),
    utterance(id="03-01-04-01-01-01-02_noise20", variant="noise20", duration=1.25),
    utterance(id="mine-1", corpus="mine", speaker="", sex="", emotion="so, la la", intensity=""),
    utterance(id="emodb-03a01Fa", corpus="emodb", speaker="emodb-03", extra={"age": "31"}),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_manifest(ROWS, tmp_path)
    return tmp_path


def read(folder: Path, metadata: dict[str, Any]) -> mlcroissant.Dataset:
    path = folder / "croissant.json"
    path.write_text(json.dumps(metadata))
    return mlcroissant.Dataset(path)


def test_mlcroissant_finds_nothing_amiss(folder: Path) -> None:
    issues = read(folder, croissant(folder, PUBLISHED)).metadata.ctx.issues
    assert not issues.errors
    assert not issues.warnings


def test_the_rows_are_read_back(folder: Path) -> None:
    records = read(folder, croissant(folder, PUBLISHED)).records("utterances")
    found = pd.DataFrame(list(records)).rename(columns=lambda name: name.split("/")[1])
    found = found.map(lambda value: value.decode() if isinstance(value, bytes) else value)
    expected = read_manifest(folder)
    assert list(found.columns) == list(expected.columns)
    for name, column in expected.items():
        if name in ("statement", "repetition", "age"):  # mlcroissant reads digits as numbers
            given, wanted = pd.to_numeric(found[name]), pd.to_numeric(column)
        else:
            given, wanted = found[name].fillna(""), column
        pd.testing.assert_series_equal(given, wanted, check_dtype=False)


def test_it_tells_types_meanings_and_the_hash_of_the_manifest(folder: Path) -> None:
    metadata = croissant(folder, {})
    [file], [records] = metadata["distribution"], metadata["recordSet"]
    assert file["sha256"] == hashlib.sha256((folder / "manifest.csv").read_bytes()).hexdigest()
    fields = {field["name"]: field for field in records["field"]}
    assert fields["id"]["dataType"] == fields["age"]["dataType"] == "sc:Text"
    assert fields["synthetic"]["dataType"] == "sc:Boolean"
    assert fields["sample_rate"]["dataType"] == "sc:Integer"
    assert fields["duration"]["dataType"] == "sc:Float"
    assert fields["sex"]["description"] == '"female" or "male".'
    assert fields["duration"]["description"] == "Of the stored audio, in s."
    assert fields["age"]["description"] == "What a corpus or a table tells as age."


def test_it_names_licences_and_citations_of_real_recordings_only(folder: Path) -> None:
    metadata = croissant(folder, {})
    assert metadata["license"] == [
        "https://creativecommons.org/licenses/by-nc-sa/4.0/",
        CORPORA["emodb"].licence,
    ]
    assert metadata["citeAs"] == f"{CORPORA['ravdess'].citation}\n{CORPORA['emodb'].citation}"
    assert metadata["inLanguage"] == ["German", "North American English"]
    assert metadata["description"] == (
        "What is known of recordings of emotion in voices (emodb, mine, ravdess). Recordings: 3; "
        "variants made of them: 1."
    )
    write_manifest([utterance(synthetic=True)], folder)
    metadata = croissant(folder, {})
    assert not {"license", "citeAs", "url", "creator"} & metadata.keys()
    assert "were made by code" in metadata["description"]
    assert not read(folder, metadata).metadata.ctx.issues.errors


def test_the_command_prints_it(folder: Path) -> None:
    options = ("--url", "https://example.org/features", "--creator", "Somebody")
    more = ("--published", "2026-01-31", "--version", "1.0.0")
    command = [sys.executable, "-m", "speech_emotion.data.croissant", str(folder), *options, *more]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert json.loads(printed) == croissant(folder, PUBLISHED)
    command[3] = str(folder / "nothing")
    failed = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert failed.returncode == 1
    assert f"{folder / 'nothing' / 'manifest.csv'} does not exist" in failed.stderr
    assert "Traceback" not in failed.stderr
