import pytest

from evaluation.readme import PAGES, filled, interval, markdown


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_the_pages_are_up_to_date(page):
    text = page.read_text(encoding="utf-8")
    assert filled(text) == text, "run: python -m evaluation.readme"


def test_a_table_is_put_between_its_marks(monkeypatch):
    monkeypatch.setitem(filled.__globals__["BLOCKS"], "bars", lambda: "new\n")
    assert filled("a\n<!-- bars -->\nold\n<!-- /bars -->\nb") == "a\n<!-- bars -->\nnew\n<!-- /bars -->\nb"


def test_a_name_without_a_table_is_an_error():
    with pytest.raises(KeyError, match="nothing"):
        filled("<!-- nothing -->\n<!-- /nothing -->")


def test_a_table_has_a_row_a_line():
    assert markdown(("a", "b"), [(1, 2)]) == "| a | b |\n| --- | --- |\n| 1 | 2 |\n"
    assert interval((0.5, 0.25, 0.75), 2) == "0.50 [0.25, 0.75]"
