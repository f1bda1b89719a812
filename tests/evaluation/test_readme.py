import re

import pytest

from chatcad.commands.eval import benchmarks
from chatcad.config import ROOT
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


def test_every_benchmark_is_listed():
    listed = set(re.findall(r"`(\w+)`", (ROOT / "evaluation" / "README.md").read_text(encoding="utf-8")))
    assert not set(benchmarks()) - listed


def anchors(path):
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(
    "page", [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("evaluation/**/*.md")], ids=lambda p: p.name
)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        name, _, anchor = link.partition("#")
        there = (page.parent / name).resolve() if name else page
        assert link.startswith("http") or there.exists(), link
        assert link.startswith("http") or not anchor or anchor in anchors(there), link
