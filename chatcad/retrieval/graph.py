"""The finding graph: causes, next checks, mimics, urgency and what tells two causes apart (``knowledge/graph.yaml``).

It answers from data alone: which words widen a search, which causes a set of findings could have, with what speaks for
and against each, and whether a claim "cause → finding" is known. It knows nothing of any film and makes no diagnosis.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass as frozen
from dataclasses import field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from chatcad.config import ROOT
from chatcad.language import said, spoken
from chatcad.retrieval.typed_yaml import read_typed
from chatcad.types import Language, Urgency
from chatcad.vocabulary import find_mentions, terms

LinkStrength = Literal["strong", "moderate", "weak"]
WEIGHT: dict[LinkStrength, int] = {"strong": 3, "moderate": 2, "weak": 1}
# What speaks against a cause counts as much as a moderate link: it lowers the rank and never removes the cause.
AGAINST = 2

_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_STRICT)
class Cause:
    """What may lie behind a finding, how it is named, and which findings speak for or against it."""

    name: str
    plain: str
    urgency: Urgency
    mentions: tuple[str, ...] = ()
    label: str | None = None
    expects: tuple[str, ...] = ()
    opposed_by: tuple[str, ...] = ()


@dataclass(frozen=True, config=_STRICT)
class CauseEdge:
    """``cause`` can be behind a finding; ``link`` says how often, ``source`` names the passage that says so."""

    cause: str
    link: LinkStrength
    source: str


@dataclass(frozen=True, config=_STRICT)
class Check:
    """A next check, for the clinician and in plain words; one of a finding's ``settles`` whether it is there."""

    check: str
    plain: str
    source: str
    settles: bool = False


@dataclass(frozen=True, config=_STRICT)
class Mimic:
    """What looks like a finding on a film; ``label`` where the mimic is a finding itself."""

    name: str
    source: str
    label: str | None = None


@dataclass(frozen=True, config=_STRICT)
class When:
    """How soon a finding needs a human, and under which circumstances."""

    level: Urgency
    when: str
    source: str


@dataclass(frozen=True, config=_STRICT)
class Finding:
    """Everything the graph knows about one label."""

    causes: tuple[CauseEdge, ...]
    checks: Annotated[tuple[Check, ...], Field(min_length=1)]
    mimics: Annotated[tuple[Mimic, ...], Field(min_length=1)]
    urgency: When
    associated: tuple[str, ...] = ()

    @property
    def settling(self) -> Check:
        """The check that tells best whether the finding is there."""
        return next((c for c in self.checks if c.settles), self.checks[0])


@dataclass(frozen=True, config=_STRICT)
class Separation:
    """The check that tells two causes apart, and how its result reads."""

    between: tuple[str, str]
    check: str
    plain: str
    reads: str
    source: str


@dataclass(frozen=True, config=_STRICT)
class Sign:
    """What a history may tell: which causes it favours or opposes, each with the passage that says so.

    ``asks`` and ``plain_asks`` are questions without their question mark, for signs that are worth asking after;
    ``covers`` are causes of which the sign is another name.
    """

    name: str
    plain: str
    mentions: tuple[str, ...]
    asks: str | None = None
    plain_asks: str | None = None
    favours: Mapping[str, str] = field(default_factory=dict)
    opposes: Mapping[str, str] = field(default_factory=dict)
    covers: tuple[str, ...] = ()


@frozen(frozen=True, slots=True)
class Candidate:
    """A cause that the findings at hand could have: an offer for a differential, never a diagnosis.

    Parameters
    ----------
    key, cause
        The cause.
    score
        Sum of the links' weights less what speaks against; only its order means something.
    speaks_for
        The labels at hand that this cause can produce, with the edge that says so.
    speaks_against
        Labels that this cause would bring and that were found absent, and labels at hand that oppose it.
    unknown
        Labels that this cause would bring and on which nothing is known.
    """

    key: str
    cause: Cause
    score: int
    speaks_for: tuple[tuple[str, CauseEdge], ...]
    speaks_against: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, config=_STRICT)
