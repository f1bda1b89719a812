"""The page in other languages: every word on it has its entry, and every handler speaks the language chosen."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

import chatcad.ui
from chatcad import DISCLAIMER
from chatcad.config import Settings
from chatcad.language import speaking, spoken, table
from chatcad.llm.writer import HURRIED
from chatcad.loading import Loading
from chatcad.planning import foreign
from chatcad.planning.subjects import labels_meant
from chatcad.ui import chat, labels, layout, prior, seen, tables, welcome
from chatcad.ui.chat import _about, _questions
from chatcad.ui.handlers import Handlers
from chatcad.ui.page import build
from chatcad.ui.visit import Visit
from tests.factories import make_study

from .fake import FakeSystem, study

OTHERS = ("de", "es")
OWN = {
    "English",
    "Deutsch",
    "Español",
}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return build(Loading(), Settings(cache=tmp_path_factory.mktemp("cache")))


def said_by_components(page) -> set[str]:
    words = [w for properties in labels.words_on(page).values() for w in properties.values()]
    return {w for w in words if isinstance(w, str)} | {shown for w in words if isinstance(w, list) for shown, _ in w}


def said_in_code() -> set[str]:
    """Return the phrases that the package hands to ``label``, as they stand in its source."""
    found = set()
    for file in Path(chatcad.ui.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"label", "notice_html"} and node.args:
                given = node.args[0]
                options = [given.body, given.orelse] if isinstance(given, ast.IfExp) else [given]
                found |= {o.value for o in options if isinstance(o, ast.Constant)}
    tabled = (prior._LEVELS, prior._APART, tables.STATES, tables.RELIABILITY, tables.MEASURES, chat._CHECKS)
    found |= {text for texts in tabled for text in texts.values()}
    found |= {t for pair in welcome.STEPS for t in pair} | {does for _, does in welcome.KEYS}
    found |= {
        *welcome.DOES,
        *welcome.CAN_NOT,
        layout._LEAD,
        layout._PROGRAM,
        DISCLAIMER,
        seen.BEHIND,
        HURRIED,
        *chat._CHECKS,
    }
    return {t for t in found if t}


@pytest.mark.parametrize("language", OTHERS)
def test_every_word_on_the_page_has_its_entry(page, language):
    wanted = said_by_components(page) | said_in_code()
    missing = sorted(wanted - set(table("page", language)) - OWN)
    assert missing == [], "add these to prompts/de/page.yaml and prompts/es/page.yaml"


def test_both_languages_have_the_same_entries_and_marks():
    german, spanish = (table("page", language) for language in OTHERS)
    assert set(german) == set(spanish)
    for english in german:
        marks = re.findall(r"<[^>]+>|`[^`]+`|\{\w+\}", english)
        for other in (german[english], spanish[english]):
            assert re.findall(r"<[^>]+>|`[^`]+`|\{\w+\}", other) == marks, english


@pytest.mark.parametrize(
    ("language", "words"), [("de", ("Befunde", "nicht gemeldet")), ("es", ("Hallazgos", "no señalado"))]
)
def test_tables_are_said_in_the_language_with_the_same_facts(language, words):
    english = tables.findings_html(study(), "clinician") + tables.measurements_html(study())
    with speaking(language):
        other = tables.findings_html(study(), "clinician") + tables.measurements_html(study())
    assert all(w in other for w in words)
    assert not re.search(r"not flagged|likely|weak|Measurement<", other)
    numbers = [re.findall(r"\d+[.,]\d+|data-finding=\S+", t) for t in (english, other)]
    assert numbers[0] == [n.replace(",", ".") for n in numbers[1]]


def test_a_component_is_relabelled_and_its_values_stay(page):
    words = labels.words_on(page)
    with speaking("de"):
        said = labels.relabelled(words)
    mode = next(c for c in words if getattr(c, "label", "") == "Answers are for a")
    assert said[mode]["label"] == "Antworten für"
    assert said[mode]["choices"] == [("Fachpersonal", "clinician"), ("Patienten (einfach)", "patient")]


def test_each_handler_is_handed_the_language_and_its_own_inputs(page):
    events = [e for e in page.fns.values() if e.fn is not None]
    assert len(events) > 15
    for event in events:
        assert event.inputs[-1].elem_id == "language"
        takes = [p for p in inspect.signature(event.fn).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
        assert len(takes) >= 1


def test_a_generator_speaks_within_its_steps_only():
    def work():
        yield spoken()
        yield spoken()

    running = labels._spoken_in_last(work)("de")
    for _ in range(2):
        assert next(running) == "de"
        assert spoken() == "en"


def test_a_film_is_read_and_a_question_answered_as_if_the_page_were_english():
    heard = []

    class System(FakeSystem):
        def read(self, source):
            heard.append(spoken())
            return super().read(source)

        def stream(self, question, talk):
            for said in super().stream(question, talk):
                heard.append(spoken())
                yield said

    loading, system = Loading(), System()
    loading.films.set_result(system.read)
    loading.system.set_result(system)
    work = Handlers(loading)
    with speaking("es"):
        list(work.read_phantom())
        list(work.answer(Visit(study=study()).ask("Sure?"), "clinician", ""))
        work.impression(Visit(study=study()))
        assert "simulada" in [notice for _, notice in work.read_phantom()][-1]
    assert set(heard) == {"en"}


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("mode", ["clinician", "patient"])
def test_offered_questions_are_in_the_language_and_are_understood_as_what_they_ask(language, mode):
    film = make_study()
    with speaking(language):
        offered = [*_questions(film, mode), *_about("Effusion", mode)]
    for question, english in zip(offered, [*_questions(film, mode), *_about("Effusion", mode)], strict=True):
        assert question != english
        asked = foreign.understand(question, (), language)
        assert asked.intent in KIND_OF[next(start for start in KIND_OF if english.startswith(start))], question
        named = (
            {*labels_meant(english)} - {"Cardiomegaly"} if english.startswith("How large") else labels_meant(english)
        )
        assert set(named) <= set(asked.labels), question


KIND_OF = {
    "How certain": {"certainty"}, "How sure": {"certainty"}, "What should": {"next_step"}, "How large": {"measurement"},
    "Summarise": {"summary"}, "What was not": {"system"}, "How urgent": {"urgency"}, "Is it dangerous": {"urgency"},
    "What does the picture": {"summary"}, "What does": {"meaning"},
}  # fmt: skip
