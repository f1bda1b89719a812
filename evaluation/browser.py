"""The Chromium of this machine without a window, for the browser tests, the pictures and the waiting times."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chatcad.errors import UsageError

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


@contextmanager
def open_chromium() -> Iterator[Browser]:
    """Start the Chromium of this machine without a window.

    Raises
    ------
    UsageError
        There is none, or playwright is not installed.
    """
    binary = shutil.which("chromium")
    if binary is None:
        raise UsageError("no chromium on this machine: apt-get install chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise UsageError("playwright is not installed: pip install -r requirements/dev.txt") from error
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=binary, args=FLAGS)
        yield browser
        browser.close()
