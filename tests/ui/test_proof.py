"""The proofread report in HTML, the changed words, the files to keep."""

from __future__ import annotations

import re
from dataclasses import replace

from chatcad import DISCLAIMER
from chatcad.checking.proofread import proofread
from chatcad.ui import proof

from .fake import study

HOSTILE = "<script>alert(1)</script>${alert(1)}{{alert}}"


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_every_sentence_has_its_verdict_in_words_and_its_fact() -> None:
    html = proof.proof_html(proofread("Cardiomegaly is likely.\nPossible left effusion.\nNo fracture.", study()))
    assert re.findall(r'<li class="(\w+)">', html) == ["agrees", "contradicts", "not_covered"]
    assert "contradicts: side" in plain(html)
    assert "<code>F2</code>" in html
    assert "1 agree · 1 contradict · 1 not covered" in plain(html)
    assert "Not mentioned" in plain(html)
    assert "0.57" in plain(html)


def test_clashes_and_an_empty_report_are_said() -> None:
    assert "Sentences 1, 2" in proof.proof_html(proofread("Right effusion. Left effusion.", study()))
    assert "The report is empty" in proof.proof_html(proofread("", study()))


def test_the_diff_marks_what_was_struck_and_put_in_and_loses_nothing() -> None:
    html = proof.diff_html("Effusion is possible\non the right.", "Effusion is likely\non the right.")
    assert "<del>possible</del><ins>likely</ins>" in html
    assert plain(re.sub(r"<del>.*?</del>", "", html)).strip() == "Changes to the draft Effusion is likely on the right."
    assert "Nothing was changed" in proof.diff_html("Same words. ", "Same words.")


def test_hostile_words_stay_words() -> None:
    for html in (proof.diff_html(HOSTILE, f"a {HOSTILE} b"), proof.proof_html(proofread(HOSTILE, study()))):
        assert "<script" not in html
        assert "${" not in html
        assert "{{" not in html
        assert "alert(1)" in html


def test_files_carry_the_research_line_the_facts_and_only_the_films_prefix() -> None:
    film = replace(study(), radiograph=replace(study().radiograph, sha256="0123456789abcdef" * 4))
    markdown = proof.export_markdown(film, "My own words.", "Mine too.")
    assert f"*{DISCLAIMER}*" in markdown
    assert "Findings edited by a reader" in markdown
    assert "`0123456789ab`" in markdown
    assert "0123456789abc" not in markdown
    assert "- F2 pleural effusion: uncertain, right, 0.46 (weak detector)" in markdown
    assert "- M1 cardiothoracic ratio: 0.57" in markdown
    assert "Not assessed: fracture, pneumothorax." in markdown
    assert markdown.index("My own words.") < markdown.index("## Impression") < markdown.index("Mine too.")
    text = proof.export_text(film, film.draft_report, "")
    assert "as drafted by the machine" in text
    assert DISCLAIMER in text
    assert not re.search(r"^#|\*|`|Impression", text, re.MULTILINE)


def test_files_say_what_the_film_was_read_without() -> None:
    ill = replace(study(), missing=("no heat maps: the disk is full",))
    assert "*no heat maps: the disk is full*" in proof.export_markdown(ill, "", "")
