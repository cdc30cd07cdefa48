"""Chromium without a window, for tests of pages."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from selenium import webdriver

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
