"""The real dvc in a real clone: everything runs once, and a change reruns what it touches."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import soundfile
from repository import STAGES, Repository

from speech_emotion.data.corpora.ravdess import EMOTIONS
from speech_emotion.data.manifest import read_manifest


@pytest.mark.slow
def test_a_fresh_clone_runs_from_recordings_to_metrics(
    first_run: tuple[Repository, list[str]], repository: Repository
) -> None:
    assert first_run[1] == STAGES
    values = json.loads((repository.folder / "metrics" / "evaluation.json").read_text())
    assert "synthetic" in values["corpora"]["test"]
    assert 0 <= values["uar"] <= 1
    assert 0 <= values["uncalibrated"]["calibration_error"] <= 1
    card = (repository.folder / "models" / "export" / "README.md").read_text()
    assert f"| UAR | {100 * values['uar']:.1f} % |" in card
    assert "The recordings are synthetic" in card
    predictions = pd.read_csv(repository.folder / "metrics" / "predictions.csv")
    assert (predictions.truth == predictions.predicted).mean() == pytest.approx(
        values["accuracy"], abs=1e-6
    )
    manifest = read_manifest(repository.folder / "data" / "features")
    tested = manifest.set_index("id").loc[predictions.id]
    assert set(tested.variant) == {"original"}
    assert values["recordings"]["test"] == len(predictions)
    for name in (
        "confusion",
        "accuracy_by_speaker",
        "coverage",
        "training_curves",
        "label_distribution",
        "cleaning",
    ):
        assert (repository.folder / "metrics" / "figures" / f"{name}.png").stat().st_size > 10_000


def test_headline_says_synthetic_and_where_the_figures_lie(repository: Repository) -> None:
    printed = repository.run("python", "-m", "speech_emotion.reporting.headline")
    assert "UAR" in printed
    assert "synthetic ravdess" in printed
    assert "never heard in training" in printed
    assert "metrics/figures/" in printed


@pytest.mark.slow
def test_nothing_changed_nothing_runs(repository: Repository) -> None:
    assert repository.stages_run("repro") == []
    assert repository.run("dvc", "status").split() == ["check:", "always", "changed"]


@pytest.mark.parametrize(
    ("change", "first"),
    [
        ({"train.epochs": 3}, "train"),
        ({"split.fold": 2}, "train"),
        ({"featurize.log_mel.mels": 40}, "featurize"),
        ({"augment.variants": []}, "augment"),
        ({"clean.noise_reduction": True}, "clean"),
        ({"ingest.max_rejected": 0}, "ingest"),
    ],
)
def test_a_changed_param_reruns_from_its_stage_on(
    repository: Repository, change: dict[str, Any], first: str
) -> None:
    repository.change_params(change)
    planned = repository.stages_run("repro", "--dry")  # what follows depends on what comes out
    assert planned[0] == first


def test_a_changed_network_reruns_from_train_on(repository: Repository) -> None:
    path = repository.folder / "speech_emotion" / "networks" / "cnn2d.py"
    path.write_text(path.read_text() + "\n# changed\n")
    assert repository.stages_run("repro", "--dry") == ["train", "evaluate", "export"]


@pytest.mark.slow
def test_a_queued_experiment_runs_in_a_folder_of_its_own(repository: Repository) -> None:
    before = (repository.folder / "metrics" / "metrics.json").read_bytes()
    repository.run("dvc", "exp", "run", "--queue", "--name", "second", "-S", "split.fold=2")
    repository.run("dvc", "exp", "run", "--run-all")
    assert (repository.folder / "metrics" / "metrics.json").read_bytes() == before
    compared = json.loads(repository.run("dvc", "exp", "diff", "--json", "second", "HEAD"))
    assert compared["params"]["params.yaml"]["split.fold"]["old"] == 2
    assert list(compared["metrics"]) == ["metrics/metrics.json"]
    assert "uar" in compared["metrics"]["metrics/metrics.json"]
    # what differs, without the hashes of what stages depend on, whose names are paths
    shown = repository.run(
        "dvc", "exp", "show", "--only-changed", "--drop", ".*/", DVC_PAGER="cat"
    ).splitlines()
    assert {"uar", "split.fold"} < set(shown[1].split())
    assert max(map(len, shown)) <= 160
    assert len(repository.run("dvc", "metrics", "diff", "second").splitlines()) <= 13
    drawn = json.loads(repository.run("dvc", "plots", "diff", "--json", "HEAD", "second"))["data"]
    for name in ("Confusion", "Recall", "Loss", "Validation UAR"):
        [plot] = drawn[name]
        assert plot["revisions"] == ["HEAD", "second"], f"{name} has both in one picture"
    printed = repository.run(
        "python", "-m", "speech_emotion.reporting.comparison_report", "HEAD", "--with", "second"
    )
    assert "report.html: second compared with HEAD" in printed
    report = (repository.folder / "report.html").read_text()
    assert "No recording was tested in both: their test speakers are others." in report


@pytest.mark.slow
def test_two_trainings_give_the_same_model_and_metrics(repository: Repository) -> None:
    files = [
        repository.folder / name
        for name in (
            "models/keras/model.keras",
            "models/keras/settings.json",
            "models/export/model.tflite",
            "models/export/README.md",
            "metrics/metrics.json",
            "metrics/evaluation.json",
            "metrics/export.json",
        )
    ]
    before = [path.read_bytes() for path in files]
    ran = repository.stages_run("repro", "--force", "--single-item", *STAGES[5:])
    assert ran == STAGES[5:]
    assert [path.read_bytes() for path in files] == before


@pytest.mark.slow
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
    for line, evaluated in repository.predicted_and_evaluated(tmp_path):
        assert list(line["probabilities"]) == list(EMOTIONS)
        for emotion, probability in line["probabilities"].items():
            assert probability == pytest.approx(evaluated[emotion], abs=1e-3)
        assert line["emotion"] == evaluated["predicted"]
        assert line["duration"] == pytest.approx(soundfile.info(line["file"]).duration)
