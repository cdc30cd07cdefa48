"""What the pages say is what the committed results say."""

import json
from typing import Any

import numpy as np
import pytest
from conftest import ROOT

from benchmarks import predict, published, speed
from benchmarks.comparison import difference, interval, pooled, pooled_accuracy
from benchmarks.params import load_items
from benchmarks.summary import ACTORS, UNTOUCHED, Report
from stages.lib.dataset import EMOTIONS
from stages.lib.scoring import uar

BENCHMARKS = ROOT / "benchmarks"
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def report() -> Report:
    """The committed results."""
    return Report(load_items(BENCHMARKS / "params.yaml"), BENCHMARKS / "results")


def measured(name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((BENCHMARKS / name).read_text(encoding="utf-8"))
    return told


def test_the_speed_tables_of_the_readme_are_those_of_speed_json() -> None:
    assert speed.table(measured("speed.json")) in README
    assert speed.at_scale(measured("speed.json")) in README


def test_the_prediction_table_of_the_readme_is_that_of_predict_json() -> None:
    assert predict.table(measured("predict.json")) in README


def percent(share: float) -> str:
    return f"{100 * share:.1f}"


@pytest.mark.parametrize(
    ("item", "recipe"),
    [
        ("emobox6_best", "best"),
        ("luna_jimenez5_best", "best"),
        ("emobox6_original", "original"),
        ("random_all_original", "original"),
        ("random_all_best", "longest"),
    ],
)
def test_the_results_of_the_readme_are_those_of_the_benchmarks(
    report: Report, item: str, recipe: str
) -> None:
    one = report.get(item, recipe)
    assert one is not None
    counts = one.by_speaker()
    bounds = interval(counts)
    assert bounds is not None
    [row] = [line for line in README.splitlines() if f"repro {item}`" in line]
    *_, score, share = (cell.strip().replace("**", "") for cell in row.strip("|").split("|"))
    assert score == f"{percent(float(np.mean(one.ua())))} % ({' to '.join(map(percent, bounds))})"
    assert share == f"{percent(pooled_accuracy(counts))} %"


def test_the_losses_that_the_readme_tells_are_those_of_the_benchmarks(report: Report) -> None:
    best = report.get("emobox6_best", "best")
    narrow = report.get("emobox6_telephone", "telephone")
    assert best is not None
    assert narrow is not None
    told = " ".join(README.split())
    clean = np.mean(best.ua())
    lost = {
        name: f"{100 * (clean - np.mean(best.ua(name))):.0f}"
        for name in ("quieter", "noise20", "noise10", "pink20", "telephone")
    }
    assert f"20 dB softer costs the first row {lost['quieter']} points, by" in told
    assert f"white noise at 20 dB {lost['noise20']} and at 10 dB {lost['noise10']}, pink" in told
    assert f"which nothing is trained on, {lost['pink20']};" in told
    assert f"nothing above 4 kHz, costs {lost['telephone']};" in told
    assert f"recipe is at {percent(float(np.mean(narrow.ua('telephone'))))} % there" in told
    bounds = interval(best.by_speaker(folds=UNTOUCHED))
    assert bounds is not None
    assert (
        f"the first row is {percent(float(np.mean(best.ua(folds=UNTOUCHED))))} % "
        f"({' to '.join(map(percent, bounds))}, eight speakers)" in told
    )


def test_the_random_fifth_of_the_readme_is_that_of_the_results(report: Report) -> None:
    right = []
    for item, recipe in (("random_all_original", "original"), ("random_all_best", "longest")):
        one = report.get(item, recipe)
        assert one is not None
        counts = {who: matrix for who, matrix in one.by_speaker().items() if who in ACTORS}
        assert len(counts) == 24
        right.append(percent(pooled_accuracy(counts)))
    told = " ".join(README.split())
    assert f"the original recipe gets {right[0]} % right and the other {right[1]} %" in told


def test_what_the_readme_compares_with_is_what_was_published_and_measured(report: Report) -> None:
    told = " ".join(README.split())
    hubert, wavlm, whisper = (one.percent for one in published.EMOBOX6[-3:])
    assert f"report {hubert} % for HuBERT large and {wavlm} % for WavLM large" in told
    assert f"and {whisper} % for Whisper large v3" in told
    speech = report.get("material", "speech_only")
    assert speech is not None
    bounds = interval(speech.by_speaker())
    assert bounds is not None
    ours = 100 * float(np.mean(speech.ua()))
    assert f"on speech alone it is at {ours:.1f} % ({' to '.join(map(percent, bounds))};" in told
    assert hubert < ours < wavlm
    best, analysis = (report.get("tuning", recipe) for recipe in ("best", "functionals_lda"))
    assert best is not None
    assert analysis is not None
    behind = difference(best.by_speaker(), analysis.by_speaker()).value
    assert f"{percent(behind)} points behind on the tuning folds" in told
    of_default = report.get("emobox6_best", "best")
    assert of_default is not None
    assert f"default recipe, {of_default.results[0]['parameters'] / 1e6:.2f} M parameters" in told


@pytest.mark.parametrize("item", ["emobox6_best", "luna_jimenez5_best"])
def test_what_the_notes_say_is_missed_is_in_the_results(report: Report, item: str) -> None:
    best = report.get(item, "best")
    assert best is not None
    told = " ".join((BENCHMARKS / "notes.md").read_text(encoding="utf-8").split())
    if item.startswith("luna"):
        told = told[told.index("Luna-Jiménez' folds deal") :]
    everybody = best.by_speaker()
    intensities = {
        name: np.diag(matrix)[1:].sum() / matrix[1:].sum()  # as many recordings of each emotion
        for name, matrix in best.by_intensity().items()
    }
    sexes = [
        uar(pooled({who: one for who, one in everybody.items() if int(who) % 2 == rest}))
        for rest in (0, 1)
    ]
    errors = pooled(everybody) * (1 - np.eye(8, dtype=int))
    sad = EMOTIONS.index("sad")
    of_sadness = (errors[sad].sum() + errors[:, sad].sum()) / errors.sum()
    between = f"{100 * (intensities['strong'] - intensities['normal']):.0f} points"
    apart = f"{100 * (sexes[0] - sexes[1]):.0f}"
    if item.startswith("luna"):
        assert f"{between} between intensities and {apart} between women and men" in told
        assert f"sadness in {of_sadness:.0%}".replace("%", " %") in told
    else:
        assert f"{between} below strong intensity over the seven emotions" in told
        assert f"**men**: {apart} points below women" in told
        assert f"in {100 * of_sadness:.0f} % of all errors. Strong sadness" in told


def test_what_the_notes_say_of_single_speakers_is_in_the_results(report: Report) -> None:
    told = " ".join((BENCHMARKS / "notes.md").read_text(encoding="utf-8").split())
    one, best = report.get("leave_one_speaker_out", "best"), report.get("emobox6_best", "best")
    assert one is not None
    assert best is not None
    counts = one.by_speaker()
    worst = sorted(counts, key=lambda speaker: float(uar(counts[speaker])))[:12]
    assert sum(int(speaker) % 2 for speaker in worst) == 9
    assert "Of the twelve actors that are recognised worst in One speaker at a time, nine" in told
    gain = difference(counts, best.by_speaker(seeds=one.seeds))
    assert (
        f"with 23, gains {percent(gain.value)} over the same seed with 20 "
        f"({percent(gain.low)} to {percent(gain.high)})" in told
    )


def test_the_synthetic_result_of_the_readme_is_that_of_the_last_run() -> None:
    metrics = json.loads((ROOT / "metrics" / "metrics.json").read_text(encoding="utf-8"))
    cells = [
        f"{percent(metrics[score])} % ({percent(bounds['low'])} to {percent(bounds['high'])})"
        for score in ("uar", "accuracy")
        for bounds in [metrics["interval"][score]]
    ]
    tested = f"{metrics['recordings']['test']} recordings"
    [row] = [line for line in README.splitlines() if line.startswith("| `make repro` |")]
    assert tested in row
    assert row.endswith(f"| {' | '.join(cells)} |")


def test_the_page_of_the_benchmarks_is_that_of_their_results(report: Report) -> None:
    notes = (BENCHMARKS / "notes.md").read_text(encoding="utf-8")
    assert report.text(notes) == (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    assert set(report.pictures()) == {path.stem for path in (BENCHMARKS / "figures").iterdir()}
