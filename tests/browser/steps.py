"""What a visitor does on the page, in words."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, Page

LATENCY_MS = 700
BYTES_A_SECOND = 400_000


def drop(page: Page, film: Path) -> None:
    page.locator("#drop input[type=file]").set_input_files(film)


def wait_for_film(page: Page) -> Locator:
    image = page.get_by_role("img", name="Frontal chest film")
    image.wait_for()
    return image


def ask(page: Page, question: str) -> str:
    """Ask, wait for the finished answer, and return its text with the account of how it was made."""
    before = answers(page).count()
    box = page.get_by_role("textbox", name="Question", exact=True)
    box.fill(question)
    box.press("Enter")
    return finished(page, before)


def finished(page: Page, before: int) -> str:
    answers(page).nth(before).wait_for()
    page.get_by_role("button", name="Ask", exact=True).and_(page.locator(":enabled")).wait_for()
    return page.locator("#chat").inner_text()


def answers(page: Page) -> Locator:
    return page.locator("#chat").get_by_text("How this answer was made")


def table(page: Page, name: str) -> list[str]:
    """Return the rows of a table as text."""
    return page.get_by_role("region", name=name).locator("tbody tr").all_inner_texts()


def alert(page: Page) -> str:
    page.get_by_role("alert").first.wait_for()
    return page.get_by_role("alert").first.inner_text()


def show_phantom(page: Page) -> Locator:
    """Read the simulated film and return the film's viewer, which takes keys."""
    page.get_by_role("button", name="simulated film").click()
    wait_for_film(page)
    return page.get_by_role("application", name="Film viewer")


def on_film(page: Page, x: float, y: float) -> tuple[float, float]:
    """Return the window's coordinates of a point that is given in fractions of the film as it is shown now."""
    page.locator(".sheet").scroll_into_view_if_needed()
    box = page.locator(".sheet").bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def drag(page: Page, start: tuple[float, float], end: tuple[float, float], *, keys: str = "") -> None:
    """Drag on the film between two points in fractions of it, with a key held."""
    (x0, y0), (x1, y1) = on_film(page, *start), on_film(page, *end)
    if keys:
        page.keyboard.down(keys)
    page.mouse.move(x0, y0)
    page.mouse.down()
    page.mouse.move((x0 + x1) / 2, (y0 + y1) / 2, steps=4)
    page.mouse.move(x1, y1, steps=4)
    page.mouse.up()
    if keys:
        page.keyboard.up(keys)


def slow_down(page, rate: int = BYTES_A_SECOND) -> None:
    """Let each request and each answer take its time, as over a hospital's wireless network."""
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    rates = {"latency": LATENCY_MS, "downloadThroughput": rate, "uploadThroughput": rate}
    network.send("Network.emulateNetworkConditions", {"offline": False, **rates})
