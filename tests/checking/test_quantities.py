"""Numbers in words and digits, and which of them belong to what."""

import pytest

from chatcad.checking.quantities import differ, in_digits, parse_numbers, parse_quantities

RATIO = "The cardiothoracic ratio is 0.57, above the reference of 0.50 on a PA film."
NODULE = "A solid nodule of 6 to 8 mm is followed by CT at 6 to 12 months."


def test_numbers_keep_units_and_scale_percentages():
    assert [(n.value, n.unit) for n in parse_numbers("82% and 0.57, 21.5 cm")] == [(0.82, ""), (0.57, ""), (21.5, "cm")]


@pytest.mark.parametrize(
    ("words", "digits"),
    [
        ("zero point six two", "0.62"),
        ("after six weeks", "after 6 weeks"),
        ("one week", "1 week"),
        ("twenty-five percent", "25 percent"),
        ("no sign of one was found", "no sign of one was found"),
        ("probability .82", "probability 0.82"),
    ],
)
def test_number_words(words, digits):
    assert in_digits(words).strip() == digits


def test_a_range_is_one_quantity_with_one_unit():
    assert [(q.values, q.unit) for q in parse_quantities(NODULE)] == [((6.0, 8.0), "mm"), ((6.0, 12.0), "month")]


@pytest.mark.parametrize(
    ("draft", "statement"),
    [
        ("Above the reference of 0.50 on a PA film, the cardiothoracic ratio is 0.57.", RATIO),
        ("At 0.57, the cardiothoracic ratio is above the PA reference of 0.50.", RATIO),
        ("The cardiothoracic ratio is 57%, above the 0.50 reference on a PA film.", RATIO),
        ("CT at 6 to 12 months follows a solid nodule of 6 to 8 mm.", NODULE),
    ],
)
def test_numbers_may_change_places_with_their_nouns(draft, statement):
    assert not differ(draft, statement)


@pytest.mark.parametrize(
    ("draft", "statement"),
    [
        ("The cardiothoracic ratio is 0.50, above the reference of 0.57 on a PA film.", RATIO),
        ("The reference on a PA film is 0.57, and the cardiothoracic ratio is 0.50.", RATIO),
        ("The cardiothoracic ratio is 0.57 cm, above the reference of 0.50 on a PA film.", RATIO),
        ("The cardiothoracic ratio is above the reference of 0.50 on a PA film.", RATIO),
        ("A solid nodule of 6 to 12 mm is followed by CT at 6 to 8 months.", NODULE),
        ("A solid nodule of 6 to 8 mm is followed by CT at 6 to 12 weeks.", NODULE),
        ("A solid nodule of 8 to 6 mm is followed by CT at 6 to 12 months.", NODULE),
    ],
)
def test_numbers_may_not_change_owners(draft, statement):
    assert differ(draft, statement)
