"""The summary above the film: flagged first, nothing called absent that isn't, no number for a patient."""

from __future__ import annotations

import re
from dataclasses import replace

from chatcad.language import speaking
from chatcad.ui.glance import glance_html

from .fake import study


def rows(html: str) -> dict[str, str]:
    """Return the summary's lines as words, by title."""
    pairs = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", html, re.S)
    return {title: re.sub(r"<[^>]+>", "", said) for title, said in pairs}


def test_it_says_what_was_flagged_measured_and_left_open() -> None:
    said = rows(glance_html(study(), "clinician"))
    assert list(said) == ["Flagged", "Cardiothoracic ratio", "Unlikely", "Not flagged", "Not assessed"]
    assert "Cardiomegaly likely" in said["Flagged"]
    assert re.search(r"Pleural effusion possible.*weak: confirm on film", said["Flagged"])
    assert "0.57 (≤ 0.50 on PA)" in said["Cardiothoracic ratio"]
    assert "doesn’t rule it out" in said["Not flagged"]
    assert said["Not assessed"].startswith("pneumothorax"), "the urgent one first"
    assert not any("absent" in words for words in said.values())


def test_a_film_without_flags_is_not_called_normal() -> None:
    quiet = replace(study(), findings=tuple(f for f in study().findings if f.state not in {"present", "uncertain"}))
    assert rows(glance_html(quiet, "clinician"))["Flagged"] == "nothing (this does not make the film normal)"


def test_a_patient_reads_plain_words_without_numbers() -> None:
    said = rows(glance_html(study(), "patient"))
    assert "A heart that looks bigger than usual likely" in said["Flagged"]
    assert not re.search(r"\d\.\d|weak", " ".join(said.values()))


def test_it_is_said_in_other_languages() -> None:
    with speaking("de"):
        assert next(iter(rows(glance_html(study(), "clinician")))) == "Gemeldet"


def test_many_findings_that_no_network_looks_for_lead_to_the_table() -> None:
    unseen = next(f for f in study().findings if f.state == "not_assessed")
    many = replace(study(), findings=tuple(replace(unseen, id=f"F{i}") for i in range(1, 8)))
    assert '<button type="button" data-shows="F1">and 3 more</button>' in glance_html(many, "clinician")
