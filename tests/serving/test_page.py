"""The web page in a real browser, and its REST interface as it is documented."""

import itertools
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import gradio
import numpy as np
import psutil
import pytest
import soundfile
from browser import headless_browser
from exported_model import say_synthetic
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from server import PATIENCE, Server, curl, served

from speech_emotion.data.corpora.ravdess import EMOTIONS
from speech_emotion.reporting.model_card import DISTURBED
from speech_emotion.serving.included import DEFAULT, FOLDER
from speech_emotion.serving.page import page
from speech_emotion.serving.recognizer import Recognizer
from speech_emotion.serving.uploads import MAX_SECONDS, MAX_SIZE

SCREENSHOT = os.environ.get("SER_SCREENSHOT")
"""Where to write a screenshot for the documentation, of the model in the wheel."""


CARD = f"""\
# A card

## {DISTURBED}
| disturbance | same answers |
|---|---|
| an aeroplane | 41 % |

## Something else
"""


@pytest.fixture(scope="module")
def server(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    model = FOLDER / DEFAULT
    if not SCREENSHOT:
        model = tmp_path_factory.mktemp("model") / "export"
        shutil.copytree(models / "export", model)
        (model / "README.md").write_text(CARD)
    with served(model, tmp_path_factory.mktemp("uploads")) as server:
        yield server


@pytest.fixture
def recording(speech: tuple[np.ndarray, int], tmp_path: Path) -> Path:
    path = tmp_path / "recording.wav"
    samples, rate = speech
    soundfile.write(path, np.concatenate([samples, np.zeros(4 * rate), samples]), rate)
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    with headless_browser(1100, 900) as driver:
        yield driver


def wait_until(browser: webdriver.Chrome, holds: Callable[[webdriver.Chrome], Any]) -> None:
    WebDriverWait(browser, PATIENCE).until(holds)


def wait_for(browser: webdriver.Chrome, selector: str) -> Any:
    """The first element that fits, once it is there and says something."""
    return WebDriverWait(browser, PATIENCE).until(
        lambda page: next(
            (found for found in page.find_elements(By.CSS_SELECTOR, selector) if found.text), None
        ),
        f"nothing on the page fits {selector}",
    )


def upload(browser: webdriver.Chrome, server: Server, path: Path) -> None:
    browser.get(server.address)
    fields = []

    def settled(page: webdriver.Chrome) -> Any:
        """The field, once it is the same twice: what Gradio replaces hears nothing."""
        fields.append(page.find_elements(By.CSS_SELECTOR, "input[type=file]")[:1])
        return fields[-1] and fields[-2:] == [fields[-1]] * 2 and fields[-1][0]

    WebDriverWait(browser, PATIENCE).until(settled).send_keys(str(path))


@pytest.mark.slow
def test_an_uploaded_recording_shows_its_emotion_and_timeline(
    browser: webdriver.Chrome, server: Server, recording: Path
) -> None:
    expected = server.recognizer.predict(recording)
    upload(browser, server, recording)
    assert wait_for(browser, "[data-testid=label-output-value]").text == expected.emotion
    shown = [bar.text for bar in browser.find_elements(By.CSS_SELECTOR, ".confidence-set")]
    assert len(shown) == len(EMOTIONS)
    for label, probability in expected.probabilities.items():
        assert any(label in text and f"{100 * probability:.0f}%" in text for text in shown)
    picture = browser.find_element(By.CSS_SELECTOR, "img[src^='data:image']")
    assert int(picture.get_attribute("naturalWidth") or 0) > 500
    assert server.files() == []
    loaded = browser.execute_script(
        "return performance.getEntriesByType('resource').map(entry => entry.name)"
    )
    elsewhere = [name for name in loaded if not name.startswith((server.address, "data:", "blob:"))]
    assert elsewhere == [], "the page asks other servers for something"
    labels = [
        one.get_attribute("aria-label") for one in browser.find_elements(By.TAG_NAME, "button")
    ]
    assert not [label for label in labels if "share" in (label or "").lower()]


@contextmanager
def screen(browser: webdriver.Chrome, width: int, height: int) -> Iterator[None]:
    """A screen of so many pixels; a narrow one is a telephone's."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 640}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        yield
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def places(browser: webdriver.Chrome, server: Server, recording: Path) -> dict[str, Any]:
    """Where things stand when a recording has been recognised, in pixels from the top left."""
    upload(browser, server, recording)
    wait_for(browser, "[data-testid=label-output-value]")
    selectors = {
        "recording": ".first",
        "references": "input[type=file][multiple]",
        "emotion": "[data-testid=label-output-value]",
        "last emotion": ".confidence-set:last-of-type",
        "timeline": "img[src^='data:image']",
    }
    for selector in selectors.values():
        wait_until(browser, partial(_found, selector=selector))
    found = {
        name: browser.execute_script(
            "const found = document.querySelector(arguments[0]);"
            # a field for files is not seen itself
            "const seen = found.matches('input') ? found.parentElement : found;"
            "const {left, right, top, bottom} = seen.getBoundingClientRect();"
            "return {left, right, top, bottom}",
            selector,
        )
        for name, selector in selectors.items()
    }
    assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    return found


@pytest.mark.slow
def test_on_a_laptop_the_answer_stands_beside_the_recording_without_scrolling(
    browser: webdriver.Chrome, server: Server, recording: Path
) -> None:
    with screen(browser, 1366, 768):
        at = places(browser, server, recording)
        if SCREENSHOT:
            time.sleep(1)  # bars grow to their length
            browser.save_screenshot(SCREENSHOT)
    assert at["recording"]["right"] <= at["emotion"]["left"]
    assert at["last emotion"]["right"] <= at["timeline"]["left"]
    assert at["timeline"]["top"] < at["emotion"]["bottom"]
    for one in at.values():
        assert one["bottom"] <= 768


@pytest.mark.slow
def test_on_a_telephone_one_stands_below_the_other(
    browser: webdriver.Chrome, server: Server, recording: Path
) -> None:
    with screen(browser, 390, 844):
        at = places(browser, server, recording)
        picture = browser.find_element(By.CSS_SELECTOR, "img[src^='data:image']")
        assert int(picture.get_attribute("naturalWidth") or 0) < 500, "its words would be tiny"
    order = ("recording", "emotion", "last emotion", "timeline", "references")
    for above, below in itertools.pairwise(order):
        assert at[above]["top"] < at[below]["top"], f"{below} stands above {above}"
    assert at["last emotion"]["bottom"] <= at["timeline"]["top"]


@pytest.mark.slow
def test_it_says_what_it_does_by_which_model_and_what_it_is_not_for(
    browser: webdriver.Chrome, server: Server
) -> None:
    browser.get(server.address)
    assert wait_for(browser, "h1").text == "Emotion in a voice"
    assert browser.title == "Emotion in a voice"
    seen = browser.find_element(By.TAG_NAME, "body").text
    assert "Model: export (ravdess)" in seen
    assert "not for use at work or in education" in seen
    assert "an aeroplane" not in seen
    folds = {
        one.text.splitlines()[0]: one
        for one in browser.find_elements(By.CSS_SELECTOR, "button.label-wrap")
    }
    assert list(folds) == ["What it is not for, and what the law says", DISTURBED]
    for fold, text in zip(folds.values(), ("2 December 2027", "an aeroplane"), strict=True):
        fold.click()
        wait_until(browser, partial(_reads, text=text))


def _found(browser: webdriver.Chrome, selector: str) -> Any:
    return browser.find_elements(By.CSS_SELECTOR, selector)


def _reads(browser: webdriver.Chrome, text: str) -> bool:
    return text in browser.find_element(By.TAG_NAME, "body").text


@pytest.mark.slow
def test_the_rest_interface_is_described_without_other_servers(
    browser: webdriver.Chrome, server: Server
) -> None:
    browser.get(server.address)
    browser.get(wait_for(browser, "a[href$=docs]").get_attribute("href"))  # it opens a new tab
    WebDriverWait(browser, PATIENCE).until(
        lambda page: (
            {"/predict", "/timeline"}
            <= {one.text for one in page.find_elements(By.CSS_SELECTOR, ".opblock-summary-path")}
        )
    )
    loaded = browser.execute_script(
        "return performance.getEntriesByType('resource').map(entry => entry.name)"
    )
    assert [name for name in loaded if not name.startswith(server.address)] == []


@pytest.mark.slow
def test_references_change_what_the_page_says(
    browser: webdriver.Chrome, server: Server, recording: Path, tmp_path: Path
) -> None:
    samples, rate = soundfile.read(recording, dtype="float32")
    references = [tmp_path / "first.wav", tmp_path / "second.flac"]
    for number, path in enumerate(references, start=1):
        soundfile.write(path, samples[: (number + 1) * rate], rate)
    expected = server.recognizer.adapt(references).predict(recording)
    assert expected != server.recognizer.predict(recording)
    browser.get(server.address)
    fields = "input[type=file]"
    WebDriverWait(browser, PATIENCE).until(
        lambda page: len(page.find_elements(By.CSS_SELECTOR, fields)) == 2
    )
    _, of_speaker = browser.find_elements(By.CSS_SELECTOR, fields)
    of_speaker.send_keys("\n".join(map(str, references)))
    WebDriverWait(browser, PATIENCE).until(
        lambda page: "Knows the voice from 2 recordings" in page.page_source
    )
    browser.find_elements(By.CSS_SELECTOR, fields)[0].send_keys(str(recording))
    assert wait_for(browser, "[data-testid=label-output-value]").text == expected.emotion
    shown = [bar.text for bar in browser.find_elements(By.CSS_SELECTOR, ".confidence-set")]
    for label, probability in expected.probabilities.items():
        assert any(label in text and f"{100 * probability:.0f}%" in text for text in shown)
    assert server.files() == []


def test_a_broken_recording_gets_a_plain_message(
    browser: webdriver.Chrome, server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "broken.wav"
    path.write_bytes(b"no audio at all")
    upload(browser, server, path)
    reported = wait_for(browser, ".toast-body").text
    assert "This recording can't be decoded" in reported
    assert "Traceback" not in reported
    assert server.files() == []


def test_what_is_too_long_is_refused_and_deleted(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    draw = np.random.default_rng(0)
    soundfile.write(path, draw.normal(0, 0.1, int(MAX_SECONDS + 1) * 4000), 4000)
    event, data, *_ = called(server, uploaded(server, path)).splitlines()
    assert event == "event: error"
    assert "lasts 601 s, and 600 s is the limit" in data
    assert server.files() == []


def test_what_is_too_large_is_not_taken(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "large.wav"
    path.write_bytes(bytes(MAX_SIZE + 2**20))
    only_status = ["--silent", "--output", os.devnull, "--write-out", "%{http_code}"]
    done = subprocess.run(
        ["curl", *only_status, "-F", f"files=@{path}", f"{server.address}/gradio_api/upload"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "413"
    assert server.files() == []


def test_nothing_is_fetched_from_an_address(server: Server) -> None:
    event, data, *_ = called(server, "http://192.0.2.1/recording.wav").splitlines()
    assert event == "event: error"
    assert "fetches nothing from a server" in data


def test_a_recording_that_is_gone_is_reported(server: Server, recording: Path) -> None:
    first = called(server, place := uploaded(server, recording))
    assert "event: complete" in first
    again = called(server, place)
    assert "Upload it again" in again
    assert "event: error" in again


def uploaded(server: Server, path: Path) -> str:
    """Where the server keeps an upload."""
    [place] = json.loads(curl(f"{server.address}/gradio_api/upload", "-F", f"files=@{path}"))
    return str(place)


def called(server: Server, path: str) -> str:
    """What comes of recognising what lies at a path."""
    address = f"{server.address}/gradio_api/call/predict"
    body = json.dumps({"data": [{"path": path, "meta": {"_type": "gradio.FileData"}}]})
    event = json.loads(curl(address, "-H", "Content-Type: application/json", "-d", body))
    return curl(f"{address}/{event['event_id']}")


def test_a_model_of_synthetic_voices_says_so(models: Path, tmp_path: Path) -> None:
    shutil.copytree(models / "export", tmp_path / "export")
    say_synthetic(tmp_path / "export")
    for folder, sentence in (
        (models / "export", "speakers of North American English"),
        (tmp_path / "export", "synthetic"),
    ):
        texts = [
            block.value
            for block in page(Recognizer.load(folder)).blocks.values()
            if isinstance(block, gradio.Markdown)
        ]
        assert sentence in texts[0]


def test_nobody_else_is_let_in(server: Server) -> None:
    listening = [
        connection.laddr.ip
        for connection in server.process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert set(listening) == {"127.0.0.1"}
