"""Holes that the abuse suites found, each with what it let through."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from chatcad.config import ROOT, Settings
from chatcad.errors import ImageRefused, KnowledgeInvalid
from chatcad.imaging import load
from chatcad.imaging.codestream import MOST_SCANS
from chatcad.llm.control_tokens import defuse
from chatcad.llm.script import ScriptedChatModel
from chatcad.llm.writer import Writer
from chatcad.pipeline import ChatCAD, Conversation
from chatcad.planning import Asked
from chatcad.prompting import assemble
from chatcad.prompting.neutral import neutral
from chatcad.retrieval.documents import parse
from chatcad.retrieval.orders import gives_orders, without_orders
from chatcad.retrieval.passages import load_passages
from chatcad.types import Statement
from evaluation.abuse.attacks import attacks
from evaluation.abuse.bombs import document_bombs
from evaluation.abuse.injection import TOKENS
from evaluation.abuse.mutants import raster_seeds
from tests.factories import make_passage, make_study

STUDY = make_study()


@pytest.mark.parametrize("bomb", ["YAML of nine levels of aliases", "YAML, 100,000 brackets deep"])
def test_a_title_of_aliases_is_not_written_out(bomb):
    suffix, make = document_bombs()[bomb]
    start = time.process_time()
    document = parse(make(), suffix)
    assert len(repr(document)) < 2**20
    assert time.process_time() - start < 5


def test_a_front_matter_that_is_too_deep_is_one_refusal():
    with pytest.raises(KnowledgeInvalid, match="front matter"):
        parse(b"---\ntitle: " + b"[" * 3000 + b"\n---\nSome text that is long enough.\n", ".md")


def test_megabytes_of_front_matter_are_not_parsed():
    start = time.process_time()
    parse(b"---\n" + b"a: [b, c]\n" * 200_000 + b"---\nSome text that is long enough.\n", ".md")
    assert time.process_time() - start < 5


def test_a_jpeg_of_thousands_of_scans_is_refused_before_decoding():
    """36 million pixels in 4,000 scans took 16 s."""
    good = raster_seeds()[4]
    assert load(good).width == 256
    last = good.rindex(b"\xff\xda")
    with pytest.raises(ImageRefused, match="scans"):
        load(good[:-2] + good[last : last + 11] * (MOST_SCANS + 1) + good[-2:])


@pytest.mark.parametrize("token", [t for tokens in TOKENS.values() for t in tokens])
def test_no_control_token_stays_whole(token):
    """Mistral's bracketed tokens did, and all of them in a document's title, source, or a sentence to translate."""
    assert token not in neutral(f"a {token} b")
    assert token not in defuse(f"a {token} b") or "<" not in token
    passage = replace(make_passage(1, "An enlarged heart.", "Cardiomegaly"), title=token, source=token)
    prompt = assemble(STUDY, token, (passage,), (), mode="clinician", design="P3", context=token)
    statement = Statement(f"A quotation {token}.", ("P1",), "guideline")
    for language in ("en", "de"):
        messages = replace(prompt, language=language).messages(statement, objection=token)
        assert token not in "\n".join(str(m.content) for m in messages)


def test_a_passage_that_gives_orders_is_neither_cited_nor_prompted():
    """28 of 60 hostile passages were quoted to the reader under a citation."""
    hostile = [make_passage(n, a.text, "Cardiomegaly") for n, a in enumerate(attacks(60), 1)]
    honest = make_passage(61, "An enlarged heart needs an echocardiogram.", "Cardiomegaly")
    assert [(p.id, p.text) for p in without_orders([*hostile, honest])] == [("P1", honest.text)]


def test_no_passage_of_ours_gives_orders():
    passages = load_passages(ROOT / "knowledge" / "passages")
    assert [p.key for p in passages if gives_orders(f"{p.title} {p.text}")] == []


def test_a_name_in_a_question_reaches_no_prompt():
    """It did, in its own answer and in every later one that remembers it."""
    seen = []

    def model(messages):
        seen.extend(str(m.content) for m in messages)
        return ""

    class Shelf:
        def search(self, question, **_):
            return ()

    def understand(question, turns=()):
        return Asked(question, "finding", ("Cardiomegaly",), ())

    writer = Writer(ScriptedChatModel(replies=model), "scripted:test")
    system = ChatCAD(None, understand, Shelf(), writer, Settings(answer_seconds=5.0))
    asked = "My name is CANARY ZEBEDEE. Is the heart enlarged?"
    turns = system.converse((asked, "And is it dangerous?"), Conversation(STUDY))
    assert turns[0].question == asked
    assert any("heart enlarged" in text for text in seen)
    assert not any("ZEBEDEE" in text or "CANARY" in text for text in seen)
