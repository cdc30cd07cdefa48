"""The page on the data, of datasets with planted faults, looked at in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import assert_whole_in_itself, headless_browser
from explored import EXCHANGED, LONG, OF, QUIET, TOO_SHORT, TWIN
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from speech_emotion.data.corpora.ravdess import EMOTIONS
from speech_emotion.reporting.exploration_report import CLIP_LENGTH, CLIPS, report

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page(explored: Path) -> Path:
    path = explored.parent / "exploration.html"
    path.write_text(report(explored, EMOTIONS), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser(page: Path) -> Iterator[webdriver.Chrome]:
    with headless_browser(1366, 768) as driver:
        driver.get(page.as_uri())
        yield driver


def below(browser: webdriver.Chrome, heading: str) -> str:
    """All text from a heading to the next."""
    _, text = browser.find_element(By.TAG_NAME, "body").text.split(f"\n{heading}\n")
    headings = [one.text for one in browser.find_elements(By.TAG_NAME, "h2")]
    following = headings[headings.index(heading) + 1 :]
    return text.split(f"\n{following[0]}\n")[0] if following else text


def test_what_was_planted_stands_under_its_heading(browser: webdriver.Chrome) -> None:
    outliers = below(browser, "Outliers")
    assert QUIET in outliers
    assert LONG in outliers
    assert f"{TWIN}, {OF}" in below(browser, "Recordings that are the same").replace(
        f"{OF}, {TWIN}", f"{TWIN}, {OF}"
    )
    doubts = below(browser, "Labels in doubt")
    assert all(one in doubts for one in EXCHANGED)
    rejected = below(browser, "Rejected files")
    assert f"{TOO_SHORT}.wav lasts" in rejected
    assert "less than 0.25 s" in rejected


def test_players_play_what_is_in_the_page(browser: webdriver.Chrome) -> None:
    players = browser.find_elements(By.TAG_NAME, "audio")
    assert 4 <= len(players) <= 2 * CLIPS
    durations = "return [...document.querySelectorAll('audio')].map(one => one.duration || 0)"
    WebDriverWait(browser, 60).until(lambda driver: min(driver.execute_script(durations)) > 0)
    by_id = dict(
        zip(
            [one.get_attribute("aria-label") for one in players],
            browser.execute_script(durations),
            strict=True,
        )
    )
    assert by_id[LONG] == pytest.approx(CLIP_LENGTH, abs=0.1)
    assert 0.25 < by_id[QUIET] < CLIP_LENGTH


@pytest.mark.parametrize("width", [1366, 390])
def test_the_page_is_whole_in_itself_on_a_laptop_and_on_a_telephone(
    browser: webdriver.Chrome, width: int
) -> None:
    shown = browser.find_elements(By.TAG_NAME, "img")
    assert len(shown) == 9
    assert_whole_in_itself(browser, width, height=844, least=800)


def test_the_page_is_small_enough_to_be_sent(page: Path) -> None:
    assert page.stat().st_size < 10e6


def test_without_features_the_rest_is_shown_with_what_to_run(
    explored: Path, tmp_path: Path
) -> None:
    for name in ("raw", "merged", "clean"):
        (tmp_path / name).symlink_to(explored / name)
    page = report(tmp_path, EMOTIONS)
    assert page.count("`dvc repro featurize` makes it") == 1
    assert "Labels in doubt" not in page
    assert QUIET in page
