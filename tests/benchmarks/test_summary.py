"""The page made from results: each figure in it is one that can be counted by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT

from benchmarks.comparison import collect, difference, interval, pooled_accuracy, recalls
from benchmarks.known_voices import CASES
from benchmarks.params import Item, Setting, load_items
from benchmarks.results import Run, read_result, write_result
from benchmarks.summary import Report, summarise
from speech_emotion.audio.disturbances import DISTURBANCES
from speech_emotion.data.corpora.ravdess import EMOTIONS
from speech_emotion.data.splits import TEST_SPEAKERS

SPEAKERS = {"1": ("01", "11"), "2": ("04", "10"), "5": ("02", "15")}


ACROSS = {"labels": list(EMOTIONS), "confidence": 0.8, "calibration_error": 0.1}
RIGHT, WRONG = "01234567" * 4, "12345670" * 4
ANSWERS = {
    "truth": RIGHT,
    "female": "01" * 16,
    "as recorded": RIGHT,
    **{name: WRONG if name == "babble" else RIGHT for name in DISTURBANCES},
}
"""Of 32 recordings, all recognised but in babble."""


def item(**changes: Any) -> Item:
    values = {
        "setting": Setting(protocol="emobox6"),
        "recipes": ("best",),
        "seeds": (1,),
        "folds": (1, 2, 5),
    }
    return Item(**{**values, **changes})


def counts(right: int) -> list[list[int]]:
    """Ten recordings of each emotion, so many recognised and the rest taken for the next one."""
    matrix = right * np.eye(8, dtype=int)
    return (matrix + (10 - right) * np.roll(np.eye(8, dtype=int), 1, axis=1)).tolist()


def thrice(right: int) -> list[list[int]]:
    """The same for three draws of known recordings."""
    return (3 * np.array(counts(right))).tolist()


def no_neutral(right: int) -> list[list[int]]:
    return [[0] * 8, *counts(right)[1:]]


def write(folder: Path, name: str, right: dict[str, int], recipe: str = "best", seed: int = 1,
          speakers: int | None = None, condition: str | None = None) -> None:  # fmt: skip
    for fold, each in right.items():
        by_speaker = {speaker: counts(each) for speaker in SPEAKERS[fold]}
        confusion = {"as_recorded": by_speaker}
        if condition:
            confusion[condition] = {speaker: counts(each - 2) for speaker in SPEAKERS[fold]}
        result = {
            "synthetic": False,
            "network": "cnn2d",
            "parameters": 320_000,
            "epochs": 30,
            "seconds": 60.0,
            "trained_on": {"speakers": 20, "recordings": 1000, "utterances": 9000},
            "confusion": confusion,
            "confusion_by_intensity": {"normal": counts(each), "strong": no_neutral(each)},
        }
        run = Run(item=name, recipe=recipe, seed=seed, fold=fold, speakers=speakers)
        write_result(run, result, folder)


def test_a_result_is_read_as_it_was_written_a_line_for_a_row(tmp_path: Path) -> None:
    write(tmp_path, "emobox6_best", {"1": 7})
    run = Run(item="emobox6_best", recipe="best", seed=1, fold="1")
    result = read_result(run, tmp_path)
    assert result is not None
    assert result["confusion"]["as_recorded"]["11"] == counts(7)
    assert "[7, 3, 0, 0, 0, 0, 0, 0]" in (tmp_path / run.file).read_text()


def test_means_are_over_whole_seeds_only(tmp_path: Path) -> None:
    write(tmp_path, "emobox6_best", {"1": 7, "2": 8, "5": 3})
    write(tmp_path, "emobox6_best", {"1": 9, "2": 9}, seed=2)
    [one], missing = collect({"emobox6_best": item(seeds=(1, 2))}, tmp_path)
    assert missing == {"emobox6_best": 1}
    assert list(one.seeds) == [1]
    assert one.ua() == pytest.approx([0.6])
    assert one.ua(folds=("5", "6")) == pytest.approx([0.3])
    assert one.fold_ua() == pytest.approx({"1": 0.7, "2": 0.8, "5": 0.3})
    assert pooled_accuracy(one.by_speaker()) == pytest.approx(0.6)
    assert recalls(one.by_speaker()) == pytest.approx(np.full(8, 0.6))
    assert list(one.by_speaker()) == ["01", "02", "04", "10", "11", "15"]
    bounds = interval(one.by_speaker())
    assert bounds is not None
    assert bounds[0] < 0.6 < bounds[1]


def test_a_difference_is_paired_by_speaker(tmp_path: Path) -> None:
    write(tmp_path, "tuning", {"1": 3, "2": 8, "5": 5})
    write(tmp_path, "tuning", {"1": 4, "2": 9, "5": 6}, recipe="other")
    best, other = collect({"tuning": item(recipes=("best", "other"))}, tmp_path)[0]
    found = difference(other.by_speaker(), best.by_speaker())
    # speakers differ by 50 points, but every one of them gains 10
    assert (found.value, found.low, found.high) == pytest.approx((0.1, 0.1, 0.1))
    assert found.better == 1


def test_the_page_ranks_ours_among_theirs_and_lists_what_is_missing(tmp_path: Path) -> None:
    results = tmp_path / "results"
    conditions = Setting(protocol="emobox6", conditions=("as_recorded", "telephone"))
    items = {
        "emobox6_best": item(setting=conditions, seeds=(1, 2)),
        "tuning": item(recipes=("best", "no_masks")),
        "learning_curve": item(speakers=(4, 8)),
        "random_speech_best": item(setting=Setting(protocol="random")),
    }
    for seed, right in ((1, 7), (2, 8)):
        write(results, "emobox6_best", dict.fromkeys(SPEAKERS, right), seed=seed,
              condition="telephone")  # fmt: skip
    write(results, "tuning", dict.fromkeys(SPEAKERS, 6))
    write(results, "tuning", dict.fromkeys(SPEAKERS, 5), recipe="no_masks")
    write(results, "learning_curve", dict.fromkeys(SPEAKERS, 4), speakers=4)
    write(results, "learning_curve", dict.fromkeys(SPEAKERS, 5), speakers=8)
    notes = tmp_path / "notes.md"
    notes.write_text("## What was tried on what\n\nThis.\n")
    page, pictures = tmp_path / "README.md", tmp_path / "figures"
    summarise(items, results, notes, page, pictures)
    text = page.read_text()
    lines = text.splitlines()

    ours = next(n for n, line in enumerate(lines) if "**the default recipe**" in line)
    assert "**75.0 (70.0 to 80.0, 2 seeds)**" in lines[ours]
    assert "0.32 M parameters" in lines[ours]
    assert "WavLM large" in lines[ours - 1]
    assert "Whisper large v3" in lines[ours + 1]
    assert "Not run yet, in trainings: `random_speech_best` (3)." in text
    telephone = next(line for line in lines if "resampled to 8 kHz" in line)
    assert "| 55.0 (50.0 to 60.0, 2 seeds) |" in telephone
    assert "-20.0 (-20.0 to -20.0)" in telephone
    assert any("| no masks | 50.0 | -10.0 (-10.0 to -10.0) | 0% |" in line for line in lines)
    four, eight, *_ = rows_under(text, "Learning curve")[2:]
    assert four[:3] == ["4", "1,000", "40.0"]
    assert four[4] == ""
    assert eight[:3] == ["8", "1,000", "50.0"]
    assert eight[4] == "+10.0 (+10.0 to +10.0)"
    nothing_neutral = "| the default recipe | emobox6 | strong intensity | 75.0 |  | 75.0 | 75.0 |"
    assert any(line.startswith(nothing_neutral) for line in lines)
    assert "TIM-Net" in text
    assert text.endswith("This.\n")
    assert {path.name for path in pictures.iterdir()} == {
        "confusion_emobox6_best.png",
        "learning_curve.png",
    }


def rows_under(text: str, title: str) -> list[list[str]]:
    """The cells of a section's table, its head first."""
    section = text.split(f"## {title}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line]


def test_every_table_says_what_its_columns_say(tmp_path: Path) -> None:
    """Each cell is made from counts that no other cell has."""
    actors = TEST_SPEAKERS["emobox6"]
    by_fold = {"1": actors[1], "2": actors[2], "5": (*actors[5], "26")}

    def put(name: str, right: dict[str, int], recipe: str, **more: dict[str, int]) -> None:
        """Right of ten, by speaker; the same for all speakers of a fold with its number as key."""
        for fold, speakers in by_fold.items():
            of = {one: right.get(one, right.get(fold, 5)) for one in speakers}
            result = {
                "synthetic": False,
                "network": "cnn2d",
                "parameters": 320_000,
                "epochs": 30,
                "seconds": 60.0,
                "trained_on": {"speakers": 20, "recordings": 1000, "utterances": 9000},
                "confusion": {
                    "as_recorded": {one: counts(hits) for one, hits in of.items()},
                    **{
                        condition: {one: counts(hits[fold]) for one in speakers}
                        for condition, hits in more.items()
                    },
                },
                "confusion_by_intensity": {"normal": counts(3), "strong": no_neutral(9)},
            }
            write_result(Run(item=name, recipe=recipe, seed=1, fold=fold), result, tmp_path)

    before = Setting(protocol="emobox6", conditions=("as_recorded", "with_variants"))
    leaks = {
        "leak_random_none": (4, item(recipes=("original_speech",))),
        "emobox6_original": (2, item(recipes=("original_speech",))),
        "leak_random_after": (5, item(recipes=("original_variants",))),
        "leak_speakers_after": (3, item(recipes=("original_variants",))),
        "leak_random_before": (8, item(recipes=("original_variants",), setting=before)),
        "leak_speakers_before": (1, item(recipes=("original_variants",), setting=before)),
    }
    fifth = item(setting=Setting(protocol="random"))
    items = {
        "emobox6_best": item(),
        "random_all_best": fifth,
        **{name: one for name, (_, one) in leaks.items()},
    }
    women = {one: 9 for fold in by_fold.values() for one in fold if int(one) % 2 == 0}
    put("emobox6_best", {**women, "1": 4, "2": 4, "5": 4}, "best")
    put("random_all_best", {**dict.fromkeys(by_fold, 6), "26": 10}, "best")
    for name, (right, one) in leaks.items():
        more = {"with_variants": dict.fromkeys(by_fold, right + 1)}
        conditions = {key: more[key] for key in one.setting.conditions if key in more}
        put(name, dict.fromkeys(by_fold, right), one.recipes[0], **conditions)
    text = Report(items, tmp_path).text("")

    assert [row[1:] for row in rows_under(text, "The leak made visible")[2:]] == [
        ["40.0", "20.0"],
        ["50.0", "30.0"],
        ["80.0 (90.0)", "10.0 (20.0)"],
    ]
    recall = {
        row[2]: row[3:] for row in rows_under(text, "Recall by emotion") if row[1] == "emobox6"
    }
    assert recall["female actors"] == ["90.0"] * 9
    assert recall["male actors"] == ["40.0"] * 9
    assert recall["normal intensity"] == ["30.0", "", *["30.0"] * 7]
    assert recall["strong intensity"] == ["90.0", "", *["90.0"] * 7]
    [known] = [
        row for row in rows_under(text, "Random splits, for comparison only") if "best`" in row[-1]
    ]
    assert known[3] == f"**{100 * (12 * 6 + 10) / 130:.1f}**"
    assert known[4] == "60.0"  # without TESS' speaker
    ours = next(
        row for row in rows_under(text, "EmoBox, 6 folds of RAVDESS speech") if "default" in row[0]
    )
    by_fold_right = {
        fold: [9 if one in women else 4 for one in speakers] for fold, speakers in by_fold.items()
    }
    everybody = [right for fold in by_fold_right.values() for right in fold]
    folds = [10 * np.mean(right) for right in by_fold_right.values()]
    assert ours[1] == "0.32 M parameters, from scratch on 1,000 recordings"
    assert ours[2] == f"**{np.mean(folds):.1f}**"
    assert min(folds) < max(folds)
    assert ours[3] == f"{min(folds):.1f} to {max(folds):.1f}"
    assert ours[5] == f"{10 * np.mean(everybody):.1f}"
    assert ours[6] == f"{10 * np.mean(by_fold_right['5']):.1f}"
    low, high = map(float, ours[4].split(" to "))
    assert 40 < low < 10 * np.mean(everybody) < high < 90


def test_nothing_measured_still_makes_a_page(tmp_path: Path) -> None:
    text = Report({"emobox6_best": item()}, tmp_path).text("")
    assert "`emobox6_best` (3)" in text
    assert "Whisper large v3" in text


def speakers_of(one: Item, fold: str) -> tuple[str, ...]:
    """Who is tested in a fold, as far as it matters here."""
    protocol = one.setting.protocol
    if protocol == "leave_one_speaker_out":
        return (fold,)
    if protocol in ("random", "across"):
        return ("01", "02")
    return TEST_SPEAKERS["emobox6" if protocol == "tuning" else protocol][int(fold)]


@pytest.mark.slow
def test_every_part_of_the_page_is_there_when_all_has_run_and_none_breaks_it_when_some_has_not(
    tmp_path: Path,
) -> None:
    items = load_items(ROOT / "benchmarks" / "params.yaml")
    runs = [
        (Run(item=name, recipe=recipe, seed=seed, fold=str(fold), speakers=speakers), one)
        for name, one in items.items()
        for recipe in one.recipes
        for seed in one.seeds
        for fold in one.folds
        for speakers in one.speakers or (None,)
    ]
    for run, one in runs:
        by_speaker = {speaker: counts(7) for speaker in speakers_of(one, run.fold)}
        write_result(
            run,
            {
                "synthetic": False,
                "network": "fusion",
                "parameters": 350_000,
                **({"encoder_parameters": 14_000_000} if "encoder" in run.recipe else {}),
                "epochs": 30,
                "seconds": 60.0,
                "trained_on": {"speakers": 20, "recordings": 1000, "utterances": 9000},
                "confusion": dict.fromkeys(one.setting.conditions, by_speaker),
                "confusion_by_intensity": {"normal": counts(7), "strong": no_neutral(7)},
                **(ACROSS if one.setting.protocol == "across" else {}),
                **({"answers": ANSWERS} if one.setting.disturbed else {}),
                **(
                    {
                        "known_voice": {
                            case.name: {who: thrice(8) for who in by_speaker} for case in CASES
                        }
                    }
                    if one.setting.known_voice
                    else {}
                ),
            },
            tmp_path,
        )
    whole = Report(items, tmp_path)
    text = whole.text("")
    assert "Not run yet" not in text
    assert "| UAR | 1.000 | at least 0.5 | pass |" in text
    assert "| unchanged predictions, babble | 0.000 | at least 0.9 | FAIL |" in text
    across = ["TESS, EMO-DB", "2", "70.0", "70.0 to 70.0", "12.5", "80.0", "70.0", "0.10"]
    assert f"| the default recipe | {' | '.join(across)} |" in text
    known = rows_under(text, "Knowing a voice")[2:]
    assert known[0][1:] == ["1", "80.0", "80.0 to 80.0", "+10.0 (+10.0 to +10.0)"]
    assert [row[1] for row in known if row[1].startswith("4,")][:2] == [
        "4, all neutral",
        "4, all calm",
    ]
    assert "14 M parameters, pretrained and frozen; 0.35 M parameters fitted on 1,000" in text
    for title in (
        *("Knowing a voice", "Ingredients of the recipe with an encoder"),
        *("EmoBox, 6 folds", "Luna-Jiménez, 5 folds", "Recall by emotion", "Worse recordings"),
        *("Training material", "One speaker at a time", "Learning curve", "Ingredients"),
        *("The leak made visible", "Random splits", "Time"),
        *("Tests passed and failed", "From one corpus to another"),
    ):
        assert f"## {title}" in text
    assert set(whole.pictures()) == {
        *("confusion_emobox6_best", "confusion_luna_jimenez5_best", "learning_curve"),
        "known_voices",
        *(f"confusion_across_{fold}" for fold in items["across_best"].folds),
    }

    for run in {(run.item, run.seed): run for run, _ in runs}.values():
        kept = (tmp_path / run.file).rename(tmp_path / "aside")
        less = Report(items, tmp_path)
        assert "Not run yet" in less.text("")
        kept.rename(tmp_path / run.file)
