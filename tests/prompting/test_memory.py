"""What a model is told of a long talk: facts, bounded, within the budget by characters and by real tokens."""

import functools
import os
from pathlib import Path

import pytest

from chatcad.config import EMBEDDED_TOKENS, Settings
from chatcad.prompting import assemble, by_characters
from chatcad.prompting.memory import remember, summarise
from chatcad.types import Sentence, Turn
from chatcad.vocabulary import terms
from tests.factories import make_passage, make_study

STUDY = make_study()
KINDS = ("finding", "certainty", "location", "next_step", "cause", "meaning", "urgency")
LABELS = tuple(terms())


def turn(number, label=None, kind=None, passages=()):
    label = label or LABELS[number % len(LABELS)]
    finding = STUDY.finding(label)
    said = (
        Sentence(f"{label} was spoken of in turn {number}.", (finding.id,), "image", "kept"),
        Sentence("The cardiothoracic ratio is 0.57.", ("M1",), "image", "kept"),
        *(Sentence(p.text, (p.id,), "guideline", "kept") for p in passages),
    )
    kind = kind or KINDS[number % len(KINDS)]
    return Turn(f"Question {number} on {label}?", said, passages, "clinician", kind, (label,), False, 0.0, "", "none")


def talk(length):
    return [turn(n) for n in range(length)]


def prompt(turns, budget, count=by_characters):
    passages = (
        make_passage(1, "Echocardiography is the key test when an enlarged heart is suspected.", "Cardiomegaly"),
    )
    return assemble(
        STUDY, "And the heart?", passages, turns, mode="clinician", design="P3", budget_tokens=budget, count=count
    ).system


def test_a_line_says_what_was_asked_what_is_true_and_what_was_cited():
    passage = make_passage(3, "Ultrasound finds small effusions.", "Effusion", title="Pleural disease")
    turns = [
        turn(0, "Effusion", "finding"),
        turn(1, "Effusion", "next_step", (passage,)),
        turn(2, "Fracture", "finding"),
    ]
    lines = summarise(turns, STUDY)
    assert (
        "asked about pleural effusion is possible on the right side: finding, next step; cited Pleural disease" in lines
    )
    assert "asked about fracture was not assessed: finding" in lines
    assert "told: cardiothoracic ratio 0.57" in lines


def test_the_last_two_turns_stand_word_by_word_and_the_others_as_facts():
    told = remember(talk(6), STUDY, lambda text: True).splitlines()
    assert told[-2:] == [f"Q: {t.question} A: {t.answer}" for t in talk(6)[-2:]]
    assert not any("Question 0" in line for line in told)
    assert any(line.startswith("asked about cardiomegaly is likely") for line in told)


def test_what_was_spoken_of_longest_ago_goes_first():
    whole = remember(talk(6), STUDY, lambda text: True)
    shorter = remember(talk(6), STUDY, lambda text: len(text) < len(whole))
    assert shorter == whole.split("\n", 1)[1]


def test_other_films_are_no_part_of_the_story():
    assert remember([turn(1, kind="similar")], STUDY, lambda text: True) == ""


def test_a_long_talk_is_summed_up_like_a_shorter_one():
    sizes = {n: len(remember(talk(n), STUDY, lambda text: True)) for n in (133, 266, 532)}
    assert sizes[266] == sizes[532]
    assert sizes[532] - sizes[133] < 30  # of the last turns, the numbers in words and kind


@pytest.mark.parametrize("budget", [EMBEDDED_TOKENS, 700, 3000])
@pytest.mark.parametrize("length", [0, 1, 2, 10, 50])
def test_the_budget_holds_by_characters(budget, length):
    made = prompt(talk(length), budget)
    assert by_characters(made) <= budget
    assert "F1 cardiomegaly: likely" in made


@functools.lru_cache(maxsize=1)
def counter():
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    transformers = pytest.importorskip("transformers")
    folders = [p for p in Settings().cache.glob("smollm2-135m-*") if (Path(p) / "tokenizer.json").is_file()]
    if not folders:
        pytest.skip("the embedded model is not converted yet")
    tokenizer = transformers.AutoTokenizer.from_pretrained(folders[0])
    return lambda text: len(tokenizer(text, add_special_tokens=False)["input_ids"])


@pytest.mark.parametrize("budget", [EMBEDDED_TOKENS, 700, 3000])
@pytest.mark.parametrize("length", [1, 2, 10, 50])
def test_the_budget_holds_by_the_embedded_models_own_tokens(budget, length):
    made = prompt(talk(length), budget, counter())
    assert counter()(made) <= budget
    assert "F1 cardiomegaly: likely" in made
    if budget == 700:
        assert counter()(prompt(talk(length), budget + 40, counter())) >= counter()(made)
