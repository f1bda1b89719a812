"""The drafted report against the facts: what contradicts them is struck, what was left out is added."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from chatcad.checking import rules, words
from chatcad.checking.claims import measures_in, parse_claims
from chatcad.checking.facts import contradiction
from chatcad.checking.quantities import parse_numbers
from chatcad.findings.measure import worth_saying
from chatcad.findings.wording import describe, describe_group, describe_measurement
from chatcad.types import Finding, Study


def check_draft(study: Study, timings_ms: Mapping[str, float]) -> Study:
    """Return the study with a draft report in which every sentence agrees with the facts.

    Parameters
    ----------
    study
        Its ``draft_report`` is the drafting network's raw text, one or more sentences.
    timings_ms
        Times of the stages around the networks, merged into the run record.
    """
    kept = [s for s in split_sentences(study.draft_report) if objection_to_line(s, study) is None]
    told = {c.label for line in kept for c in parse_claims(line)}
    report = "\n".join([*kept, *_what_is_missing(study, told, " ".join(kept))])
    run = replace(study.run, timings_ms={**study.run.timings_ms, **timings_ms})
    return replace(study, draft_report=report, run=run)


def objection_to_line(line: str, study: Study) -> str | None:
    """Return why one sentence of a report may not stand, or ``None`` when the facts carry it.

    A report line has no planned statement behind it, so it must make a claim or give one measurement, each of
    its numbers must be a fact of a label or the measurement that it names, and each of its words must be known.
    """
    claims, measures = parse_claims(line), measures_in(line)
    facts = [f for f in study.findings if f.label in {c.label for c in claims}]
    told = [describe(f, "clinician") for f in facts]
    told += [s for m in study.measurements if m.name in measures for s in describe_measurement(m, "clinician")]
    if len(measures) > 1:
        return "gives several measurements, whose numbers could be mixed up"
    if not told:
        return "says nothing that the facts can carry"
    text = " ".join(told)
    wrong = next((why for c in claims if (why := contradiction(c, study))), None)
    numbers = set(parse_numbers(line)) - set(parse_numbers(text))
    return (
        wrong
        or rules.policy(line, text)
        or ("gives a number that is no fact" if numbers else None)
        or words.no_new_words(line, text)
        or (rules.same_direction(line, text) if measures else None)
    )


def split_sentences(text: str) -> tuple[str, ...]:
    """Split prose into sentences; a decimal point is not an end."""
    return tuple(s.strip() for s in re.split(r"(?<=[.!?])\s+|\n+", text) if s.strip())


def _what_is_missing(study: Study, told: set[str], text: str) -> list[str]:
    def of_state(*states: str) -> list[Finding]:
        return [f for f in study.findings if f.state in states and f.label not in told]

    lines = [describe(f, "clinician") for f in of_state("present", "uncertain")]
    lines += [s for m in worth_saying(study, unless=measures_in(text)) for s in describe_measurement(m, "clinician")]
    lines += [describe(f, "clinician") for f in of_state("absent")]
    for state in ("not_flagged", "not_assessed"):
        group = of_state(state)
        lines += [describe_group(group, state, "clinician")] if group else []
    return lines
