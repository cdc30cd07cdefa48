"""Anybody's recordings and labels, through the real pipeline: a table in, a recogniser out."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest
import yaml
from conftest import ROOT, tone, wav
from repository import SMALL, STAGES, Repository

from speech_emotion.data.synthetic.corpus import SyntheticSettings, recordings

pytestmark = pytest.mark.slow

WORDS = {"04": "Trauer", "05": "Zorn", "03": "Freude"}


def write_table(folder: Path) -> Path:
    """Three emotions of six synthetic voices, under names and in words of nobody's corpus."""
    settings = yaml.safe_load((ROOT / "data" / "synthetic.yaml").read_text())
    rows = ["file;emotion;speaker;gender;mood"]
    (folder / "wav").mkdir(parents=True)
    for one in recordings(SyntheticSettings.model_validate(settings)):
        found = re.search(r"/03-01-(0[345])-\d\d-\d\d-\d\d-(0[1-6])\.wav", one.name)
        if found:
            emotion, actor = found.groups()
            name = f"wav/{len(rows)}.wav"
            (folder / name).write_bytes(one.read())
            sex = "m" if int(actor) % 2 else ("f" if actor != "06" else "")
            rows.append(f"{name};{WORDS[emotion]};person {actor};{sex};x")
    path = folder / "mine.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The pipeline after a run on a table beside a folder of two recordings of RAVDESS' form."""
    clone = Repository(tmp_path_factory.mktemp("own"))
    write_table(clone.folder / "data" / "mine")
    other = clone.folder / "data" / "other"
    other.mkdir()
    for number, name in enumerate(("03-01-04-01-01-01-07", "03-01-05-01-01-01-07"), start=1):
        (other / f"{name}.wav").write_bytes(wav(tone(number)))
    clone.change_params(
        {
            **SMALL,
            "ingest.from": ["data/other", "data/mine/mine.csv"],
            "train.network": "lda",
            "train.augmentation": None,
            "split.protocol": "speakers",
            "split.folds": 3,
            "split.train": ["mine"],
            "split.validation_speakers": 1,
            "labels.map": {"Trauer": "low", "Zorn": "high", "Freude": "high"},
        }
    )
    assert clone.stages_run("repro") == STAGES
    clone.commit("first run")
    return clone


def test_what_the_table_says_comes_through(run: Repository) -> None:
    manifest = pd.read_csv(run.folder / "data/features/manifest.csv", keep_default_na=False)
    mine = manifest[manifest["corpus"] == "mine"]
    assert set(mine["emotion"]) == set(WORDS.values())
    assert set(mine["mood"]) == {"x"} and set(mine["sex"]) == {"female", "male", ""}
    assert all(re.fullmatch(r"mine-person_0[1-6]", speaker) for speaker in mine["speaker"])
    assert set(manifest["corpus"]) == {"mine", "ravdess"}


def test_the_model_tells_apart_what_params_say_and_so_does_all_behind_it(run: Repository) -> None:
    metrics = json.loads((run.folder / "metrics/evaluation.json").read_text())
    assert list(metrics["recall"]) == ["low", "high"]
    assert metrics["test_speakers"] == "never heard in training"
    assert metrics["corpora"] == {"train": "mine", "test": "mine"}
    assert metrics["speakers"] == {"train": 3, "validation": 1, "test": 2}
    table = pd.read_csv(run.folder / "metrics/predictions.csv", keep_default_na=False)
    assert set(table["truth"]) == {"low", "high"}
    assert list(table.columns[-2:]) == ["low", "high"]
    settings = json.loads((run.folder / "models/export/settings.json").read_text())
    assert settings["labels"] == ["low", "high"]
    card = (run.folder / "models/export/README.md").read_text()
    assert "Tells which of 2 emotions" in card and "mine: its licence is not known here" in card
    command = ("python", "-m", "speech_emotion", "--any-sound", "--json", "data/mine/wav/1.wav")
    [answer] = [line for line in run.run(*command).splitlines() if line.startswith("{")]
    assert list(json.loads(answer)["probabilities"]) == ["low", "high"]


def test_other_labels_rerun_only_train_and_what_follows(run: Repository) -> None:
    changed = run.stages_run("exp", "run", "-S", "labels.map.Freude=joy")
    assert changed == ["train", "evaluate", "export"]
    metrics = json.loads((run.folder / "metrics/evaluation.json").read_text())
    assert list(metrics["recall"]) == ["low", "high", "joy"]
    run.run("git", "reset", "--hard", "--quiet")
    run.run("dvc", "checkout", "--quiet", "--force")


def test_dvc_sees_each_source_and_each_file_of_a_table_change(run: Repository) -> None:
    assert run.stages_run("repro", "ingest") == []
    folder = run.folder / "data"
    table, audio = folder / "mine/mine.csv", folder / "mine/wav/1.wav"
    published = next((folder / "other").glob("*.wav"))
    changes = {
        audio: wav(tone(0.9)),
        table: table.read_bytes().replace(b";x\n", b";y\n"),
        published: wav(tone(1.7)),
    }
    for path, content in changes.items():
        path.write_bytes(content)
        assert run.stages_run("repro", "ingest") == ["ingest"]
    run.run("git", "reset", "--hard", "--quiet")
    run.run("dvc", "checkout", "--quiet", "--force")


def test_what_does_not_fit_is_refused_before_any_stage(run: Repository) -> None:
    output = run.run(
        "dvc", "exp", "run", "-S", "split.train=[ravdess/speech]", "-S", "split.folds=40",
        check=False,
    )  # fmt: skip
    assert "error: split.folds in params.yaml is 40" in output
    assert re.findall(r"Running stage '(\w+)'", output) == ["check"]
    run.run("git", "reset", "--hard", "--quiet")
