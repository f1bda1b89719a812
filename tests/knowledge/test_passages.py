"""What ships beyond the lint's rules: how much there is, and what it must hold."""

from chatcad.config import ROOT
from chatcad.retrieval.passages import load_passages

PASSAGES = {p.key: p for p in load_passages(ROOT / "knowledge" / "passages")}


def test_there_are_passages_for_both_audiences() -> None:
    by_audience = {a: [p for p in PASSAGES.values() if p.audience == a] for a in ("clinician", "patient")}
    assert len(PASSAGES) >= 230
    assert all(len(found) >= 90 for found in by_audience.values())


def test_urgent_passages_exist_for_both_audiences() -> None:
    urgent = [p for p in PASSAGES.values() if p.urgency == "now"]
    assert {p.audience for p in urgent} >= {"clinician", "patient"}
    assert all("urgency" in p.topics or p.audience == "clinician" for p in urgent)


def test_newer_advice_stands_beside_the_older_advice_that_it_reverses() -> None:
    reversed_by = {old: p for p in PASSAGES.values() for old in p.supersedes}
    assert {"nodule-fleischner-2005", "pneumothorax-size-2010", "screening-2013"} <= set(reversed_by)
    assert all(PASSAGES[old].year < newer.year for old, newer in reversed_by.items())
