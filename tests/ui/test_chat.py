"""Answers as messages: marks, sources, how they were made, and that words stay words."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from chatcad import DISCLAIMER
from chatcad.types import Sentence, Turn
from chatcad.ui import chat

from .fake import PASSAGE, SENTENCES, FakeSystem, study

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
LINKIFIED = ("://", "www.", "@")  # what GitHub-flavoured readers such as Gradio's turn into links by themselves


@pytest.fixture
def turn() -> Turn:
    class Talk:
        mode = "clinician"

    return list(FakeSystem().stream("How large is the heart?", Talk()))[-1]


def tokens(text: str) -> set[str]:
    return {c.type for block in READER.parse(text) for c in [block, *(block.children or [])]}


@given(st.text(alphabet=st.sampled_from(list("<>[]()!*_`#-+.|~:/@\\&;= \nahttpsw.1")), max_size=60))
def test_no_text_becomes_a_tag_link_or_picture(text: str) -> None:
    found = tokens("x " + chat.inert(text))
    assert not any(sign in chat.inert(text).lower() for sign in LINKIFIED)
    assert found <= {"paragraph_open", "inline", "text", "text_special", "paragraph_close", "softbreak"}, text


@pytest.mark.parametrize(
    "text",
    ["![x](http://a.b/c.png)", "<img src=x onerror=alert(1)>", "[a](javascript:alert(1))", "see http://a.b", "a@b.org",
     "www.a.org", "WWW.A.ORG", "$$x$$", "`F9`"],
)  # fmt: skip
def test_known_attacks_are_shown_letter_by_letter(text: str) -> None:
    html = READER.render(chat.inert(text))
    assert not any(tag in html for tag in ("<a ", "<img", "<code", "<script"))
    assert not any(sign in chat.inert(text).lower() for sign in LINKIFIED)


def test_each_sentence_carries_its_marks_and_the_disclaimer_stands_once() -> None:
    said = chat.answer_markdown(SENTENCES)
    assert "`F1`" in said
    assert "`P1`" in said
    assert said.endswith(f"*{chat.inert(DISCLAIMER)}*")
    assert said.count(chat.inert(DISCLAIMER)) == 1


def test_a_sentence_without_support_is_marked_by_its_source() -> None:
    assert chat.answer_markdown([Sentence("Hello.", (), "general", "kept")]) == "Hello. `general`"


def test_what_the_film_shows_and_what_a_guideline_says_are_paragraphs_of_their_own() -> None:
    film, more = Sentence("One.", ("F1",), "image", "kept"), Sentence("Two.", ("M1",), "image", "kept")
    advice = Sentence("Three.", ("P1",), "guideline", "kept")
    said = chat.answer_markdown([film, more, advice])
    assert said == "One. [`F1`](#F1) Two. [`M1`](#M1)\n\nThree. [`P1`](#P1)"


def test_each_check_names_the_beginning_of_its_sentence(turn: Turn) -> None:
    long = Sentence("The heart is " + "very " * 30 + "large.", ("F1",), "image", "kept")
    made = chat.provenance_markdown(replace(turn, sentences=(long,)), study())
    assert re.search(r"\*\*kept\*\* \[`F1`\]\(#F1\) “The heart is (very )+…”: agrees with the facts", made)
    assert "large" not in made


def test_many_marks_are_counted() -> None:
    crowd = Sentence("Not assessed.", tuple(f"F{i}" for i in range(1, 9)), "image", "kept")
    assert chat.answer_markdown([crowd]) == "Not assessed. [`F1`](#F1) [`F2`](#F2) [`F3`](#F3) `+5`"


def test_a_second_model_is_named_once_with_the_reason(turn: Turn) -> None:
    both = replace(turn, backend="openai:a → embedded:b", machine={"fallback": "the server failed"})
    made = chat.messages_of(both, study())[-1]
    assert ", worded by openai:a → embedded:b</small></summary>" in made["content"]
    assert "(the server failed)" in made["content"]


def test_messages_are_question_answer_with_sources_and_provenance(turn: Turn) -> None:
    question, answer, made = chat.messages_of(turn, study())
    assert question == {"role": "user", "content": "How large is the heart?"}
    assert f"<summary><code>P1</code> {PASSAGE.title}. ChatCAD notes, 2024</summary>" in answer["content"]
    assert f"> {PASSAGE.text}\n\n[Where it was published](<{PASSAGE.url}>)" in answer["content"]
    assert "[`P1`](#P1)" in answer["content"], "a mark opens its passage"
    assert made["content"].startswith(chat.MADE)
    assert "4 sentences checked, 2 changed by the check" in made["content"]
    for told in ("**replaced** [`M1`](#M1)", "(number)", "`F1` cardiomegaly: likely 0.82", "Model fake", "c" * 16):
        assert told in made["content"]


def test_terms_in_an_answer_to_a_patient_are_explained_below_it(turn: Turn) -> None:
    shown = chat.messages_of(replace(turn, mode="patient"), study())[1]["content"]
    assert "<summary>Words in this answer</summary>" in shown
    assert "Words in this answer" not in chat.messages_of(turn, study())[1]["content"]


def test_only_web_addresses_become_links(turn: Turn) -> None:
    evil = replace(turn, passages=(replace(PASSAGE, url="javascript:alert(1)"),))
    assert "javascript" not in chat.messages_of(evil, study())[1]["content"]


def test_a_hostile_passage_stays_words(turn: Turn) -> None:
    evil = replace(PASSAGE, title="<img src=x>", text="</details><script>alert(1)</script>", source="a > http://b.c")
    html = READER.render(chat.messages_of(replace(turn, passages=(evil,)), study())[1]["content"])
    assert "<img" not in html
    assert "<script" not in html
    assert html.count("</details>") == 1
    assert "http://b.c" not in html


@given(st.text(max_size=60))
def test_a_question_comes_back_from_the_chat_as_it_was_asked(text: str) -> None:
    assert chat.read_back(chat.inert(text)) == " ".join(text.split())


def test_the_finding_that_was_chosen_is_offered_first() -> None:
    first, *_ = chat.suggestions(study(), (), "clinician", "Edema")
    assert first == "How sure are you about the pulmonary edema?"
    assert chat.suggestions(study(), (), "patient", "Edema")[0].startswith("How sure are you about ")


def test_suggestions_are_three_lead_with_the_flagged_and_skip_what_was_asked(turn: Turn) -> None:
    first = chat.suggestions(study(), (), "clinician")
    assert len(set(first)) == 3
    assert "cardiomegaly" in first[0]
    assert first[0] not in chat.suggestions(study(), (replace(turn, question=first[0]),), "clinician")
    assert "cardiomegaly" not in " ".join(chat.suggestions(study(), (), "patient"))


@pytest.mark.parametrize("mode", ["clinician", "patient"])
def test_suggestions_are_three_for_a_study_with_nothing_flagged(mode: str) -> None:
    bare = replace(study(), findings=study().findings[2:4], measurements=())
    assert len(set(chat.suggestions(bare, (), mode))) == 3
