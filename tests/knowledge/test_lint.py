"""The lint on the real knowledge base, and on small broken ones."""

import json
import shutil
from pathlib import Path

import pytest

from chatcad.cli import main
from chatcad.config import ROOT
from chatcad.retrieval.lint import lint
from chatcad.vocabulary import terms

QUESTIONS = ROOT / "evaluation" / "questions" / "retrieval.jsonl"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A copy of the real base, to be broken."""
    shutil.copytree(ROOT / "knowledge", tmp_path / "knowledge")
    return tmp_path / "knowledge"


def edit(base: Path, name: str, old: str, new: str) -> None:
    path = base / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def broken(base: Path) -> list[str]:
    return [str(problem) for problem in lint(base).problems]


def test_the_knowledge_base_that_ships_has_no_problem() -> None:
    report = lint(ROOT / "knowledge", QUESTIONS)
    assert [str(p) for p in report.problems] == []
    assert all(label in report.table for label in terms())


def test_the_command_prints_a_table_and_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["knowledge", "lint"]) == 0
    assert "passages" in capsys.readouterr().out


def test_the_command_prints_one_line_a_problem_and_exits_2(
    base: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(base, "glossary.yaml", "see: opacity-plain-meaning", "see: nowhere")
    monkeypatch.setenv("CHATCAD_KNOWLEDGE", str(base))
    assert main(["knowledge", "lint"]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert any("'nowhere' does not exist" in line for line in lines)


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("passages/nodule.md", "supersedes: [nodule-fleischner-2005]", "supersedes: [nodule-1905]", "nodule-1905"),
        ("passages/nodule.md", "year: 2005", "year: 2019", "not older"),
        ("passages/nodule.md", "year: 2005", "year: soon", "field year"),
        ("passages/nodule.md", "## nodule-look:", "## mass-look:", "already used"),
        ("graph.yaml", "source: cardiomegaly-echo", "source: no-such-passage", "'no-such-passage' does not exist"),
        ("graph.yaml", "source: cardiomegaly-echo", "source: effusion-look", "does not cover Cardiomegaly"),
        ("graph.yaml", "link: strong", "link: vast", "graph.yaml: "),
        ("glossary.yaml", "plain: a pocket of pus", "plain: a suppurative intraparenchymal accumulation", "grade"),
        ("glossary.yaml", "see: opacity-plain-meaning", "see: opacity-term", "not for patients"),
        ("passages/nodule.md", "A lung nodule is a small round spot on the lung.",
         "A pulmonary nodule constitutes a circumscribed parenchymal abnormality.", "reads at grade"),
        ("passages/nodule.md", "Most lung nodules are harmless", "Take 20 mg; most are harmless", "a dose"),
        ("passages/nodule.md", "Most lung nodules are harmless", "They are harmless", "cannot stand alone"),
        ("passages/nodule.md", "A few nodules turn", "Your X-ray shows nodules. A few nodules turn", "given film"),
    ],
)  # fmt: skip
def test_each_fault_is_named(base: Path, name: str, old: str, new: str, told: str) -> None:
    edit(base, name, old, new)
    assert any(told in line for line in broken(base)), broken(base)


def test_near_twins_and_a_lost_label_are_named(base: Path) -> None:
    twin = (base / "passages" / "hernia.md").read_text().replace("## hernia-", "## twin-")
    (base / "passages" / "twin.md").write_text(twin)
    assert any("twin-look: says nearly the same" in line or "same as twin-look" in line for line in broken(base))
    (base / "passages" / "twin.md").unlink()
    (base / "passages" / "fibrosis.md").unlink()
    lines = broken(base)
    assert any(line.startswith("Fibrosis: no patient passage on meaning") for line in lines)


def test_a_question_that_names_a_lost_passage_is_named(tmp_path: Path) -> None:
    questions = tmp_path / "retrieval.jsonl"
    questions.write_text(json.dumps({"id": "q9", "relevant": ["gone-passage"]}) + "\n")
    report = lint(ROOT / "knowledge", questions)
    assert [str(p) for p in report.problems] == ["retrieval.jsonl q9: passage 'gone-passage' does not exist"]


@pytest.mark.parametrize("name", ["passages", "graph.yaml", "glossary.yaml"])
def test_a_missing_part_is_named_once(base: Path, name: str) -> None:
    (base / name).rename(base / "elsewhere")
    assert len(broken(base)) == 1
