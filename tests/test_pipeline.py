"""The real dvc in a real clone: everything runs once, and a change reruns what it touches."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import yaml
from repository import Repository
from test_dvc_yaml import STAGES

from stages.lib.dataset import EMOTIONS
from stages.lib.manifest import read_manifest, read_shards


def test_a_fresh_clone_runs_from_recordings_to_metrics(
    first_run: tuple[Repository, list[str]], repository: Repository
) -> None:
    assert first_run[1] == STAGES
    metrics = json.loads((repository.folder / "metrics" / "metrics.json").read_text())
    assert "synthetic" in metrics["corpora"]["test"]
    assert 0 <= metrics["uar"] <= 1
    predictions = pd.read_csv(repository.folder / "metrics" / "predictions.csv")
    assert (predictions.truth == predictions.predicted).mean() == pytest.approx(
        metrics["accuracy"], abs=1e-6
    )
    manifest = read_manifest(repository.folder / "data" / "features")
    tested = manifest.set_index("id").loc[predictions.id]
    assert set(tested.variant) == {"original"}
    assert metrics["recordings"]["test"] == len(predictions)
    for name in (
        "confusion",
        "accuracy_by_speaker",
        "training_curves",
        "label_distribution",
        "cleaning",
    ):
        assert (repository.folder / "metrics" / "figures" / f"{name}.png").stat().st_size > 10_000


def test_headline_says_synthetic_and_where_the_figures_lie(repository: Repository) -> None:
    printed = repository.run("python", "-m", "stages.lib.headline")
    assert "UAR" in printed
    assert "synthetic ravdess" in printed
    assert "never heard in training" in printed
    assert "metrics/figures/" in printed


def test_nothing_changed_nothing_runs(repository: Repository) -> None:
    assert repository.stages_run("repro") == []
    assert "Data and pipelines are up to date." in repository.run("dvc", "status", "dvc.yaml")


def test_fewer_epochs_rerun_train_and_evaluate_only(repository: Repository) -> None:
    ran = repository.stages_run("exp", "run", "-S", "train.epochs=3")
    assert ran == ["train", "evaluate"]


def test_noise_reduction_reruns_from_clean_on(repository: Repository) -> None:
    before = read_manifest(repository.folder / "data" / "clean")
    switched = not params(repository)["clean"]["noise_reduction"]
    ran = repository.stages_run("exp", "run", "-S", f"clean.noise_reduction={switched}".lower())
    assert ran == ["clean", "augment", "featurize", "train", "evaluate"]
    assert list(read_manifest(repository.folder / "data" / "clean").id) == list(before.id)


def test_a_changed_network_reruns_train_and_evaluate_only(repository: Repository) -> None:
    path = repository.folder / "stages" / "lib" / "networks" / "cnn2d.py"
    path.write_text(path.read_text() + "\n# changed\n")
    assert repository.stages_run("repro", "--dry") == ["train", "evaluate"]


def test_a_queued_experiment_runs_in_a_folder_of_its_own(repository: Repository) -> None:
    before = (repository.folder / "metrics" / "metrics.json").read_bytes()
    repository.run(
        "dvc", "exp", "run", "--queue", "--name", "smooth", "-S", "train.label_smoothing=0.2"
    )
    repository.run("dvc", "exp", "run", "--run-all")
    assert (repository.folder / "metrics" / "metrics.json").read_bytes() == before
    compared = json.loads(repository.run("dvc", "exp", "diff", "--json", "smooth", "HEAD"))
    assert compared["params"]["params.yaml"]["train.label_smoothing"]["old"] == 0.2
    assert "uar" in compared["metrics"]["metrics/metrics.json"]


def test_two_trainings_give_the_same_model_and_metrics(repository: Repository) -> None:
    files = [
        repository.folder / name
        for name in (
            "models/keras/model.keras",
            "models/keras/settings.json",
            "metrics/metrics.json",
        )
    ]
    before = [path.read_bytes() for path in files]
    ran = repository.stages_run("repro", "--force", "--single-item", "train", "evaluate")
    assert ran == ["train", "evaluate"]
    assert [path.read_bytes() for path in files] == before


def test_outputs_are_links_to_the_cache_that_reruns_do_not_corrupt(
    repository: Repository,
) -> None:
    shard = next((repository.folder / "data" / "clean" / "shards").glob("*.tar"))
    assert shard.stat().st_nlink > 1
    repository.change_params({"clean.trim.margin": 0.125})
    assert repository.stages_run("repro", "clean") == ["clean"]
    for path in (repository.folder / ".dvc" / "cache" / "files" / "md5").glob("??/*"):
        named = path.parent.name + path.name.removesuffix(".dir")
        assert hashlib.md5(path.read_bytes()).hexdigest() == named


def test_prediction_treats_a_recording_as_training_did(
    repository: Repository, tmp_path: Path
) -> None:
    """The same recording gives what evaluate got, through the command line and its own file."""
    expected = pd.read_csv(repository.folder / "metrics" / "predictions.csv").set_index("id")
    tested = expected.groupby("speaker").head(1)
    for shard in read_shards(repository.folder / "data" / "merged"):
        for row, name, content in shard:
            if row.id in tested.index:
                (tmp_path / name).write_bytes(content)
    files = [str(path) for path in sorted(tmp_path.iterdir())]
    printed = repository.run("python", "-m", "stages.predict", "--json", *files)
    lines = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    assert [line["file"] for line in lines] == files
    for line in lines:
        evaluated = expected.loc[[Path(line["file"]).stem]].to_dict("records")[0]
        assert list(line["probabilities"]) == list(EMOTIONS)
        for emotion, probability in line["probabilities"].items():
            assert probability == pytest.approx(evaluated[emotion], abs=1e-3)
        assert line["emotion"] == evaluated["predicted"]
        assert line["duration"] == pytest.approx(soundfile.info(line["file"]).duration)


def test_prediction_takes_any_audio_and_reports_what_is_none(
    repository: Repository, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    good = {
        "short.wav": (rng.normal(0, 0.1, 800), 16000),
        "long.flac": (rng.normal(0, 0.1, 90 * 8000), 8000),
        "stereo.wav": (rng.normal(0, 0.1, (96000, 2)), 96000),
        "odd.ogg": (rng.normal(0, 0.1, 22050), 22050),
    }
    for name, (samples, rate) in good.items():
        soundfile.write(tmp_path / name, samples, rate)
    (tmp_path / "broken.wav").write_bytes(b"no audio")
    soundfile.write(tmp_path / "silent.wav", np.zeros(16000), 16000)
    names = ["broken.wav", *good, "silent.wav", "absent.wav"]
    done = subprocess.run(
        [sys.executable, "-m", "stages.predict", *(str(tmp_path / name) for name in names)],
        cwd=repository.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    head, *rows = done.stdout.splitlines()
    assert head.split() == ["file", "emotion", *EMOTIONS]
    assert [Path(row.split()[0]).name for row in rows] == list(good)
    for row in rows:
        assert sum(map(float, row.split()[2:])) == pytest.approx(1, abs=0.01)
    for name, reason in (
        ("broken.wav", "can't be decoded"),
        ("silent.wav", "is silent"),
        ("absent.wav", "No such file"),
    ):
        assert re.search(f"error: .*{name}: .*{reason}", done.stderr)


def test_prediction_refuses_a_model_whose_settings_it_cannot_honour(
    repository: Repository, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    shutil.copytree(repository.folder / "models" / "keras", model)
    settings = json.loads((model / "settings.json").read_text())
    settings["front_end"]["clean"]["echo_cancellation"] = True
    (model / "settings.json").unlink()
    (model / "settings.json").write_text(json.dumps(settings))
    command = ("python", "-m", "stages.predict", "--model", str(model), "any.wav")
    printed = repository.run(*command, check=False)
    assert "clean.echo_cancellation is not known" in printed
    assert "Traceback" not in printed
    shutil.rmtree(model)
    printed = repository.run(*command, check=False)
    assert "does not exist: run `dvc repro train`" in printed


def params(repository: Repository) -> dict[str, dict[str, object]]:
    document: dict[str, dict[str, object]] = yaml.safe_load(
        (repository.folder / "params.yaml").read_text()
    )
    return document
