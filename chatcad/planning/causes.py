"""The differential in statements: each candidate hedged and cited, facts as facts of the film, the history apart."""

from __future__ import annotations

from collections.abc import Sequence

from chatcad.findings.wording import clause, measured_clause
from chatcad.planning.differential import Candidate, Differential
from chatcad.planning.settling import as_advice, in_words
from chatcad.planning.statements import replies, say_group
from chatcad.retrieval.cited import cited
from chatcad.retrieval.graph import finding_graph
from chatcad.types import Context, Finding, Measurement, Mode, Passage, Statement

MOST = 3
"""Candidates that an answer names; the others are in the JSON."""

ORDINALS = ("first", "second", "third")


MOST_LISTED = 8
"""Statements that a list of causes may have; of a longer one only the causes are told, and the rest is offered."""


def say_differential(
    found: Differential, passages: Sequence[Passage], context: Context, mode: Mode, *, whole: bool = False
) -> list[Statement]:
    """Return the statements of a differential, or none where there is no candidate.

    Parameters
    ----------
    found
        The candidates; the first ``MOST`` are told.
    passages
        Those retrieved: a link that one of them carries cites it, any other names its source.
    context
        Whose history the candidates were weighed with.
    mode
        Who reads.
    whole
        Whether what speaks for and against each cause was asked for, however long.
    """
    told = sayable(found)
    if not told:
        return []
    listed = _listed(found, told, passages, context, mode, whole=True)
    if whole or len(listed) <= MOST_LISTED:
        return listed
    return _listed(found, told, passages, context, mode, whole=False)


def _listed(
    found: Differential,
    told: Sequence[Candidate],
    passages: Sequence[Passage],
    context: Context,
    mode: Mode,
    *,
    whole: bool,
) -> list[Statement]:
    flagged = any(isinstance(fact, Finding) and fact.label in found.about for c in told for fact in c.speaks_for)
    said = replies("differential" if flagged else "differential_open", mode, source=_named(told, passages))
    # By ids: a finding carries its heat map, and arrays are neither hashable nor comparable.
    shared = len({tuple(fact.id for fact in c.speaks_for) for c in told}) == 1 and len(told) > 1
    before: list[str] = []
    for candidate, nth in zip(told, ORDINALS, strict=False):
        said.append(_name(candidate, passages, mode))
        if not whole:
            continue
        ids = [fact.id for fact in candidate.speaks_for]
        again = "candidate_same" if ids == before else "candidate_for"
        said += [] if shared else _facts(again, candidate.speaks_for, mode, nth)
        before = ids
        said += _facts("candidate_against", candidate.speaks_against, mode, nth)
        said += _history(candidate, context, mode, nth)
    # A patient has just read the findings: what fits every cause needs no repetition.
    said += _facts("candidates_for", told[0].speaks_for, mode) if whole and shared and mode == "clinician" else []
    said += [] if whole else replies("each_cause", mode)
    for state in ("not_flagged", "not_assessed"):
        said += say_group(_open(told, state), state, mode)
    return said + (_checks(found, told, passages, mode) if flagged else [])


def sayable(found: Differential) -> tuple[Candidate, ...]:
    """Return the candidates that an answer names: not one that the film itself calls absent."""
    gone = {
        f.label for c in found.candidates for f in c.speaks_against if isinstance(f, Finding) and f.state == "absent"
    }
    return tuple(c for c in found.candidates if c.cause.label not in gone)[:MOST]


def _name(candidate: Candidate, passages: Sequence[Passage], mode: Mode) -> Statement:
    # A passage that the link rests on may speak of it in other words; one that doesn't name the cause is no citation.
    naming = [p for p in passages if candidate.key in finding_graph().causes_in(p.text)]
    support, source = _carried(candidate.sources, naming, mode)
    own = next((f for f in candidate.speaks_for if isinstance(f, Finding) and f.label == candidate.cause.label), None)
    if own is not None:
        (said,) = replies(
            "candidate_found", mode, (own.id, *support), clause=_capital(clause(own, mode)), source=source
        )
        return said
    name, plain = candidate.cause.name, candidate.cause.plain
    (said,) = replies("candidate", mode, support, name=_capital(name), plain=plain, source=source)
    return Statement(said.text, support, "guideline" if support else "general")


def _carried(sources: Sequence[str], passages: Sequence[Passage], mode: Mode) -> tuple[tuple[str, ...], str]:
    """Return the ids of the passages that carry a link, else its source's name as a clinician reads it."""
    support = tuple(p.id for p in passages if p.key in sources)
    if support or mode == "patient":
        return support, ""
    return (), f" ({cited(sources[0])})"


def _named(told: Sequence[Candidate], passages: Sequence[Passage]) -> str:
    """Return the sources of the links that no retrieved passage carries, as a patient's sentence names them: once."""
    graph = finding_graph()
    open_links = [
        c.sources[0] for c in told if not any(p.key in c.sources and c.key in graph.causes_in(p.text) for p in passages)
    ]
    names = dict.fromkeys(str(cited(key)) for key in open_links)
    return f" ({'; '.join(names)})" if names else ""


def _facts(key: str, facts: Sequence[Finding | Measurement], mode: Mode, nth: str = "") -> list[Statement]:
    # In plain words a measurement says what its finding has said.
    facts = [f for f in facts if isinstance(f, Finding) or mode == "clinician"]
    parts = [clause(f, mode) if isinstance(f, Finding) else measured_clause(f) for f in facts]
    return replies(key, mode, tuple(f.id for f in facts), facts="; ".join(parts), nth=nth) if facts else []


def _history(candidate: Candidate, context: Context, mode: Mode, nth: str) -> list[Statement]:
    said = []
    for key, told in (("history_for", candidate.told_for), ("history_against", candidate.told_against)):
        names = [name_of(k, mode, denied=k in context.denied) for k in told]
        said += replies(key, mode, names=", ".join(names), nth=nth) if names else []
    return said


def name_of(key: str, mode: Mode, *, denied: bool = False) -> str:
    """Return the words for a sign or cause of a history; a denied one is "no …"."""
    graph = finding_graph()
    entry = graph.signs.get(key) or graph.causes[key]
    words = entry.name if mode == "clinician" else entry.plain
    if not denied:
        return words
    (said,) = replies("denied", mode, words=words.removeprefix("a ").removeprefix("an "))
    return said.text


def _open(told: Sequence[Candidate], state: str) -> list[Finding]:
    found = [f for c in told for f in (c.not_flagged if state == "not_flagged" else c.not_assessed)]
    return list({f.label: f for f in found}.values())


def _checks(found: Differential, told: Sequence[Candidate], passages: Sequence[Passage], mode: Mode) -> list[Statement]:
    graph = finding_graph()
    if apart := Differential(found.about, tuple(told)).separations(MOST)[: 2 if mode == "clinician" else 1]:
        said = []
        for s in apart:
            one, other = (graph.causes[key].name for key in s.between)
            support, _ = _carried((s.source,), passages, mode)
            said += as_advice(
                replies(
                    "separation", mode, support, one=one, other=other, check=s.check, reads=s.reads,
                    plain=_capital(s.plain), source=in_words(s.source, support),
                )
            )  # fmt: skip
        return said
    check = graph.findings[told[0].explains[0]].checks[0]
    support, _ = _carried((check.source,), passages, mode)
    words = {"check": check.check, "plain": _capital(check.plain), "source": in_words(check.source, support)}
    return as_advice(replies("next_check", mode, support, **words))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
