"""The report on two revisions: read from a real repository, looked at in a real browser."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from browser import assert_whole_in_itself, headless_browser
from conftest import ROOT
from repository import Repository
from selenium import webdriver
from selenium.webdriver.common.by import By

from speech_emotion.reporting.comparison import emotions
from speech_emotion.reporting.evaluation import compared
from speech_emotion.reporting.scoring import score

pytestmark = pytest.mark.slow

PROGRAM = ("python", "-m", "speech_emotion.reporting.comparison_report")
MENDED = 8
"""Answers that were wrong in the first revision and are right in the second."""


def write_run(folder: Path, predictions: pd.DataFrame) -> None:
    """Put predictions in place of those of a run, and their scores."""
    predictions.to_csv(folder / "predictions.csv", index=False)
    labels = emotions(predictions)
    recordings = predictions.rename(columns={"truth": "emotion"})
    values = json.loads((folder / "evaluation.json").read_text())
    values |= score(recordings, predictions[labels].to_numpy(), labels)
    (folder / "evaluation.json").write_text(json.dumps(values))
    (folder / "metrics.json").write_text(json.dumps(compared(values)))


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The project with the run that is committed in it, and in the workspace a better one."""
    clone = Repository(tmp_path_factory.mktemp("clone"))
    shutil.copy(ROOT / "dvc.lock", clone.folder)
    shutil.copytree(ROOT / "metrics", clone.folder / "metrics")
    clone.commit("A run & <its> scores")
    clone.run("git", "tag", "before")
    path = clone.folder / "metrics" / "predictions.csv"
    predictions = pd.read_csv(path, dtype={"speaker": str}, keep_default_na=False)
    labels = emotions(predictions)
    wrong = predictions.index[predictions["predicted"] != predictions["truth"]][:MENDED]
    predictions.loc[wrong, "predicted"] = predictions.loc[wrong, "truth"]
    predictions.loc[wrong, labels] = np.eye(len(labels))[
        pd.Index(labels).get_indexer(pd.Index(predictions.loc[wrong, "truth"]))
    ]
    write_run(path.parent, predictions)
    clone.change_params({"train.epochs": 31})
    return clone


@pytest.fixture(scope="module")
def page(clone: Repository) -> Path:
    assert "workspace compared with before" in clone.run(*PROGRAM, "before")
    return clone.folder / "report.html"


@pytest.fixture(scope="module")
def browser(page: Path) -> Iterator[webdriver.Chrome]:
    with headless_browser(1366, 900) as driver:
        driver.get(page.as_uri())
        yield driver


def rows(browser: webdriver.Chrome, head: str) -> dict[str, list[str]]:
    """The cells of the table whose first column is so called, by what each row is about."""
    for table in browser.find_elements(By.TAG_NAME, "table"):
        first, *others = table.find_elements(By.TAG_NAME, "tr")
        if first.find_element(By.TAG_NAME, "th").text == head:
            found = [row.find_elements(By.CSS_SELECTOR, "th, td") for row in others]
            return {cells[0].text: [cell.text for cell in cells[1:]] for cells in found}
    raise AssertionError(f"no table begins with {head!r}")


def test_the_better_one_is_named_with_the_interval_of_the_difference(
    browser: webdriver.Chrome, clone: Repository
) -> None:
    committed = json.loads(clone.run("git", "show", "before:metrics/evaluation.json"))
    now = json.loads((clone.folder / "metrics" / "evaluation.json").read_text())
    assert browser.find_element(By.TAG_NAME, "h1").text == "workspace compared with before"
    points = 100 * (now["uar"] - committed["uar"])
    verdict = browser.find_element(By.CLASS_NAME, "verdict").text
    assert f"The UAR of workspace is {points:.1f} points better than that of before" in verdict
    first, second, difference = rows(browser, "score")["UAR"]
    assert first.startswith(f"{100 * committed['uar']:.1f} %")
    assert second.startswith(f"{100 * now['uar']:.1f} %")
    assert re.fullmatch(rf"\+{points:.1f} \(\S+ to \+[\d.]+\)", difference)
    tested = now["recordings"]["test"]
    note = browser.find_element(By.CLASS_NAME, "note").text
    assert f"the same answer for {tested - MENDED} of the recordings" in note


def test_params_data_and_versions_are_those_of_the_revisions(
    browser: webdriver.Chrome, clone: Repository
) -> None:
    committed = json.loads((clone.folder / "metrics" / "evaluation.json").read_text())
    assert rows(browser, "params.yaml") == {"train.epochs": ["30", "31"]}
    counted = f"{committed['recordings']['train']:,}"
    assert rows(browser, "")["recordings, train"] == [counted, counted]
    assert "files" in rows(browser, "path")["data/features"][0]
    pinned = re.findall(r"^dvc==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert rows(browser, "package")["dvc"] == [pinned[0], pinned[0]]
    commit = clone.run("git", "rev-parse", "--short=7", "before").strip()
    text = browser.find_element(By.TAG_NAME, "dl").text
    assert f"{commit}, " in text
    assert "A run & <its> scores" in text


def test_a_workspace_that_was_not_run_again_is_warned_of(browser: webdriver.Chrome) -> None:
    warnings = [one.text for one in browser.find_elements(By.CLASS_NAME, "warning")]
    assert "dvc repro would run" in warnings[0]
    assert "before and workspace: the test recordings are synthetic" in warnings[1]


@pytest.mark.parametrize("width", [1366, 390])
def test_the_page_is_whole_in_itself_on_a_laptop_and_on_a_telephone(
    browser: webdriver.Chrome, width: int
) -> None:
    shown = browser.find_elements(By.TAG_NAME, "img")
    assert [one.get_attribute("alt") for one in shown] == [
        "Confusion matrices side by side",
        "Recall by emotion",
        "UAR by speaker",
        "Training curves",
    ]
    assert_whole_in_itself(browser, width, height=900, least=1000)


def test_a_revision_that_is_none_or_holds_no_run_is_reported(clone: Repository) -> None:
    printed = clone.run(*PROGRAM, "nowhere", check=False)
    assert "error: 'nowhere' can't be read" in printed
    assert "Expected a commit, branch or tag" in printed
    printed = clone.run(*PROGRAM, "before~1", check=False)
    assert "error: before~1 has no dvc.lock: expected a revision" in printed
    printed = clone.run(*PROGRAM, "before", "--with", "before", check=False)
    assert "error: before is the same as itself" in printed
