"""How long a visitor waits for the page itself, in a real Chromium: from the start of the app, and from a drop."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from chatcad.config import Settings
from evaluation.browser import open_chromium
from evaluation.server import APP, serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

STARTS, ROUNDS = 3, 3
PATIENCE_MS = 120_000
_READABLE = "!document.body.innerText.includes('networks are loading') && !!document.querySelector('#drop button')"
_SHOWN = "!!document.querySelector('#findings tbody tr') && document.querySelector('figure.film img')?.complete"


def page_seconds(settings: Settings, films: tuple[Path, ...]) -> tuple[list[float], list[float]]:
    """Measure starts and drops, after one start and one drop that warm the caches.

    Parameters
    ----------
    settings
        Its cache is used, as the app would.
    films
        Each is dropped ``ROUNDS`` times, each time on a page that was opened anew.

    Returns
    -------
    starts, drops
        In seconds. A start runs from the process to a page on which the networks are loaded, so that a film dropped is
        read at once; the language model may still be loading. A drop runs from the file's choice to findings and film
        on the screen.
    """
    starts, drops = [], []
    with open_chromium() as browser:
        for number in range(STARTS + 1):
            begun = time.perf_counter()
            with tempfile.TemporaryDirectory() as scratch, serve(APP, Path(scratch), settings.cache) as server:
                page = _open(browser, server.url)
                page.wait_for_function(_READABLE)
                starts.append(time.perf_counter() - begun)
                if number == STARTS:
                    page.get_by_text("is still loading").wait_for(state="detached")
                    drops = [_drop(browser, server.url, film) for film in (films[0], *films * ROUNDS)]
                page.context.close()
    return starts[1:], drops[1:]


def _open(browser: Browser, url: str) -> Page:
    page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(url)
    return page


def _drop(browser: Browser, url: str, film: Path) -> float:
    page = _open(browser, url)
    page.wait_for_function(_READABLE)
    begun = time.perf_counter()
    page.locator("#drop input[type=file]").set_input_files(film)
    page.wait_for_function(_SHOWN)
    seconds = time.perf_counter() - begun
    page.context.close()
    return seconds
