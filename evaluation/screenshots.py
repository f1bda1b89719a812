"""Pictures of every state of the page: ``python -m evaluation.screenshots FOLDER``.

The real app is started on a free port and driven as a visitor would. The phantom is always there; with the data folder
(``CHATCAD_DATA``) real films are shown as well. Nothing is judged here: people look at the pictures.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatcad.config import load_settings
from evaluation.browser import open_chromium
from evaluation.server import APP, serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DESK = {"viewport": {"width": 1400, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
ZOOMED = {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2}
CURRENT, EARLIER = "originals/nih_00009107_006.png", "originals/nih_00000415_001.png"
PATIENCE_MS = 90_000


@dataclass(frozen=True, slots=True)
class Photographer:
    """Opens tabs on one server and names their pictures."""

    browser: Browser
    url: str
    folder: Path

    def tab(self, **context: Any) -> Page:
        """Open the page anew, as a visitor of its own."""
        page = self.browser.new_context(**(DESK | context)).new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(self.url)
        page.locator("#drop button").wait_for()
        page.wait_for_timeout(500)  # a click before the page's events are bound would be lost
        page.locator(".notice.busy").wait_for(state="detached")
        return page

    def take(self, page: Page, name: str, *, whole: bool = False) -> None:
        """Write one picture, and say where."""
        if whole:  # what sticks to the window would be drawn in the middle of the page
            page.evaluate("window.scrollTo(0, 0)")
        page.wait_for_timeout(400)
        path = self.folder / f"{name}.png"
        page.screenshot(path=path, full_page=whole)
        print(path, flush=True)


def main() -> None:
    """Take every picture."""
    parser = argparse.ArgumentParser(prog="evaluation.screenshots", description="write pictures of the page's states")
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    settings = load_settings()
    films = settings.data / CURRENT, settings.data / EARLIER
    with (
        tempfile.TemporaryDirectory() as scratch,
        serve(APP, Path(scratch), settings.cache) as server,
        open_chromium() as browser,
    ):
        shots = Photographer(browser, server.url, folder)
        first_screens(shots)
        visit(shots, "phantom", phantom)
        if all(f.is_file() for f in films):
            visit(shots, "film", lambda page: drop(page, "#drop", films[0]))
            earlier_film(shots, *films)
        else:
            print(f"no real films in {settings.data}: set CHATCAD_DATA", flush=True)


def first_screens(shots: Photographer) -> None:
    """Take the page as it opens, by size and colour, and in the other languages."""
    for name, context in (("", {}), ("_dark", {"color_scheme": "dark"}), ("_phone", PHONE), ("_zoom_200", ZOOMED)):
        shots.take(shots.tab(**context), f"first_screen{name}", whole=bool(context))
    for code, name in (("de", "Deutsch"), ("es", "Español")):
        page = shots.tab()
        page.get_by_role("radio", name=name).check()
        shots.take(page, f"first_screen_{code}")


def visit(shots: Photographer, name: str, give: Callable[[Page], None]) -> None:
    """Take a film read, an answer, a patient's answer, a report that was edited; then the phone, zoom and dark."""
    page = shots.tab()
    give(page)
    read(page)
    shots.take(page, f"{name}_read")
    ask(page, "Is the heart enlarged, and what next?")
    shots.take(page, f"{name}_answer", whole=True)
    page.locator("#report textarea").press("Control+End")
    page.locator("#report textarea").type("\nUnchanged since the last film.")
    page.locator("#report-buttons button.primary").click()
    page.locator(".proof").first.wait_for()
    page.locator("#report").scroll_into_view_if_needed()
    shots.take(page, f"{name}_report_edited")
    page.locator("input[value=patient]").check()
    ask(page, "What does my picture show?")
    shots.take(page, f"{name}_patient_answer", whole=True)
    for size, context in (("phone", PHONE), ("zoom_200", ZOOMED), ("dark", {"color_scheme": "dark"})):
        page = shots.tab(**context)
        give(page)
        read(page)
        ask(page, "Is the heart enlarged?")
        shots.take(page, f"{name}_{size}", whole=True)


def earlier_film(shots: Photographer, current: Path, earlier: Path) -> None:
    """Take two films beside each other, on a desk and on a phone."""
    for name, context in (("", {}), ("_phone", PHONE), ("_dark", {"color_scheme": "dark"})):
        page = shots.tab(**context)
        drop(page, "#drop", current)
        read(page)
        page.get_by_role("button", name="Compare with an earlier film").click()
        drop(page, "#prior", earlier)
        page.locator("figure.pair").wait_for()
        page.locator("figure.pair").scroll_into_view_if_needed()
        page.locator(".pane .frame").first.hover()
        shots.take(page, f"prior_compared{name}")
        ask(page, "Has it changed since the earlier film?")
        shots.take(page, f"prior_compared{name}_whole", whole=True)


def phantom(page: Page) -> None:
    """Choose the simulated film."""
    page.locator("#phantom").click()


def drop(page: Page, where: str, film: Path) -> None:
    """Give a file to a drop zone."""
    page.locator(f"{where} input[type=file]").set_input_files(film)


def read(page: Page) -> None:
    """Wait until the findings are there."""
    page.locator("#findings table").wait_for()
    page.locator("figure.film img").first.wait_for()


def ask(page: Page, question: str) -> None:
    """Ask, and wait for the finished answer."""
    before = page.locator("#chat .made").count()
    box = page.locator("#ask textarea")
    box.fill(question)
    box.press("Enter")
    page.locator("#chat .made").nth(before).wait_for()


if __name__ == "__main__":
    main()
