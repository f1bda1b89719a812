"""Check the whole knowledge base: format, wording, reading grade, references, coverage (``knowledge lint``).

Every rule is a small function from the loaded base to the problems that it finds. The rules are those that
``knowledge/README.md`` promises; nothing here changes a file.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TypeVar

from chatcad.checking.finish import reading_grade
from chatcad.errors import KnowledgeInvalid
from chatcad.retrieval.glossary import Glossary, load_glossary
from chatcad.retrieval.graph import Graph, load_graph
from chatcad.retrieval.passages import Record, parse_file, sentences
from chatcad.types import Audience
from chatcad.vocabulary import terms

PATIENT_GRADE = 6.0
# One sentence alone may be quoted; a single long word weighs more there.
PATIENT_SENTENCE_GRADE = 7.0
MAX_SENTENCES, MAX_WORDS = 3, 36
# Share of words in common from which two passages of one audience say the same.
SAME_WORDS = 0.65

CLINICIAN_TOPICS = ("appearance", "cause", "next_step", "limits", "urgency")
PATIENT_TOPICS = ("meaning", "next_step", "urgency")
# A device is put in on purpose; nothing causes it.
WITHOUT_CAUSE = frozenset({"Support Devices"})

_DOSE = re.compile(r"\d\s*(?:mg|mcg|µg|g|units?|tablets?|puffs?)\b", re.IGNORECASE)
_THIS_FILM = re.compile(r"\b(?:this|your) (?:film|x-ray|radiograph|image) (?:shows|has|is)\b", re.IGNORECASE)
_LEANING = re.compile(r"(?:It|They|This|These|Those|He|She|That|Such)\b")
_WORD = re.compile(r"[a-z0-9]+")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: where it stands and what is wrong."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(frozen=True, slots=True)
class Base:
    """Everything that the rules look at."""

    passages: tuple[Record, ...]
    graph: Graph
    glossary: Glossary
    relevant: tuple[tuple[str, str], ...]

    def about(self, label: str, audience: Audience) -> tuple[Record, ...]:
        """Return the passages on ``label`` that ``audience`` may read."""
        return tuple(p for p in self.passages if label in p.findings and p.audience in (audience, "both"))


@dataclass(frozen=True, slots=True)
class LintReport:
    """What the lint found: the problems, and a table of what the base holds (empty where it could not be read)."""

    problems: tuple[Problem, ...]
    table: str


def lint(knowledge: Path, questions: Path | None = None) -> LintReport:
    """Check ``knowledge`` and the passage ids that a file of benchmark questions names.

    Parameters
    ----------
    knowledge
        Folder with ``passages/``, ``graph.yaml`` and ``glossary.yaml``.
    questions
        JSON lines whose field ``relevant`` names passages; skipped where there is none.
    """
    passages, problems = _read_passages(knowledge / "passages")
    graph = _load(load_graph, knowledge / "graph.yaml", problems)
    glossary = _load(load_glossary, knowledge / "glossary.yaml", problems)
    if problems or graph is None or glossary is None:
        # The rules compare files with each other; with a part missing they would report its absence everywhere.
        return LintReport(tuple(problems), "")
    base = Base(passages, graph, glossary, tuple(_named_in(questions)))
    found = tuple(problem for rule in RULES for problem in rule(base))
    return LintReport(found, _table(base))


def _load(load: Callable[[Path], T], path: Path, problems: list[Problem]) -> T | None:
    try:
        return load(path)
    except KnowledgeInvalid as error:
        problems.append(_split(error))
        return None


def _read_passages(folder: Path) -> tuple[tuple[Record, ...], list[Problem]]:
    records: list[Record] = []
    problems: list[Problem] = []
    owner: dict[str, str] = {}
    for path in sorted(folder.glob("*.md")):
        try:
            parsed = parse_file(path)
        except KnowledgeInvalid as error:
            problems.append(_split(error))
            continue
        for record in parsed:
            if record.key in owner:
                problems.append(Problem(path.name, f"id {record.key!r} is already used in {owner[record.key]}"))
            owner[record.key] = path.name
        records += parsed
    if not records and not problems:
        problems.append(Problem(str(folder), "holds no passages (*.md)"))
    return tuple(records), problems


def _split(error: KnowledgeInvalid) -> Problem:
    where, _, what = str(error).partition(": ")
    return Problem(where, what)


def _named_in(questions: Path | None) -> Iterator[tuple[str, str]]:
    if questions is None or not questions.exists():
        return
    for line in questions.read_text(encoding="utf-8").splitlines():
        question = json.loads(line)
        yield from ((f"{questions.name} {question['id']}", key) for key in question.get("relevant", ()))


def _wording(base: Base) -> Iterator[Problem]:
    for p in base.passages:
        parts = sentences(p.text)
        if len(parts) > MAX_SENTENCES:
            yield Problem(p.key, f"{len(parts)} sentences; at most {MAX_SENTENCES}")
        for part in parts:
            if len(part.split()) > MAX_WORDS:
                yield Problem(p.key, f"a sentence of {len(part.split())} words; at most {MAX_WORDS}: {part[:40]!r}…")
            if _LEANING.match(part) or part[-1] not in ".?!":
                yield Problem(p.key, f"a sentence that cannot stand alone: {part[:40]!r}…")
        if not p.topics:
            yield Problem(p.key, "names no topics")
        if not p.url.startswith("https://"):
            yield Problem(p.key, "has no https address")
        for pattern, what in ((_DOSE, "names a dose"), (_THIS_FILM, "speaks of a given film")):
            if match := pattern.search(p.text):
                yield Problem(p.key, f"{what}: {match.group()!r}")


def _grades(base: Base) -> Iterator[Problem]:
    for p in base.passages:
        if p.audience == "clinician":
            continue
        yield from _too_hard(p.key, p.text, PATIENT_GRADE)
        for part in sentences(p.text):
            yield from _too_hard(p.key, part, PATIENT_SENTENCE_GRADE)
    for entry in base.glossary.entries:
        yield from _too_hard(f"glossary.yaml {entry.term}", f"That means {entry.plain}.", PATIENT_GRADE)


def _too_hard(where: str, text: str, most: float) -> Iterator[Problem]:
    grade = reading_grade(text)
    if grade > most:
        yield Problem(where, f"reads at grade {grade:g}, above {most:g}: {text[:40]!r}…")


def _twins(base: Base) -> Iterator[Problem]:
    words = {p.key: frozenset(_WORD.findall(p.text.lower())) for p in base.passages}
    for a, b in combinations(base.passages, 2):
        one, other = words[a.key], words[b.key]
        if a.audience == b.audience and len(one & other) >= SAME_WORDS * len(one | other):
            yield Problem(a.key, f"says nearly the same as {b.key}")
    said = Counter(s for p in base.passages for s in sentences(p.text))
    for sentence, count in said.items():
        if count > 1:
            keys = ", ".join(p.key for p in base.passages if sentence in sentences(p.text))
            yield Problem(keys, f"the same sentence in {count} passages: {sentence[:40]!r}…")


def _supersedes(base: Base) -> Iterator[Problem]:
    by_key = {p.key: p for p in base.passages}
    for p in base.passages:
        for old in p.supersedes:
            if old not in by_key:
                yield Problem(p.key, f"supersedes {old!r}, which does not exist")
            elif by_key[old].year >= p.year:
                yield Problem(p.key, f"supersedes {old!r}, which is not older ({by_key[old].year})")


def _references(base: Base) -> Iterator[Problem]:
    by_key = {p.key: p for p in base.passages}
    for where, source, label in base.graph.sources():
        if source not in by_key:
            yield Problem(where, f"source {source!r} does not exist")
        elif label is not None and label not in by_key[source].findings:
            yield Problem(where, f"source {source!r} does not cover {label}")
    for entry in base.glossary.entries:
        if entry.see is not None and entry.see not in by_key:
            yield Problem(f"glossary.yaml {entry.term}", f"see {entry.see!r} does not exist")
        elif entry.see is not None and by_key[entry.see].audience == "clinician":
            yield Problem(f"glossary.yaml {entry.term}", f"see {entry.see!r} is not for patients")
    yield from (Problem(where, f"passage {key!r} does not exist") for where, key in base.relevant if key not in by_key)


def _coverage(base: Base) -> Iterator[Problem]:
    for label in terms():
        for audience, needed in _needed(label):
            missing = _missing(base.about(label, audience), needed)
            if missing:
                yield Problem(label, f"no {audience} passage on {', '.join(missing)}")
        if label not in base.graph.findings:
            yield Problem(label, "is not in graph.yaml")
        elif not base.graph.findings[label].causes and label not in WITHOUT_CAUSE:
            yield Problem(label, "has no causes in graph.yaml")


def _needed(label: str) -> tuple[tuple[Audience, tuple[str, ...]], ...]:
    clinician = tuple(t for t in CLINICIAN_TOPICS if t != "cause" or label not in WITHOUT_CAUSE)
    return ("clinician", clinician), ("patient", PATIENT_TOPICS)


def _missing(passages: Iterable[Record], needed: tuple[str, ...]) -> list[str]:
    there = {topic for p in passages for topic in p.topics}
    return [topic for topic in needed if topic not in there]


def _addresses(base: Base) -> Iterator[Problem]:
    cited = defaultdict(set)
    for p in base.passages:
        cited[p.url].add((p.source, p.year, p.evidence))
    for url, ways in cited.items():
        if len(ways) > 1:
            yield Problem(url, f"is cited in {len(ways)} ways: {'; '.join(f'{s} ({y})' for s, y, _ in sorted(ways))}")


RULES = (_wording, _grades, _twins, _supersedes, _references, _coverage, _addresses)


def _table(base: Base) -> str:
    rows = [f"{'label':28}{'clinician':>10}{'patient':>9}{'causes':>8}{'checks':>8}{'mimics':>8}"]
    for label in terms():
        counts = [len(base.about(label, audience)) for audience in ("clinician", "patient")]
        finding = base.graph.findings.get(label)
        edges = [len(part) for part in (finding.causes, finding.checks, finding.mimics)] if finding else [0, 0, 0]
        rows.append(f"{label:28}{counts[0]:10}{counts[1]:9}{edges[0]:8}{edges[1]:8}{edges[2]:8}")
    by_audience = Counter(p.audience for p in base.passages)
    replaced = {old for p in base.passages for old in p.supersedes}
    rows += [
        "",
        f"passages {len(base.passages)}: " + ", ".join(f"{n} {a}" for a, n in sorted(by_audience.items())),
        f"sources {len({p.url for p in base.passages})}, years {min(p.year for p in base.passages)}"
        f" to {max(p.year for p in base.passages)}; {len(replaced)} passages superseded by newer ones",
        f"graph: {len(base.graph.causes)} causes, {sum(1 for _ in base.graph.sources())} edges with a source,"
        f" {len(base.graph.separating)} separating checks",
        f"glossary: {len(base.glossary.entries)} terms, {sum(len(e.forms) for e in base.glossary.entries)} spellings",
    ]
    return "\n".join(rows)
