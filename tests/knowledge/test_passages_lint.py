"""Every passage that ships: format, coverage, reading grade, and what must never stand in one."""

import re
from collections import Counter, defaultdict

import pytest

from chatcad.checking.finish import reading_grade
from chatcad.config import ROOT
from chatcad.retrieval.passages import Record, load_passages, sentences
from chatcad.retrieval.terms import LABELS

PASSAGES = load_passages(ROOT / "knowledge" / "passages")
PATIENT = [p for p in PASSAGES if p.audience != "clinician"]
DOSE = re.compile(r"\d\s*(?:mg|mcg|µg|g|units?|tablets?)\b", re.IGNORECASE)
THIS_FILM = re.compile(r"\b(?:this|your) (?:film|x-ray|radiograph|image) (?:shows|has|is)\b", re.IGNORECASE)
LEANING = re.compile(r"(?:It|They|This|These|Those|He|She|That|Such)\b")


def by_key(passage: Record) -> str:
    return passage.key


def test_there_are_at_least_sixty_with_unique_ids() -> None:
    assert len(PASSAGES) >= 60
    assert max(Counter(p.key for p in PASSAGES).values()) == 1


@pytest.mark.parametrize("passage", PASSAGES, ids=by_key)
def test_a_passage_can_be_quoted_and_cited(passage: Record) -> None:
    parts = sentences(passage.text)
    assert 1 <= len(parts) <= 3
    assert all(p[-1] in ".?!" and LEANING.match(p) is None for p in parts), "each sentence stands alone"
    assert all(len(p.split()) <= 36 for p in parts)
    assert passage.url.startswith("https://")
    assert passage.topics
    assert DOSE.search(passage.text) is None
    assert THIS_FILM.search(passage.text) is None


@pytest.mark.parametrize("passage", PATIENT, ids=by_key)
def test_a_patient_passage_reads_at_grade_six(passage: Record) -> None:
    assert reading_grade(passage.text) <= 6
    # One sentence alone may be quoted; a single long word weighs more there.
    assert all(reading_grade(s) <= 7 for s in sentences(passage.text))


@pytest.mark.parametrize("label", sorted(LABELS))
def test_each_label_has_both_audiences_a_meaning_and_a_next_step(label: str) -> None:
    about = [p for p in PASSAGES if label in p.findings]
    assert {"clinician", "patient"} <= {p.audience for p in about}
    patient_topics = {t for p in about if p.audience == "patient" for t in p.topics}
    assert "meaning" in patient_topics
    assert "next_step" in {t for p in about for t in p.topics}


def test_one_address_means_one_source_and_year() -> None:
    cited = defaultdict(set)
    for p in PASSAGES:
        cited[p.url].add((p.source, p.year, p.evidence))
    assert {url: c for url, c in cited.items() if len(c) > 1} == {}


def test_urgent_passages_exist_for_both_audiences() -> None:
    assert {p.audience for p in PASSAGES if p.urgency == "now"} >= {"clinician", "patient"}
    assert all("urgency" in p.topics or p.audience == "clinician" for p in PASSAGES if p.urgency == "now")
