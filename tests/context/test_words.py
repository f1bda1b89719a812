"""Free text: what is told, what is denied, what is only asked, and nothing that names anybody."""

import time

import pytest

from chatcad.context import in_words, load, parse
from chatcad.errors import ContextRefused
from chatcad.types import Context

CANARIES = (
    "Canaryson",
    "Johanna",
    "White",
    "Rose",
    "1961",
    "2024",
    "March",
    "123",
    "555",
    "Street",
    "14",
    "example.org",
)
NAMED = (
    "Mrs Johanna Canaryson, DOB 12/03/1961, MRN 123-45-678, of 14 Canary Street, tel 0171 555 0123, j.c@example.org. "
    "Seen by Dr. Rose White on 3 March 2024. Case number: A123. 62-year-old woman with fever and a cough for 2 weeks."
)


@pytest.mark.parametrize(
    ("text", "told", "denied"),
    [
        ("Cough and fever for a week.", {"fever", "cough"}, set()),
        ("No fever, cough or weight loss. Known heart failure.", {"heart_failure"}, {"fever", "cough", "weight_loss"}),
        ("cough, fever, no haemoptysis, smoker", {"cough", "fever", "smoking"}, {"bloody_cough"}),
        ("Denies chest pain but lost some weight", {"weight_loss"}, {"chest_pain"}),
        ("rule out pneumothorax after a fall", {"injury"}, set()),
        ("?TB, cough for 3 weeks", {"cough"}, set()),
        ("could it be cancer? fever", {"fever"}, set()),
        ("Mother had lung cancer. Cough.", {"cough"}, set()),
        ("Tuberculosis ten years ago, now short of breath", {"tuberculosis", "breathlessness"}, set()),
        ("Temp 38.9", {"fever"}, set()),
        ("Temp 36.8", set(), set()),
        ("Temp 98.6 F", set(), set()),
        ("T 101.2", {"fever"}, set()),
        ("NT-proBNP 2,500 ng/L", {"high_peptide"}, set()),
        ("NT-proBNP 2500 ng/L", {"high_peptide"}, set()),
        ("BNP normal", {"low_peptide"}, set()),
        ("The weather is fine.", set(), set()),
    ],
)
def test_told_denied_and_only_asked_are_kept_apart(text, told, denied):
    context = parse(text)
    assert (set(context.told), set(context.denied)) == (told, denied)


@pytest.mark.parametrize(
    ("text", "band", "sex", "child", "pregnant"),
    [
        ("58M smoker", "50-59", "M", False, False),
        ("woman of 30 years", "30-39", "F", False, False),
        ("97 year old lady", "90+", "F", False, False),
        ("3-month-old baby with cough", "0-9", "unknown", True, False),
        ("boy aged 12", "10-19", "M", True, False),
        ("34-year-old, 20 weeks pregnant with her second child", "30-39", "F", False, True),
        ("Not pregnant. 30-year-old woman", "30-39", "F", False, False),
        ("pregnancy test negative", None, "unknown", False, False),
        ("has two children at home and a cough", None, "unknown", False, False),
        ("cough for 2 years", None, "unknown", False, False),
        ("cough of 2 years", None, "unknown", False, False),
        ("10 years of smoking, cough", None, "unknown", False, False),
        ("5 years ago had TB", None, "unknown", False, False),
        ("2 years of cough. Age 61", "60-69", "unknown", False, False),
        ("58 y, cough", "50-59", "unknown", False, False),
        ("61 years of age", "60-69", "unknown", False, False),
        ("62-year-old man with a 3-day-old fracture", "60-69", "M", False, False),
        ("3-month-old, the mother is 30 years old", "0-9", "unknown", True, False),
        ("fever of 101 F", None, "unknown", False, False),
    ],
)
def test_age_is_a_band_and_flags_follow_from_the_text(text, band, sex, child, pregnant):
    context = parse(text)
    assert (context.age_band, context.sex, context.child, context.pregnant) == (band, sex, child, pregnant)


def test_nothing_that_names_a_person_is_left():
    context = parse(NAMED)
    line = f"{context} {in_words(context)}"
    assert not [c for c in CANARIES if c.lower() in line.lower()]
    assert "62" not in line
    assert (context.age_band, context.sex) == ("60-69", "F")
    assert "fever and a cough for 2 weeks" in context.text


@pytest.mark.parametrize(
    "text", ["Patient Xaver Quillfeather", "QUILLFEATHER, XAVER: cough", "Xaver's cough", "name: xaver quillfeather"]
)
def test_an_unknown_word_is_dropped_whatever_its_shape(text):
    assert not [n for n in ("xaver", "quillfeather") if n in in_words(parse(text)).lower()]


@pytest.mark.parametrize(
    "name", ["Dr. White", "dr. White", "DR. WHITE", "Dr. J. White", "Prof. J. R. White", "Mrs White"]
)
def test_a_name_after_its_title_goes_even_where_it_is_a_common_word(name):
    assert in_words(parse(f"Cough, seen by {name}. Fever.")) == "Cough, seen by. Fever."


def test_multiple_sclerosis_is_no_title():
    assert parse("Known MS. Fever and cough").told == ("fever", "cough")


def test_a_denial_stays_a_denial_in_the_prompt():
    assert in_words(parse("No fever, denies chest pain")) == "No fever, denies chest pain"


def test_control_tokens_and_markup_are_gone():
    line = in_words(parse("<|im_start|>cough </context> fever [INST] <img src=x>"))
    assert not set(line) & set("<>[]|‹›/=")
    assert "start" not in line
    assert "INST" not in line


def test_laboratory_values_keep_their_units_and_are_not_judged():
    labs = {
        lab.name: (lab.value, lab.unit, lab.flag) for lab in parse("CRP 120 mg/L, WBC 14.5, D-dimer raised 900").labs
    }
    assert labs == {"CRP": (120, "mg/L", None), "white cells": (14.5, "", None), "D-dimer": (900, "", "high")}


@pytest.mark.parametrize(
    ("text", "value", "flag"),
    [("CRP 120 high", 120, "high"), ("CRP 4,5", 4.5, None), ("CRP 1,250", 1250, None), ("CRP 0,250", 0.25, None)],
)
def test_a_laboratory_value_with_a_comma_or_a_word_behind_it(text, value, flag):
    (lab,) = parse(text).labs
    assert (lab.value, lab.flag) == (value, flag)


def test_when_a_value_was_taken_is_no_value():
    assert not parse("CRP 3 days ago, pulse 2.5 hours later").labs


def test_nothing_told_is_an_empty_context():
    assert parse("") == parse("  ") == Context()
    assert not in_words(Context())


def test_a_file_a_text_and_a_missing_file(tmp_path):
    path = tmp_path / "history.txt"
    path.write_text("cough")
    assert load(str(path)).told == load("cough").told == ("cough",)
    with pytest.raises(ContextRefused, match=r"missing\.json"):
        load(str(tmp_path / "missing.json"))
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ContextRefused, match="UTF-8"):
        load(str(path))
    with pytest.raises(ContextRefused, match="longer"):
        parse("cough " * 1000)


@pytest.mark.parametrize("bomb", ["hr 1 ", "<|", "x", "no a, b or ", "?", "name A", "a@", "1-", "(", "Aa "])
def test_a_text_made_to_be_slow_is_not(bomb):
    started = time.process_time()
    parse((bomb * 4000)[:4000])
    assert time.process_time() - started < 1.0
