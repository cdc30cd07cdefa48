"""Chromium without a window, for tests of pages."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")


@contextmanager
def headless_browser(width: int, height: int) -> Iterator[webdriver.Chrome]:
    """A browser whose window has so many pixels; skips the test where there is none."""
    if not BROWSER or not DRIVER:
        pytest.skip("no chromium with its driver: apt install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    size = f"window-size={width},{height}"
    for option in ("headless=new", "no-sandbox", "disable-dev-shm-usage", size):
        options.add_argument(f"--{option}")
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()


def assert_whole_in_itself(browser: webdriver.Chrome, width: int, height: int, least: int) -> None:
    """Hold an open page to fit a screen of so many pixels, and to load nothing beside itself.

    Each of its pictures has more than ``least`` pixels from left to right, and none is wider than
    the screen.
    """
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 640}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    for picture in browser.find_elements(By.TAG_NAME, "img"):
        assert int(picture.get_attribute("naturalWidth") or 0) > least
        assert picture.size["width"] <= width
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    loaded = browser.execute_script(
        "return performance.getEntriesByType('resource').map(entry => entry.name)"
    )
    assert [name for name in loaded if not name.startswith("data:")] == []
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]
