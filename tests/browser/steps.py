"""What a visitor does on the page, in words."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, Page


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