class Graph:
    """The whole graph. Read it with :func:`load_graph`."""

    causes: Mapping[str, Cause]
    findings: Mapping[str, Finding]
    separating: tuple[Separation, ...]
    signs: Mapping[str, Sign] = field(default_factory=dict)

    @model_validator(mode="after")
    def _only_known_names(self) -> Graph:
        labels = [(label, f"finding {label}") for label in self.findings]
        named = [(edge.cause, f"finding {label}") for label, f in self.findings.items() for edge in f.causes]
        for label, finding in self.findings.items():
            inner = [*finding.associated, *(m.label for m in finding.mimics if m.label)]
            labels += [(name, f"finding {label}") for name in inner]
        for key, cause in self.causes.items():
            labels += [(n, f"cause {key}") for n in (*cause.expects, *cause.opposed_by, *filter(None, [cause.label]))]
        named += [(cause, f"separating {s.check!r}") for s in self.separating for cause in s.between]
        named += [
            (cause, f"sign {key}") for key, s in self.signs.items() for cause in (*s.favours, *s.opposes, *s.covers)
        ]
        for known, used in ((terms(), labels), (self.causes, named)):
            for name, where in used:
                if name not in known:
                    raise ValueError(f"{where} names {name!r}, which is not known")
        return self

    def edge(self, cause: str, label: str) -> CauseEdge | None:
        """Return the edge by which ``cause`` is known to produce ``label``, or ``None``."""
        finding = self.findings.get(label)
        return next((e for e in finding.causes if e.cause == cause), None) if finding else None

    def path(self, cause: str, label: str) -> tuple[CauseEdge, ...]:
        """Return the edges that carry the claim "``cause`` can produce ``label``": one, or two by way of a finding.

        Heart failure explains a lung opacity by way of edema, for example. Empty: the graph does not know the claim.
        """
        direct = self.edge(cause, label)
        if direct:
            return (direct,)
        for step in self.findings[label].causes if label in self.findings else ():
            between = self.causes[step.cause].label
            first = self.edge(cause, between) if between else None
            if first:
                return (first, step)
        return ()

    def candidates(self, present: Iterable[str], absent: Iterable[str] = ()) -> tuple[Candidate, ...]:
        """Return the causes that the labels ``present`` could have, best supported first.

        Parameters
        ----------
        present
            Labels at hand.
        absent
            Labels that were looked for and found absent; a label that was not assessed stands in neither.
        """
        here, gone = tuple(dict.fromkeys(present)), frozenset(absent)
        found: list[Candidate] = []
        for key, cause in self.causes.items():
            support = tuple((label, edge) for label in here if (edge := self.edge(key, label)))
            if not support:
                continue
            expected = tuple(dict.fromkeys((*cause.expects, *filter(None, [cause.label]))))
            against = (*(x for x in expected if x in gone), *(x for x in cause.opposed_by if x in here))
            score = sum(WEIGHT[e.link] for _, e in support) + sum(x in here for x in expected) - AGAINST * len(against)
            unknown = tuple(x for x in expected if x not in here and x not in gone)
            found.append(Candidate(key, cause, score, support, against, unknown))
        return tuple(sorted(found, key=lambda c: -c.score))

    def separations(self, causes: Iterable[str]) -> tuple[Separation, ...]:
        """Return the checks that tell any two of ``causes`` apart."""
        wanted = set(causes)
        return tuple(s for s in self.separating if wanted.issuperset(s.between))

    def widen(self, labels: Iterable[str], topics: Iterable[str], most: int = 3) -> tuple[str, ...]:
        """Return words that widen a search about ``labels``, at most ``most`` for each label and kind of passage.

        Causes for the topic ``cause``, checks for ``next_step``, mimics for ``appearance`` and ``limits``.
        """
        asked = frozenset(topics)
        words: list[str] = []
        for finding in (self.findings[label] for label in labels if label in self.findings):
            ranked = sorted(finding.causes, key=lambda e: -WEIGHT[e.link])
            words += [self.causes[e.cause].name for e in ranked[:most]] if "cause" in asked else []
            words += [c.check for c in finding.checks[:most]] if "next_step" in asked else []
            words += [m.name for m in finding.mimics[:most]] if asked & {"appearance", "limits"} else []
        return tuple(dict.fromkeys(words))

    def causes_in(self, text: str) -> tuple[str, ...]:
        """Return the causes that ``text`` names, in order; where two overlap, the longer phrase wins."""
        spans = [(m.start(), m.end(), key) for key, pattern in self._patterns.items() for m in pattern.finditer(text)]
        by_label = {c.label: key for key, c in self.causes.items() if c.label}
        spans += [(m.start, m.end, by_label[m.label]) for m in find_mentions(text) if m.label in by_label]
        kept: list[tuple[int, int, str]] = []
        for start, end, key in sorted(spans, key=lambda s: (s[0] - s[1], s[0])):
            if all(end <= s or start >= e for s, e, _ in kept):
                kept.append((start, end, key))
        return tuple(dict.fromkeys(key for _, _, key in sorted(kept)))

    def signs_in(self, text: str) -> tuple[str, ...]:
        """Return the signs that ``text`` names."""
        return tuple(key for key, pattern in self._sign_patterns.items() if pattern.search(text))

    def sources(self) -> Iterator[tuple[str, str, str | None]]:
        """Yield ``(where, passage id, label)`` of every edge; the label is the finding that the passage must cover."""
        for label, finding in self.findings.items():
            parts: tuple[CauseEdge | Check | Mimic | When, ...] = (*finding.causes, *finding.checks, *finding.mimics)
            for part in (*parts, finding.urgency):
                yield f"graph.yaml {label}", part.source, label
        for s in self.separating:
            yield f"graph.yaml separating {' and '.join(s.between)}", s.source, None
        for key, sign in self.signs.items():
            yield from ((f"graph.yaml sign {key}", x, None) for x in (*sign.favours.values(), *sign.opposes.values()))

    @cached_property
    def _patterns(self) -> dict[str, re.Pattern[str]]:
        # A cause that is a label is recognised by the vocabulary.
        ways = {key: "|".join([*c.mentions, re.escape(c.name)]) for key, c in self.causes.items() if c.label is None}
        return {key: re.compile(rf"\b(?:{way})\b", re.IGNORECASE) for key, way in ways.items()}

    @cached_property
    def _sign_patterns(self) -> dict[str, re.Pattern[str]]:
        return {key: re.compile(rf"\b(?:{'|'.join(s.mentions)})\b", re.IGNORECASE) for key, s in self.signs.items()}


def load_graph(path: Path = ROOT / "knowledge" / "graph.yaml") -> Graph:
    """Read and validate a graph.

    Raises
    ------
    KnowledgeInvalid
        The file is no YAML, misses a field, or names a label or a cause that is not known.
    """
    return read_typed(path, Graph)


def finding_graph() -> Graph:
    """Return the graph that ships with the program, its words in the language spoken."""
    return _shipped(spoken())


@lru_cache(maxsize=3)
def _shipped(language: Language) -> Graph:
    if language == "en":
        return load_graph()
    graph = _shipped("en")
    checks = {
        label: replace(f, checks=tuple(replace(c, check=said(c.check), plain=said(c.plain)) for c in f.checks))
        for label, f in graph.findings.items()
    }
    return replace(
        graph,
        causes={key: replace(c, name=said(c.name), plain=said(c.plain)) for key, c in graph.causes.items()},
        findings=checks,
        separating=tuple(
            replace(s, check=said(s.check), plain=said(s.plain), reads=said(s.reads)) for s in graph.separating
        ),
        signs={key: replace(s, name=said(s.name), plain=said(s.plain)) for key, s in graph.signs.items()},
    )
