"""The page's own words: an English phrase stands for itself, and ``prompts/xx/page.yaml`` says it in another language.

It knows no sentence about a film: those come from ``findings.wording`` in each language.
"""

from __future__ import annotations

from chatcad.language import spoken, table


def label(text: str) -> str:
    """Return a fixed English phrase of the page in the language spoken; one without a translation stays English."""
    return text if spoken() == "en" else str(table("page").get(text, text))
