"""`make tune`: trials that DVC lists, none on test speakers, and none lost or taken for whole."""

import io
import os
import signal
import subprocess
import sys

import pandas as pd
import psutil
import pytest
import yaml
from conftest import ROOT
from manifests import miniature
from repository import Repository

from scripts.tune import OF_SPECTROGRAMS, OF_STEPS, OF_VARIANTS, changed
from scripts.tune_trial import groups
from speech_emotion.base.errors import PipelineError
from speech_emotion.data.feature_store import FeatureStore
from speech_emotion.data.splits import split
from speech_emotion.data.task import set_task
from speech_emotion.params.labels import LabelParams
from speech_emotion.params.section import load
from speech_emotion.params.split import SplitParams

SMALL_NETWORK = {
    "featurize.kinds": ["mfcc_mean"],
    "split.protocol": "speakers",
    "train.network": "baseline_cnn1d",
    "train.augmentation": None,
    "train.epochs": 1,
}
REMARK = "# the user's own remark"


def stopped_after(name: str, repository: Repository, how: signal.Signals) -> str:
    """Search until a trial is finished, and stop; what was printed."""
    search = subprocess.Popen(
        [sys.executable, "-m", "scripts.tune", "60"],
        cwd=repository.folder,
        env=os.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with search:
        assert search.stdout is not None
        printed = ""
        for line in search.stdout:
            printed += line
            if line.startswith(f"{name}: UAR"):
                break
        else:
            pytest.fail(f"the search ended by itself:\n{printed}")
        trials = psutil.Process(search.pid).children(recursive=True)
        search.send_signal(how)
        printed += search.stdout.read()
    _, left = psutil.wait_procs(trials, timeout=60)
    assert not left, "no trial goes on without its search"
    return printed


@pytest.mark.slow
def test_trials_are_listed_kept_and_the_best_is_applied(repository: Repository) -> None:
    params = repository.folder / "params.yaml"
    repository.change_params(SMALL_NETWORK)
    repository.stages_run("repro", "featurize")
    params.write_text(params.read_text().replace("  batch_size:", f"  {REMARK}\n  batch_size:"))
    before, status = params.read_text(), repository.run("git", "status", "--short")

    assert "A new search" in stopped_after("tune-02", repository, signal.SIGKILL)
    printed = stopped_after("tune-04", repository, signal.SIGINT)
    assert "Finished trials: 2." in printed
    assert "tune-01: " not in printed
    assert "stopped. Finished trials are kept" in printed
    assert params.read_text() == before
    assert repository.run("git", "status", "--short") == status

    printed = repository.make("tune", "MINUTES=0")
    (folder,) = (path.parent for path in repository.folder.glob("tune/*/study.db"))
    assert (folder / "importance.png").read_bytes().startswith(b"\x89PNG")
    listed = pd.read_csv(io.StringIO(repository.run("dvc", "exp", "show", "--csv")))
    trials = listed[listed["Experiment"].str.startswith("tune-", na=False)].set_index("Experiment")
    assert sorted(trials.index) == ["tune-01", "tune-02", "tune-03", "tune-04"]
    assert trials["tune_uar"].astype(float).between(0, 1).all()
    assert trials["train.learning_rate"].nunique() == 4
    assert set(trials["uar"]) == {"!"}, "a trial has no score on test speakers"

    best = str(trials["tune_uar"].astype(float).idxmax())
    assert f"params.yaml holds {best}" in printed
    after = params.read_text()
    assert yaml.safe_load(after)["train"]["learning_rate"] == pytest.approx(
        float(trials["train.learning_rate"][best])
    )
    searched = ("learning_rate", "weight_decay", "label_smoothing", "batch_size")
    others = (*searched, "weight_averaging", "as_recorded")
    assert [line for line in after.splitlines() if not line.strip().startswith(others)] == [
        line for line in before.splitlines() if not line.strip().startswith(others)
    ]
    assert REMARK in after

    validated = pd.read_csv(folder / f"{best}.csv", dtype=str)
    split_params = load("split", SplitParams, params)
    recordings = FeatureStore(repository.folder / "data" / "features").manifest
    tested = set(recordings["speaker"][split(recordings, split_params) == "test"])
    assert validated["id"].is_unique
    assert tested and not set(validated["speaker"]) & tested


@pytest.mark.parametrize("protocol", ["emobox6", "speakers"])
def test_each_speaker_who_is_not_tested_validates_once(protocol: str) -> None:
    params = load("split", SplitParams, ROOT / "params.yaml")
    params = params.model_copy(update={"protocol": protocol})
    task = set_task(miniature(), params, load("labels", LabelParams, ROOT / "params.yaml"))
    tested = set(task.manifest["speaker"].iloc[task.rows("test")])
    others = set(task.manifest.query("corpus == 'ravdess'")["speaker"]) - tested
    validated: list[str] = []
    for one in groups(task, 3):
        speakers = {
            part: set(one.manifest["speaker"].iloc[one.rows(part, with_variants=True)])
            for part in ("train", "validation", "test")
        }
        assert not speakers["test"]
        assert speakers["train"] | speakers["validation"] == others
        assert not speakers["train"] & speakers["validation"]
        held_out = one.manifest.iloc[one.rows("validation")]
        assert set(held_out["variant"]) == {"original"}
        assert set(held_out["channel"]) == {"speech"}
        validated += speakers["validation"]
    assert sorted(validated) == sorted(others)
    with pytest.raises(PipelineError, match="deals the training speakers to 40 groups"):
        groups(task, 40)


def test_all_else_in_params_stays_as_it_is() -> None:
    text = (ROOT / "params.yaml").read_text()
    written = {
        "train.learning_rate": 0.00003,
        "train.as_recorded": 0.3,
        "train.weight_averaging": None,
        "train.augmentation.time_masks.max_width": 20,
    }
    found = changed(text, written)
    expected = yaml.safe_load(text)["train"]
    expected.update(learning_rate=0.00003, as_recorded=0.3, weight_averaging=None)
    expected["augmentation"]["time_masks"]["max_width"] = 20
    assert yaml.safe_load(found)["train"] == expected
    differing = [
        (one, other)
        for one, other in zip(text.splitlines(), found.splitlines(), strict=True)
        if one != other
    ]
    assert len(differing) == len(written)
    assert all(one.partition("#")[2] == other.partition("#")[2] for one, other in differing)


def test_every_searched_value_is_in_params() -> None:
    """Renamed in params.yaml, a value would no longer be searched, and nobody would know."""
    document = yaml.safe_load((ROOT / "params.yaml").read_text())
    for knob in (*OF_STEPS, *OF_SPECTROGRAMS, *OF_VARIANTS):
        place = document
        for part in knob.key.split("."):
            place = place[part]
        knob.distribution(place)
