"""``knowledge`` on the command line: a document goes in, is cited, changes, and goes out again."""

import io
import json

import pytest
from reportlab.pdfgen.canvas import Canvas

from chatcad.cli import main
from chatcad.pipeline import ChatCAD
from tests.factories import make_study
from tests.retrieval.shelf import copy_topics

ADVICE = "Every effusion on ward 7 is followed up by a repeat film after nine days in the drain clinic."


@pytest.fixture
def store(monkeypatch, tmp_path):
    """A small knowledge base of its own, and a scripted language model without words."""
    knowledge = tmp_path / "knowledge"
    copy_topics(("effusion", "cardiomegaly"), knowledge)
    values = {"CACHE": tmp_path / "cache", "KNOWLEDGE": knowledge, "DATA": tmp_path, "BACKEND": "scripted"}
    for name, value in values.items():
        monkeypatch.setenv(f"CHATCAD_{name}", str(value))
    monkeypatch.delenv("CHATCAD_MODEL", raising=False)
    return tmp_path


def guideline(path, *pages):
    buffer = io.BytesIO()
    canvas = Canvas(buffer)
    canvas.setTitle("Drain clinic protocol")
    for page in pages:
        text = canvas.beginText(40, 700)
        words = page.split()
        for start in range(0, len(words), 10):
            text.textLine(" ".join(words[start : start + 10]))
        canvas.drawText(text)
        canvas.showPage()
    canvas.save()
    path.write_bytes(buffer.getvalue())
    return path


def run(capsys, *arguments):
    code = main([str(a) for a in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def listed(capsys):
    _, out, _ = run(capsys, "knowledge", "list", "--json")
    return [p for p in json.loads(out) if p["id"].startswith("added:")]


def test_an_added_pdf_is_cited_in_the_next_answer_by_title_page_and_year(capsys, monkeypatch, store):
    path = guideline(store / "drains.pdf", "This document belongs to the hospital trust and its staff.", ADVICE)
    code, out, _ = run(capsys, "knowledge", "add", path, "--year", "2025", "--source", "Trust drain group")
    assert code == 0
    assert out.startswith("1 added (2 passages)")
    monkeypatch.setattr(ChatCAD, "read", lambda *_: make_study())
    question = "How should the effusion be followed up?"
    _, out, _ = run(capsys, "ask", __file__, question, "--json")
    (turn,) = json.loads(out)["turns"]
    (cited,) = [c for c in turn["citations"] if c["key"].startswith("added:")]
    assert (cited["title"], cited["page"], cited["year"]) == ("Drain clinic protocol", 2, 2025)
    assert "nine days" in turn["answer"]
    _, out, _ = run(capsys, "ask", __file__, question)
    assert "Drain clinic protocol (Trust drain group, 2025, p. 2)" in out


def test_a_changed_document_supersedes_its_older_version_and_both_can_be_removed(capsys, store):
    path = store / "local_2024.txt"
    path.write_text(ADVICE)
    assert run(capsys, "knowledge", "add", path)[0] == 0
    assert run(capsys, "knowledge", "add", path)[1].startswith("0 added (0 passages), 1 unchanged")
    path.write_text(ADVICE.replace("nine", "twelve"))
    assert run(capsys, "knowledge", "add", path)[0] == 0
    assert {("nine" in p["text"], p["superseded"]) for p in listed(capsys)} == {(True, True), (False, False)}
    _, out, _ = run(capsys, "knowledge", "search", "repeat film after how many days in the drain clinic")
    assert "twelve days" in out
    assert "nine days" not in out
    assert run(capsys, "knowledge", "remove", path)[0] == 0
    assert listed(capsys) == []
    code, _, err = run(capsys, "knowledge", "remove", path)
    assert code == 2
    assert "knowledge list" in err


def test_bad_files_are_reported_and_only_a_run_of_nothing_else_fails(capsys, store):
    good, bad = store / "good_2024.md", store / "bad.pdf"
    good.write_text(ADVICE)
    bad.write_bytes(b"%PDF-1.7 broken")
    code, out, _ = run(capsys, "knowledge", "add", good, bad)
    assert code == 0
    assert f"{bad}: is damaged" in out
    assert run(capsys, "knowledge", "add", bad)[0] == 2
    assert len(listed(capsys)) == 1
