"""The benchmark pipeline by the real dvc, on the synthetic corpus and with an epoch a training."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import tone
from repository import STAGES, Repository

from benchmarks.known_voices import CASES
from speech_emotion.audio.disturbances import DISTURBANCES
from speech_emotion.data.manifest import read_manifest
from speech_emotion.reporting.known_voice import DRAWS
from speech_emotion.serving.recognizer import Recognizer

PARAMS = "benchmarks/params.yaml"
SMALL: dict[str, Any] = {
    "ingest.from": "../data/synthetic.yaml",
    "ingest.synthetic": True,
    "front_ends.default.augment.variants": [{"pitch": 2}],
    "front_ends.default.featurize.functionals.convolutions": 8,
    "recipes.best.train.epochs": 1,
    "items.emobox6_best.setting.conditions": ["as_recorded", "telephone", "pink20"],
    "items.emobox6_best.setting.known_voice": True,
    "items.emobox6_best.seeds": [1],
    "items.emobox6_best.folds": [1],
}
CONDITIONS = {"as_recorded", "telephone", "pink20"}
RESULT = "benchmarks/results/emobox6_best/best-1-1.json"
TRAINING = "emobox6_best@best-1-1"
REPRO = ("--cd", "benchmarks", "repro")


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repository, list[str]]:
    """A clone after one fold of one item, and the stages that it ran."""
    clone = Repository(tmp_path_factory.mktemp("benchmark"))
    clone.change_params(SMALL, PARAMS)
    ran = clone.stages_run(*REPRO, "emobox6_best")
    clone.run("dvc", *REPRO, "--single-item", "summary")
    return clone, ran


@pytest.mark.slow
def test_an_item_runs_what_it_needs_and_nothing_else(
    benchmark: tuple[Repository, list[str]],
) -> None:
    assert benchmark[1] == ["code", "recordings", "features@default", TRAINING]


def test_a_result_counts_every_recording_for_each_draw_of_known_ones(
    benchmark: tuple[Repository, list[str]],
) -> None:
    result = json.loads((benchmark[0].folder / RESULT).read_text())
    assert list(result["known_voice"]) == [case.name for case in CASES]
    plain = result["confusion"]["as_recorded"]
    for counts in result["known_voice"].values():
        for speaker, matrix in counts.items():
            of_emotion = np.sum(plain[speaker], axis=1)
            np.testing.assert_array_equal(np.sum(matrix, axis=1), DRAWS * of_emotion)


@pytest.mark.slow
def test_the_pipeline_knows_nothing_of_the_benchmarks(
    benchmark: tuple[Repository, list[str]],
) -> None:
    """Or every command on it would read hundreds of stages, and ask for what nobody has run."""
    listed = benchmark[0].run("dvc", "stage", "list", "--all", "--name-only")
    assert listed.split() == ["check", *STAGES]
    assert "benchmarks" not in benchmark[0].run("dvc", "status")
    assert "benchmarks" not in benchmark[0].run("dvc", "data", "status")


def test_a_result_counts_every_test_recording_in_every_condition(
    benchmark: tuple[Repository, list[str]],
) -> None:
    folder = benchmark[0].folder
    result = json.loads((folder / RESULT).read_text())
    assert result["synthetic"] is True
    assert result["trained_on"]["speakers"] == 20
    assert result["trained_on"]["utterances"] == 2 * result["trained_on"]["recordings"]
    manifest = read_manifest(folder / "benchmarks/data/recordings")
    tested = manifest[(manifest["channel"] == "speech") & (manifest["corpus"] == "ravdess")]
    assert set(result["confusion"]) == CONDITIONS
    for counts in result["confusion"].values():
        assert set(counts) == {"01", "11", "20", "21"}
        for speaker, matrix in counts.items():
            assert np.sum(matrix) == (tested["speaker"] == speaker).sum()
    of_fold = tested[tested["speaker"].isin(["01", "11", "20", "21"])]
    by_intensity = result["confusion_by_intensity"]
    assert set(by_intensity) == set(of_fold["intensity"])
    for intensity, matrix in by_intensity.items():
        assert np.sum(matrix) == (of_fold["intensity"] == intensity).sum()
    assert np.array_equal(
        np.sum(list(by_intensity.values()), axis=0),
        np.sum(list(result["confusion"]["as_recorded"].values()), axis=0),
    )


@pytest.mark.slow
def test_a_model_for_the_wheel_has_heard_everybody_and_says_what_it_is_worth(
    benchmark: tuple[Repository, list[str]],
) -> None:
    clone, _ = benchmark
    path = clone.folder / PARAMS
    before = path.read_bytes()
    named = {"included.ravdess.recipe": "best", "included.ravdess.item": "emobox6_best"}
    clone.change_params(named, PARAMS)
    data = clone.folder / "benchmarks" / "data"
    shutil.copytree(data / "recordings", data / "recordings_across")
    for module in ("everybody", "included"):
        clone.run(sys.executable, "-m", f"benchmarks.{module}", "ravdess")
    path.write_bytes(before)

    made = data / "included" / "ravdess"
    result = json.loads((clone.folder / RESULT).read_text())
    settings = json.loads((made / "settings.json").read_text())
    assert settings["temperature"] == result["temperature"]
    assert settings["training"]["corpora"] == "synthetic ravdess"
    card = (made / "README.md").read_text()
    of_ravdess = read_manifest(data / "recordings").query("corpus == 'ravdess'")
    assert f"{len(of_ravdess):,} recordings of the speech and song" in card
    by_speaker = list(result["confusion"]["pink20"].values())
    matrix = np.sum(by_speaker, axis=0)
    recalled = 100 * float(np.mean(np.diag(matrix) / matrix.sum(axis=1)))
    assert f"| pink noise at 20 dB | {recalled:.1f} |" in card
    assert "| TESS (North American English, 7 emotions) |" in card
    assert "| RAVDESS (" not in card
    recognizer = Recognizer.load(made, any_sound=True)
    assert recognizer.predict(tone(1), 16000).emotion in recognizer.labels


@pytest.mark.slow
def test_a_fold_done_is_not_run_again(benchmark: tuple[Repository, list[str]]) -> None:
    clone, _ = benchmark
    lock = (clone.folder / "benchmarks/dvc.lock").read_bytes()
    assert clone.stages_run(*REPRO, "emobox6_best") == ["code"]
    assert (clone.folder / "benchmarks/dvc.lock").read_bytes() == lock
    clone.change_params({"items.emobox6_best.folds": [1, 2]}, PARAMS)
    planned = clone.stages_run(*REPRO, "--dry", "emobox6_best")
    clone.change_params({"items.emobox6_best.folds": [1]}, PARAMS)
    assert planned == ["code", "emobox6_best@best-1-2"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "concerned"),
    [
        ({"recipes.best.train.epochs": 2}, [TRAINING]),
        ({"recipes.cnn2d.train.epochs": 2}, []),
        ({"front_ends.default.clean.trim.margin": 0.125}, ["features@default"]),
        ({"ingest.max_rejected": 0.5}, ["recordings"]),
    ],
)
def test_a_changed_param_reruns_what_it_concerns(
    benchmark: tuple[Repository, list[str]], change: dict[str, Any], concerned: list[str]
) -> None:
    path = benchmark[0].folder / PARAMS
    before = path.read_bytes()
    benchmark[0].change_params(change, PARAMS)
    planned = benchmark[0].stages_run(*REPRO, "--dry", "emobox6_best")
    path.write_bytes(before)
    assert planned == ["code", *concerned]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "line", "concerned"),
    [
        ("speech_emotion/training/training.py", "# a comment", []),
        ("speech_emotion/training/training.py", "CHANGED = 1", [TRAINING]),
        ("speech_emotion/audio/vocoder.py", "CHANGED = 1", ["features@default", TRAINING]),
        ("benchmarks/recordings.py", "CHANGED = 1", ["recordings", "features@default", TRAINING]),
        ("benchmarks/published.py", "CHANGED = 1", ["summary"]),
        ("stages/train.py", "CHANGED = 1", []),
    ],
)
def test_changed_code_reruns_what_imports_it(
    benchmark: tuple[Repository, list[str]], file: str, line: str, concerned: list[str]
) -> None:
    clone, _ = benchmark
    path = clone.folder / file
    before = path.read_bytes()
    path.write_bytes(before + f"\n{line}\n".encode())
    assert clone.stages_run(*REPRO, "code") == ["code"]
    stages = ("recordings", "features@default", "emobox6_best", "summary")
    planned = clone.stages_run(*REPRO, "--dry", "--single-item", *stages)
    path.write_bytes(before)
    clone.run("python", "-m", "benchmarks.code")
    assert planned == concerned


@pytest.mark.slow
def test_a_training_gives_the_same_counts_again(benchmark: tuple[Repository, list[str]]) -> None:
    """In another process, and whatever the machine's threads: it computes on one."""
    path = benchmark[0].folder / RESULT
    before = json.loads(path.read_text())
    command = ("python", "-m", "benchmarks.measure", "emobox6_best", "best", "1", "1")
    benchmark[0].run(*command, OMP_NUM_THREADS="2", TF_NUM_INTRAOP_THREADS="2")
    after = json.loads(path.read_text())
    assert {**before, "seconds": 0} == {**after, "seconds": 0}


