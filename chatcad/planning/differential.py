"""The differential: candidate causes of a film's findings, ranked, with what speaks for and against each.

It takes its links from the finding graph and its facts from one film. It makes no diagnosis and knows no probability of
a cause: nobody measured one. A weak detector's silence and what was not assessed are open, never "against". What a
history tells counts too, and stays apart from what the film shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chatcad.findings.measure import standing
from chatcad.findings.wording import positives
from chatcad.retrieval import graph
from chatcad.retrieval.graph import Cause, Separation, finding_graph
from chatcad.types import Context, Finding, Measurement, Study

NO_CONTEXT = Context()
PRESENT, POSSIBLE, WEAK, OPEN = 1.0, 0.5, 0.3, 0.1
"""How much a finding supports its causes: less when it is only possible, least when it is merely asked about."""

KNOWN, SIGN, ABSENT_SIGN, OPPOSING_SIGN = 2.0, 0.5, -0.5, -2.0
"""What a history adds: a cause that it names, a sign that favours one, such a sign denied, a sign that opposes one."""

MEASURED = {"Cardiomegaly": "cardiothoracic_ratio", "Enlarged Cardiomediastinum": "mediastinal_width_ratio"}
"""The measurement that says a finding in numbers."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One cause that the findings could have: an offer to think with, never a diagnosis.

    Parameters
    ----------
    key, cause
        The cause, as the finding graph has it.
    explains
        The labels in question that it is known to produce.
    speaks_for, speaks_against
        Facts of this film.
    not_flagged, not_assessed
        Findings that would come with it, and on which the film says nothing.
    told_for, told_against
        Signs and causes of the history, by their keys in the graph; a denied sign is ``"no fever"``'s ``"fever"``.
    sources
        Ids of the passages that the links rest on.
    score
        Only its order means something.
    """

    key: str
    cause: Cause
    explains: tuple[str, ...]
    speaks_for: tuple[Finding | Measurement, ...]
    speaks_against: tuple[Finding | Measurement, ...]
    not_flagged: tuple[Finding, ...]
    not_assessed: tuple[Finding, ...]
    told_for: tuple[str, ...]
    told_against: tuple[str, ...]
    sources: tuple[str, ...]
    score: float


@dataclass(frozen=True, slots=True)
class Differential:
    """The candidates for the labels ``about``, best supported first."""

    about: tuple[str, ...]
    candidates: tuple[Candidate, ...] = ()

    def separations(self, most: int) -> tuple[Separation, ...]:
        """Return the checks that tell the first candidates apart, those of the first pair first."""
        order = {c.key: rank for rank, c in enumerate(self.candidates[:most])}
        found = finding_graph().separations(order)
        return tuple(sorted(found, key=lambda s: sorted(order[key] for key in s.between)))


def differential(study: Study, labels: Iterable[str] = (), context: Context = NO_CONTEXT) -> Differential:
    """Return the candidate causes of a film's findings.

    Parameters
    ----------
    study
        The film's facts.
    labels
        Those asked about; by default the film's positive findings. One that the film calls absent has no cause.
    context
        What was told of the patient: it re-ranks, and is kept apart.
    """
    shown = {f.label: f for f in positives(study)}
    gone = [f.label for f in study.findings if f.state == "absent"]
    about = tuple(label for label in dict.fromkeys(labels) if label not in gone) if labels else tuple(shown)
    here = (*shown, *(label for label in about if label not in shown))
    linked = finding_graph().candidates(here, gone)
    made = [_weigh(c, study, context, about) for c in linked if any(label in about for label, _ in c.speaks_for)]
    return Differential(about, tuple(sorted(made, key=lambda c: -c.score)))


def _weigh(linked: graph.Candidate, study: Study, context: Context, about: tuple[str, ...]) -> Candidate:
    findings = {f.label: f for f in study.findings}
    explained = [label for label, _ in linked.speaks_for]
    expected = dict.fromkeys((*linked.cause.expects, *filter(None, [linked.cause.label])))
    fits = [f for label in dict.fromkeys((*explained, *expected)) if (f := findings.get(label)) and _flagged(f)]
    against = [findings[label] for label in linked.speaks_against if _counts_against(findings[label])]
    unknown = [f for label in linked.unknown if (f := findings.get(label))]
    told_for, told_against, told = _history(linked.key, context)
    links = sum(graph.WEIGHT[e.link] * _sure(findings.get(label)) for label, e in linked.speaks_for)
    # A finding that comes with the cause and is linked to it already counts once.
    beside = sum(_sure(f) for f in fits if f.label not in explained)
    return Candidate(
        key=linked.key,
        cause=linked.cause,
        explains=tuple(label for label in explained if label in about),
        speaks_for=_with_measurements(fits, study, "above"),
        speaks_against=_with_measurements(against, study, "within"),
        not_flagged=tuple(f for f in unknown if f.state == "not_flagged"),
        not_assessed=tuple(f for f in unknown if f.state == "not_assessed"),
        told_for=told_for,
        told_against=told_against,
        sources=_sources(linked, about),
        score=links + beside - graph.AGAINST * len(against) + told,
    )


def _sources(linked: graph.Candidate, about: tuple[str, ...]) -> tuple[str, ...]:
    """Return the passages behind the links, those to the labels in question first."""
    ordered = sorted(linked.speaks_for, key=lambda link: link[0] not in about)
    return tuple(dict.fromkeys(edge.source for _, edge in ordered))


def _flagged(finding: Finding) -> bool:
    return finding.state in {"present", "uncertain"}


def _sure(finding: Finding | None) -> float:
    if finding is None or not _flagged(finding):
        return OPEN
    return PRESENT if finding.state == "present" else POSSIBLE if finding.reliability == "assessed" else WEAK


def _counts_against(finding: Finding) -> bool:
    return finding.reliability == "assessed" and (_flagged(finding) or finding.state == "absent")


def _with_measurements(findings: list[Finding], study: Study, place: str) -> tuple[Finding | Measurement, ...]:
    facts: list[Finding | Measurement] = []
    for finding in findings:
        facts.append(finding)
        measured = study.measurement(MEASURED.get(finding.label, ""))
        # A finding that opposes is told with a ratio that is above, one that is missing with a ratio that is within.
        wanted = "above" if _flagged(finding) else place
        if measured is not None and standing(measured) == wanted:
            facts.append(measured)
    return tuple(facts)


def _history(cause: str, context: Context) -> tuple[tuple[str, ...], tuple[str, ...], float]:
    """Return what a history says for and against a cause, and what both add to its score."""
    signs = finding_graph().signs
    favouring = [k for k in context.told if k in signs and cause in signs[k].favours]
    opposing = [k for k in context.told if k in signs and cause in signs[k].opposes]
    missing = [k for k in context.denied if k in signs and cause in signs[k].favours]
    known, refuted = cause in context.told and cause not in signs, cause in context.denied and cause not in signs
    weight = (
        KNOWN * (known - refuted) + SIGN * len(favouring) + OPPOSING_SIGN * len(opposing) + ABSENT_SIGN * len(missing)
    )
    here = [cause] if known else []
    return (*here, *favouring), (*opposing, *missing, *([cause] if refuted else [])), weight
