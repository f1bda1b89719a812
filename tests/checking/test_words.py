"""The closed vocabulary: inflections and synonyms pass, inventions and omissions don't."""

import pytest

from chatcad.checking.words import covers, no_new_words, plain_words, stem

RATIO = "The cardiothoracic ratio is 0.57, above the reference of 0.50 on a PA film."


@pytest.mark.parametrize(
    ("one", "other"),
    [("confirmed", "confirm"), ("flagged", "flag"), ("zones", "zone"), ("images", "image"), ("causes", "caused")],
)
def test_inflections_fall_together(one, other):
    assert stem(one) == stem(other)


@pytest.mark.parametrize(("one", "other"), [("heal", "health"), ("mass", "massive"), ("noted", "not"), ("used", "us")])
def test_derived_words_stay_apart(one, other):
    assert stem(one) != stem(other)


def test_plain_words_carry_no_claim_time_or_exception():
    assert not plain_words() & {
        stem(w) for w in ("not", "before", "other", "only", "normal", "small", "left", "likely")
    }


@pytest.mark.parametrize(
    ("draft", "statement"),
    [
        ("In short, the CTR of 0.57 exceeds the PA film reference of 0.50.", RATIO),
        (
            "A right-sided effusion isn't ruled out.",
            "Effusion was not flagged on the right side, which doesn't rule it out.",
        ),
        ("Small spots are mostly benign.", "Most small spots are benign."),
        ("An effusion is possible in the left lung.", "Effusion is possible on the left side."),
    ],
)
def test_other_words_for_the_same_pass(draft, statement):
    assert no_new_words(draft, statement) is None


@pytest.mark.parametrize("added", ["specialist", "massive", "old", "harmless", "today", "only", "other"])
def test_an_added_word_is_named(added):
    assert added in str(no_new_words(f"The {added} cardiothoracic ratio is 0.57.", RATIO))


def test_what_is_left_out_counts():
    statement = "Cardiomegaly is possible: its probability is 0.11, but the measured ratio is above the reference."
    assert covers("Cardiomegaly is possible: its probability is 0.11.", statement) is not None
    assert covers("Cardiomegaly is likely (82%).", "Cardiomegaly is likely (probability 0.82).") is None
