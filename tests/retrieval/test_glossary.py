from dataclasses import replace
from pathlib import Path

import pytest

from chatcad.errors import KnowledgeInvalid
from chatcad.retrieval.glossary import glossary, load_glossary, words_of
from chatcad.types import Sentence, Turn
from chatcad.vocabulary import terms

WORDS = glossary()


def found(text: str) -> list[tuple[str, str]]:
    return [(text[e.start : e.end], e.entry.term) for e in WORDS.find(text)]


def test_there_are_enough_terms_and_every_label_is_among_them() -> None:
    assert len(WORDS.entries) >= 120
    missing = [t.name for t in terms().values() if not WORDS.find(t.name)]
    assert missing == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Small pleural effusion with basal atelectasis.",
         [("pleural effusion", "pleural effusion"), ("basal", "base"), ("atelectasis", "atelectasis")]),
        ("OPACITIES in both lungs.", [("OPACITIES", "opacity")]),
        ("No tension pneumothorax.", [("tension pneumothorax", "tension pneumothorax")]),
        ("A PE was looked for by CT.", [("PE", "pulmonary embolism"), ("CT", "CT scan")]),
        ("the pe teacher's ct", []),
        ("A massive bill and a nodulefree film.", []),
        ("", []),
    ],
)  # fmt: skip
def test_terms_are_found_as_whole_words_the_longest_first(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


def test_a_term_is_explained_by_any_of_its_forms() -> None:
    entry = WORDS.explain("Cardiac Enlargement")
    assert entry is not None
    assert entry.plain == "a heart that looks bigger than usual"
    assert WORDS.explain("blancmange") is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("- {term: mass, plain: a lump}\n- {term: lump, variants: [Mass], plain: a mass}\n", "mass stands twice"),
        ("- {term: mass}\n", "plain"),
        ("- {term: mass, plain: a lump, sea: x}\n", "sea"),
        ("- {term: [\n", "no YAML"),
    ],
)
def test_what_breaks_the_glossary_is_named(tmp_path: Path, text: str, named: str) -> None:
    broken = tmp_path / "glossary.yaml"
    broken.write_text(text)
    with pytest.raises(KnowledgeInvalid, match=named):
        load_glossary(broken)


def test_a_patients_answer_has_its_terms_explained_and_a_clinicians_has_not():
    said = Sentence("A pleural effusion is extra fluid around the lung.", (), "general", "kept")
    turn = Turn("?", (said,), (), "patient", "meaning", (), False, 5.0, "", "")
    assert "pleural effusion" in words_of(turn)
    assert words_of(replace(turn, mode="clinician")) == {}
    assert words_of(replace(turn, language="de")) == {}
