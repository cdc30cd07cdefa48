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
FLOWING = " ".join(README.split())
NOTES = " ".join((BENCHMARKS / "notes.md").read_text(encoding="utf-8").split())


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
    clean = np.mean(best.ua())
    lost = {
        name: f"{100 * (clean - np.mean(best.ua(name))):.0f}"
        for name in ("quieter", "noise20", "noise10", "pink20", "telephone")
    }
    assert f"20 dB softer costs the first row {lost['quieter']} points, by" in FLOWING
    assert f"white noise at 20 dB {lost['noise20']} and at 10 dB {lost['noise10']}, pink" in FLOWING
    assert f"which nothing is trained on, {lost['pink20']};" in FLOWING
    assert f"nothing above 4 kHz, costs {lost['telephone']};" in FLOWING
    assert f"recipe is at {percent(float(np.mean(narrow.ua('telephone'))))} % there" in FLOWING
    bounds = interval(best.by_speaker(folds=UNTOUCHED))
    assert bounds is not None
    assert (
        f"the first row is {percent(float(np.mean(best.ua(folds=UNTOUCHED))))} % "
        f"({' to '.join(map(percent, bounds))}, eight speakers)" in FLOWING
    )


def test_the_random_fifth_of_the_readme_is_that_of_the_results(report: Report) -> None:
    right = []
    for item, recipe in (("random_all_original", "original"), ("random_all_best", "longest")):
        one = report.get(item, recipe)
        assert one is not None
        counts = {who: matrix for who, matrix in one.by_speaker().items() if who in ACTORS}
        assert len(counts) == 24
        right.append(percent(pooled_accuracy(counts)))
    assert f"the original recipe gets {right[0]} % right and the other {right[1]} %" in FLOWING


def test_what_the_readme_compares_with_is_what_was_published_and_measured(report: Report) -> None:
    hubert, wavlm, whisper = (one.percent for one in published.EMOBOX6[-3:])
    assert f"report {hubert} % for HuBERT large and {wavlm} % for WavLM large" in FLOWING
    assert f"and {whisper} % for Whisper large v3" in FLOWING
    speech = report.get("material", "speech_only")
    assert speech is not None
    bounds = interval(speech.by_speaker())
    assert bounds is not None
    ours = 100 * float(np.mean(speech.ua()))
    assert f"on speech alone it is at {ours:.1f} % ({' to '.join(map(percent, bounds))};" in FLOWING
    assert hubert < ours < wavlm
    best, analysis = (report.get("tuning", recipe) for recipe in ("best", "functionals_lda"))
    assert best is not None
    assert analysis is not None
    behind = difference(best.by_speaker(), analysis.by_speaker()).value
    assert f"{percent(behind)} points behind on the tuning folds" in FLOWING
    of_default = report.get("emobox6_best", "best")
    assert of_default is not None
    assert (
        f"default recipe, {of_default.results[0]['parameters'] / 1e6:.2f} M parameters" in FLOWING
    )


@pytest.mark.parametrize(
    ("item", "sentences"),
    [
        (
            "emobox6_best",
            (
                "{intensities} points below strong intensity over the seven emotions",
                "**men**: {sexes} points below women",
                "in {sad} % of all errors. Strong sadness",
            ),
        ),
        (
            "luna_jimenez5_best",
            (
                "{intensities} points between intensities and {sexes} between women and men, "
                "sadness in {sad} % of all errors.",
            ),
        ),
    ],
)
def test_what_the_notes_say_is_missed_is_in_the_results(
    report: Report, item: str, sentences: tuple[str, ...]
) -> None:
    best = report.get(item, "best")
    assert best is not None
    everybody, acted = best.by_speaker(), best.by_intensity()
    normal, strong = (
        np.diag(matrix)[1:].sum() / matrix[1:].sum()  # as many recordings of each emotion
        for matrix in (acted["normal"], acted["strong"])
    )
    women, men = (
        uar(pooled({who: one for who, one in everybody.items() if int(who) % 2 == rest}))
        for rest in (0, 1)
    )
    errors = pooled(everybody) * (1 - np.eye(8, dtype=int))
    sad = EMOTIONS.index("sad")
    of_sadness = (errors[sad].sum() + errors[:, sad].sum()) / errors.sum()
    for sentence in sentences:
        assert (
            sentence.format(
                intensities=f"{100 * (strong - normal):.0f}",
                sexes=f"{100 * (women - men):.0f}",
                sad=f"{100 * of_sadness:.0f}",
            )
            in NOTES
        )


def test_what_the_notes_say_of_single_speakers_is_in_the_results(report: Report) -> None:
    one, best = report.get("leave_one_speaker_out", "best"), report.get("emobox6_best", "best")
    assert one is not None
    assert best is not None
    counts = one.by_speaker()
    worst = sorted(counts, key=lambda speaker: float(uar(counts[speaker])))[:12]
    assert sum(int(speaker) % 2 for speaker in worst) == 9
    assert "Of the twelve actors that are recognised worst in One speaker at a time, nine" in NOTES
    gain = difference(counts, best.by_speaker(seeds=one.seeds))
    assert (
        f"with 23, gains {percent(gain.value)} over the same seed with 20 "
        f"({percent(gain.low)} to {percent(gain.high)})" in NOTES
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
