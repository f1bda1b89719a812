from pathlib import Path

import pytest

from chatcad.errors import KnowledgeInvalid
from chatcad.retrieval.passages import load_passages, parse_file, sentences

GOOD = """---
topic: Test
findings: [Effusion]
---

## test-one: A title
source: A society's guideline
url: https://example.org/guideline
year: 2020
evidence: guideline
audience: clinician
topics: [next_step]
urgency: soon

First sentence of the passage.
Second sentence of it.

## test-two: Another title
source: A society's guideline
url: https://example.org/guideline
year: 2020
evidence: guideline
audience: patient
findings: [Nodule]
topics: [meaning]

A passage with labels of its own.
"""


def write(folder: Path, text: str, name: str = "test.md") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_file_holds_several_passages_that_share_its_front_matter(tmp_path: Path) -> None:
    one, two = parse_file(write(tmp_path, GOOD))
    assert (one.key, one.title, one.findings, one.urgency) == ("test-one", "A title", ("Effusion",), "soon")
    assert one.text == "First sentence of the passage. Second sentence of it."
    assert (two.findings, two.urgency) == (("Nodule",), "none")
    assert one.passage("P1", 0.5).key == "test-one"


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("year: 2020", "year: soon", "test-one: field year"),
        ("url: https", "url: ftp", "field url"),
        ("audience: clinician", "audience: nurse", "field audience"),
        ("[next_step]", "[nextstep]", "field topics"),
        ("findings: [Nodule]", "findings: [Nodules]", "test-two: field findings"),
        ("evidence: guideline", "evidense: guideline", "field evide"),
        ("topic: Test\n", "", "field topic"),
        ("## test-one: A title", "## Test One", "heading"),
        ("urgency: soon", "urgency: [soon", "not YAML"),
    ],
)
def test_what_breaks_the_format_is_named_with_file_and_field(tmp_path: Path, old: str, new: str, named: str) -> None:
    with pytest.raises(KnowledgeInvalid) as caught:
        parse_file(write(tmp_path, GOOD.replace(old, new, 1)))
    assert "test.md" in str(caught.value)
    assert named in str(caught.value)


def test_an_id_is_used_once_in_the_whole_base(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    write(tmp_path, GOOD, "twin.md")
    with pytest.raises(KnowledgeInvalid, match=r"twin\.md: id 'test-one' is already used in test\.md"):
        load_passages(tmp_path)


def test_sentences_are_split_at_capitals_only() -> None:
    assert sentences("About 0.1 mSv, e.g. little. A second one.") == ("About 0.1 mSv, e.g. little.", "A second one.")


def test_questions_are_searched_with_the_passage_that_answers_them(tmp_path: Path) -> None:
    folder = tmp_path / "passages"
    folder.mkdir()
    write(folder, GOOD)
    (tmp_path / "asks.yaml").write_text("test-one: [how big is too big, 'and now?']\n")
    one, two = load_passages(folder)
    assert one.asks == ("how big is too big", "and now?")
    assert two.asks == ()


@pytest.mark.parametrize(
    ("text", "named"), [("nobody: [who am I]\n", "nobody"), ("test-one: a question\n", "not a list of texts")]
)
def test_questions_of_no_passage_or_of_another_form_are_refused(tmp_path: Path, text: str, named: str) -> None:
    folder = tmp_path / "passages"
    folder.mkdir()
    write(folder, GOOD)
    (tmp_path / "asks.yaml").write_text(text)
    with pytest.raises(KnowledgeInvalid, match=named):
        load_passages(folder)