def test_the_page_says_synthetic_and_what_is_missing(
    benchmark: tuple[Repository, list[str]],
) -> None:
    page = (benchmark[0].folder / "benchmarks/README.md").read_text()
    assert "synthetic recordings" in page
    assert "**the default recipe**" in page
    missing = next(line for line in page.splitlines() if line.startswith("Not run yet"))
    assert "`luna_jimenez5_best`" in missing
    assert "`emobox6_best`" not in missing
    picture = benchmark[0].folder / "benchmarks/figures/confusion_emobox6_best.png"
    assert picture.stat().st_size > 10_000


def test_synthetic_recordings_are_refused(
    benchmark: tuple[Repository, list[str]], tmp_path: Path
) -> None:
    benchmark[0].change_params({"ingest.synthetic": False}, PARAMS)
    reported = benchmark[0].run("python", "-m", "benchmarks.recordings", check=False)
    benchmark[0].change_params({"ingest.synthetic": True}, PARAMS)
    assert "error: benchmarks/params.yaml: ingest.from leads to data/synthetic.yaml" in reported
    assert "on which benchmarks mean nothing" in reported


@pytest.mark.slow
def test_every_answer_is_kept_where_recordings_are_disturbed(
    benchmark: tuple[Repository, list[str]],
) -> None:
    clone, _ = benchmark
    clone.run("python", "-m", "benchmarks.measure", "model_tests", "best", "1", "1")
    result = json.loads((clone.folder / "benchmarks/results/model_tests/best-1-1.json").read_text())
    answers = result["answers"]
    assert list(answers) == ["truth", "female", "as recorded", *DISTURBANCES]
    matrix = np.sum(list(result["confusion"]["as_recorded"].values()), axis=0)
    assert {len(one) for one in answers.values()} == {int(matrix.sum())}
    counted = np.zeros_like(matrix)
    for truth, answer in zip(answers["truth"], answers["as recorded"], strict=True):
        counted[int(truth), int(answer)] += 1
    assert np.array_equal(counted, matrix)
    assert set(answers["female"]) == {"0", "1"}
    # what is hardly changed is mostly taken for the same, and a telephone changes more
    same = {
        name: np.mean([a == b for a, b in zip(one, answers["as recorded"], strict=True)])
        for name, one in answers.items()
    }
    assert same["gain"] > 0.9 > same["low-quality phone"]
