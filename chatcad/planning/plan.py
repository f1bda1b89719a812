"""The plan of an answer: one builder per kind of question, each a short list of true statements.

Every statement is made from facts (``findings.wording``), from a passage, or from a fixed reply
(``prompts/replies.yaml``). What a builder leaves out, no model can add.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from chatcad.checking.claims import measures_in
from chatcad.checking.cues import LENGTH_UNIT
from chatcad.findings.measure import standing, worth_saying
from chatcad.findings.wording import positives, urgent
from chatcad.planning.care import no_pretence, questions_for_the_doctor
from chatcad.planning.case import MEASURED_BY, Case, subjects
from chatcad.planning.causes import say_differential
from chatcad.planning.comparing import MOST_POSITIVES, OF_THE_HEART, say_changes
from chatcad.planning.differential import NO_CONTEXT, differential
from chatcad.planning.granted import (
    beside_the_film,
    courtesy,
    grounds,
    in_short,
    own_words,
    placed,
    simpler,
    sought,
    unseen,
)
from chatcad.planning.history import CATCHING, closing_question, say_history, say_told
from chatcad.planning.others import say_cases
from chatcad.planning.outlook import course, urgency
from chatcad.planning.pointing import say_region
from chatcad.planning.recall import say_recalled
from chatcad.planning.requests import ZONES
from chatcad.planning.settling import say_settling
from chatcad.planning.statements import (
    HOW_DIAGNOSED,
    guideline,
    of_another_illness,
    say_finding,
    say_group,
    say_measurements,
    say_unseen,
)
from chatcad.planning.understand import Asked
from chatcad.planning.unread import say_unread, unread_in
from chatcad.types import (
    Context,
    Finding,
    Intent,
    Measurement,
    Mode,
    Passage,
    Plan,
    SimilarCase,
    Statement,
    Study,
    Turn,
)
from chatcad.vocabulary import terms

OPPOSITE = {"left": "right", "right": "left"}


def plan(
    asked: Asked,
    study: Study,
    passages: tuple[Passage, ...],
    mode: Mode,
    prior: Study | None = None,
    *,
    context: Context = NO_CONTEXT,
    cases: tuple[SimilarCase, ...] = (),
    turns: tuple[Turn, ...] = (),
) -> Plan:
    """Return what the answer will say, in order.

    Parameters
    ----------
    asked
        The question understood.
    study, prior
        The film's facts, and an earlier film's when there is one.
    passages
        What retrieval found for the question, best first; possibly none.
    mode
        Who reads.
    context
        What was told of the patient: it adds to an answer and orders causes, and is never a fact about the film.
    cases
        Reports of other films with like findings, quoted where they are asked for.
    turns
        The talk so far: what a history adds to every answer is said in full once.
    """
    case = Case(asked, study, passages, mode, prior, context, cases, turns)
    if asked.intent == "self_harm":  # the film, and what was found on it, are not the matter now
        said = (*BUILDERS["self_harm"](case), *case.reply("disclaimer"))
        return Plan(asked.intent, (), said, urgent=True)
    second = BUILDERS[asked.also](case) if asked.also is not None else []
    first = BUILDERS["emergency"](case) if asked.intent == "emergency" else []
    body = [*first, *_urgent_first(case), *BUILDERS[asked.intent](case), *second, *_told(case)]
    statements = [*body, *case.reply("disclaimer")]
    return Plan(asked.intent, asked.labels, _once(statements), urgent=bool(first or urgent(study)), region=asked.region)


def _once(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """Return statements without repetition; what is said of several facts at once rests on all of them."""
    unique: dict[str, Statement] = {}
    for statement in statements:
        first = unique.setdefault(statement.text, statement)
        support = tuple(dict.fromkeys((*first.support, *statement.support)))
        unique[statement.text] = replace(first, support=support)
    return tuple(unique.values())


def _urgent_first(case: Case) -> list[Statement]:
    return [say_finding(f, case.mode) for f in urgent(case.study)]


def _facts(case: Case, findings: Iterable[Finding]) -> list[Statement]:
    said = []
    for finding in findings:
        said.append(say_finding(finding, case.mode))
        said += say_measurements(_of_name(case, MEASURED_BY.get(finding.label, ())), case.mode)
        said += _of_view(case, finding)
    return said


def _of_view(case: Case, finding: Finding) -> list[Statement]:
    """Return why the heart may be called unlikely enlarged beside a ratio that is above its reference."""
    ratio = case.study.measurement("cardiothoracic_ratio")
    if finding.label != OF_THE_HEART or finding.state != "absent" or ratio is None or standing(ratio) != "above":
        return []
    return case.reply("ratio_of_view", (finding.id, ratio.id))


def _of_name(case: Case, names: Iterable[str]) -> list[Measurement]:
    return [m for m in case.study.measurements if m.name in names]


def _finding(case: Case) -> list[Statement]:
    if measures_in(case.asked.question) and not case.asked.labels:
        return _measurement(case)
    unread = say_unread(unread_in(case.asked.question), case.mode)
    if unread and not case.asked.labels:  # what else was flagged is no answer to it
        return unread + (case.reply("doctor_look") if case.mode == "patient" else [])
    if case.prior is not None and "change" in case.asked.wants:
        return _comparison(case)
    shown, rest = _worth_a_sentence(case)
    said = [] if case.asked.labels else case.reply("unnamed")
    for want in ("cancer", "pattern"):
        said += case.reply(want) if want in case.asked.wants else []
    said += [*_facts(case, shown), *_sides(case, shown)] or case.reply("no_positive")
    said += unread
    for state in ("not_flagged", "not_assessed"):
        said += say_group([f for f in rest if f.state == state], state, case.mode)
    flagged = any(f.state in {"present", "uncertain"} for f in shown)
    topics = frozenset({"next_step"} if flagged else {"limits", "appearance"})
    # Who asked for what no network knows by name wants no advice on what else was flagged.
    said += guideline(case.passages, shown, case.mode, most=1, first=topics) if case.asked.labels else []
    said += case.reply("disagree") if "disagree" in case.asked.wants else []
    return said + (case.reply("ask_doctor") if case.mode == "patient" and flagged else [])


def _worth_a_sentence(case: Case) -> tuple[list[Finding], list[Finding]]:
    """Return the findings that are said one by one, and those of a long list ("the lungs?") that are said together."""
    if len(case.asked.labels) <= MOST_POSITIVES:
        return list(case.findings[:MOST_POSITIVES]), []
    rest = [f for f in case.findings if f.state in {"not_flagged", "not_assessed"}]
    return sorted((f for f in case.findings if f not in rest), key=lambda f: f.state == "absent"), rest


def _sides(case: Case, findings: Iterable[Finding]) -> list[Statement]:
    """Return what is known of the side that was asked after, where a finding was placed on the opposite one."""
    said, asked = [], case.asked.side
    if asked is None:
        return []
    for finding in findings:
        if finding.side in OPPOSITE and finding.side != asked:
            said += case.reply("other_side", (finding.id,), found=finding.side, asked=OPPOSITE[finding.side])
    return said


def _certainty(case: Case) -> list[Statement]:
    said, why = case.reply("again") if "again" in case.asked.wants else [], "grounds" in case.asked.wants
    for finding in case.findings[:MOST_POSITIVES]:
        said.append(say_finding(finding, case.mode))
        if finding.held_out_auroc is not None:
            key = "auroc_unused" if finding.state == "not_assessed" else "auroc"
            auroc, low, high = (f"{v:.2f}" for v in finding.held_out_auroc)
            said += case.reply(key, (finding.id,), auroc=auroc, low=low, high=high)
        said += say_settling(finding.label, case.passages, case.mode) if why else []
    said += grounds(case.findings[:MOST_POSITIVES], case.mode) if why else []
    return [*said, *([] if case.findings else case.reply("no_positive"))]


def _location(case: Case) -> list[Statement]:
    zone = next((z for z in ZONES if z in case.asked.wants), None)
    if zone is not None or (case.asked.side is not None and not case.asked.labels):
        return placed(case.study, case.asked.side, zone, case.mode)
    said = case.reply("pattern") if "pattern" in case.asked.wants else []
    for finding in case.findings[:MOST_POSITIVES]:
        said.append(say_finding(finding, case.mode))
        if finding.side is None and finding.state in {"present", "uncertain"}:
            said += case.reply("no_place" if terms()[finding.label].sided else "undivided", (finding.id,))
    return [*said, *_sides(case, case.findings[:MOST_POSITIVES])] or case.reply("no_positive")


def _measurement(case: Case) -> list[Statement]:
    said = _measured(case)
    if LENGTH_UNIT.search(case.asked.question) and case.study.radiograph.spacing_mm is None:
        said = case.reply("no_spacing") + said
    if any(f.label not in MEASURED_BY for f in case.findings):
        return said  # how a finding is measured says nothing of one that wasn't
    fitting = [p for p in case.passages if "measurement" in p.topics]
    return said + guideline(fitting, case.findings, case.mode, most=1)


def _measured(case: Case) -> list[Statement]:
    if "numbers" in case.asked.wants:
        return say_measurements(case.study.measurements, case.mode) + [say_finding(f, case.mode) for f in case.findings]
    said = say_measurements(_of_name(case, _asked_measures(case)), case.mode)
    unmeasured = [f for f in case.findings if f.label not in MEASURED_BY] if case.asked.labels else []
    if unmeasured:
        with_them = said if set(MEASURED_BY) & set(case.asked.labels) else []
        return [*(say_finding(f, case.mode) for f in unmeasured), *case.reply("no_size"), *with_them]
    heart = case.study.finding(OF_THE_HEART)
    if heart is not None and "cardiothoracic_ratio" in _asked_measures(case):
        said += [say_finding(heart, case.mode), *_of_view(case, heart)]
    return said


def _asked_measures(case: Case) -> tuple[str, ...]:
    """Return the measurements that a question is after: those it names or implies, else the heart's."""
    named = measures_in(case.asked.question)
    named += tuple(name for label in case.asked.labels for name in MEASURED_BY.get(label, ()))
    if not named or LENGTH_UNIT.search(case.asked.question):
        named += ("heart_width_mm",)
    return named if set(named) - {"heart_width_mm"} else ("cardiothoracic_ratio", *named)


def _next_step(case: Case) -> list[Statement]:
    if "course" in case.asked.wants:
        return course(case)
    catching = "catch" in case.asked.wants
    spread = [f for f in positives(case.study) if f.label in CATCHING.about] if catching else []
    shown = spread or case.findings[:2]
    said = case.reply("decision") if "decision" in case.asked.wants else []
    said += [say_finding(f, case.mode) for f in shown] or case.reply("no_positive")
    if catching:
        return said + case.reply("catching")
    passages = [p for p in case.passages if not of_another_illness(p)]
    on_it = guideline([p for p in passages if "next_step" in p.topics], shown, case.mode, most=2, barring=HOW_DIAGNOSED)
    said += on_it or guideline(passages, shown, case.mode, most=2, first=frozenset({"next_step"}))
    return said + (case.reply("ask_doctor") if case.mode == "patient" else [])


def _cause(case: Case) -> list[Statement]:
    shown, whole = case.findings[:2], "each" in case.asked.wants
    found = differential(case.study, _asked_causes(case), case.context)
    listed = say_differential(found, case.passages, case.context, case.mode, whole=whole)
    told = _facts(case, shown) if len(shown) == 1 else [say_finding(f, case.mode) for f in shown]
    return [
        # Who asks what speaks for each cause has read the findings, and reads them once more beside the causes.
        *([] if whole and listed else told or case.reply("no_positive")),
        *case.reply("cause_unseen" if shown and all(f.state == "absent" for f in shown) and not listed else "cause"),
        *case.unsaid(say_told(case.context, case.mode)),
        *listed,
        *([] if whole and listed else _quoted_causes(case, shown, listed=bool(listed))),
        *(case.reply("ask_doctor") if case.mode == "patient" and listed else []),
    ]


def _quoted_causes(case: Case, shown: Sequence[Finding], *, listed: bool) -> list[Statement]:
    # A patient has the causes in plain words by now: the first sentence of a passage only says what the finding is.
    most = 2 if not listed else 1 if case.mode == "clinician" else 0
    return guideline(case.passages, shown, case.mode, most=most, first=frozenset({"cause"})) if most else []


def _told(case: Case) -> list[Statement]:
    """Return what the history adds, and the one question to ask back where it would change the answer."""
    said = say_history(case)
    if case.asked.intent not in {"cause", "next_step"} and case.asked.also not in {"cause", "next_step"}:
        return said
    if case.asked.intent == "emergency" or case.asked.wants & {"catch", "course"}:
        return said
    return said + closing_question(differential(case.study, _asked_causes(case)), case.mode, case.context)


def _asked_causes(case: Case) -> tuple[str, ...]:
    return subjects(case.asked, case.study) if case.asked.labels else ()


def _meaning(case: Case) -> list[Statement]:
    shown = case.findings[:2]
    told = simpler(shown, case.mode) if "simpler" in case.asked.wants else [say_finding(f, case.mode) for f in shown]
    return [
        *guideline(case.passages, shown, case.mode, most=1, first=frozenset({"meaning"}), whatever_state=True),
        *(told or case.reply("no_positive")),
    ]


def _summary(case: Case) -> list[Statement]:
    lead = case.reply("not_cleared") if "well" in case.asked.wants else []
    if "change" in case.asked.wants and not case.asked.wants & {"well", "brief"}:  # "does it show anything new?"
        if case.prior is not None:
            return _comparison(case)
        lead += case.reply("comparison")
    hint = case.reply("report_hint") if case.asked.wants & {"report", "send"} else []
    if "brief" in case.asked.wants:
        return [*lead, *in_short(case.study, case.mode), *hint]
    said = [*lead, *([say_finding(f, case.mode) for f in positives(case.study)] or case.reply("no_positive"))]
    said += say_measurements(worth_saying(case.study), case.mode)
    for absent in (f for f in case.study.findings if f.state == "absent"):
        said += [say_finding(absent, case.mode), *_of_view(case, absent)]
    said += say_group([f for f in case.study.findings if f.state == "not_flagged"], "not_flagged", case.mode)
    return [*said, *say_unseen(case.study, case.mode), *hint]


def _comparison(case: Case) -> list[Statement]:
    if case.prior is None:
        return case.reply("comparison") + [say_finding(f, case.mode) for f in case.findings[:2]]
    return say_changes(case.study, case.prior, case.asked.labels, case.mode) or case.reply("no_positive")


def _system(case: Case) -> list[Statement]:
    if own := own_words(case.asked.wants, case.mode):
        return own
    if "sought" in case.asked.wants:
        return sought(case.study, case.mode)
    if case.asked.wants & {"send", "language"}:
        return _beside_the_film(case)
    if "view" in case.asked.wants:
        view = case.study.view
        return case.reply("view_unknown") if view == "unknown" else case.reply("view_is", view=view)
    if "unseen" in case.asked.wants:
        return unseen(case.study, case.mode)
    return case.reply("system") + say_unseen(case.study, case.mode)


def _emergency(case: Case) -> list[Statement]:
    # "He fell, he has chest pain. Fracture?" is a case as well: what it names is told, after the help.
    named = [f for f in case.findings if f.label in case.asked.labels]
    return case.reply("emergency") + [say_finding(f, case.mode) for f in named[:MOST_POSITIVES]]


def _unclear(case: Case) -> list[Statement]:
    if case.asked.wants & {"decision", "vitals", "send", "language"}:
        return _beside_the_film(case)
    # Whatever was asked of a finding, what is known of it can't be wrong.
    return case.reply("unclear") + [say_finding(f, case.mode) for f in case.findings if f.label in case.asked.labels]


def _beside_the_film(case: Case) -> list[Statement]:
    return beside_the_film(case.asked.wants, case.study, case.mode)


def _recall(case: Case) -> list[Statement]:
    if case.asked.recalled is None:
        return case.reply("recall_nothing")
    return say_recalled(case.asked.recalled, case.study, case.mode)


def _region(case: Case) -> list[Statement]:
    named = [f for f in case.findings if f.label in case.asked.labels]
    return say_region(case.asked.region, named[:MOST_POSITIVES], case.mode)


BUILDERS: dict[Intent, Callable[[Case], list[Statement]]] = {
    "finding": _finding,
    "certainty": _certainty,
    "location": _location,
    "measurement": _measurement,
    "next_step": _next_step,
    "cause": _cause,
    "meaning": _meaning,
    "summary": _summary,
    "comparison": _comparison,
    "urgency": urgency,
    "system": _system,
    "small_talk": lambda case: courtesy(case.asked.wants, case.mode),
    "treatment": lambda case: case.reply("treatment"),
    "doctor": lambda case: [
        *(case.reply("no_sending") if "send" in case.asked.wants else []),
        *questions_for_the_doctor(case.findings[:2], case.mode),
    ],
    "pressure": lambda case: no_pretence([f for f in case.findings if f.label in case.asked.labels], case.mode),
    "emergency": _emergency,
    "similar": lambda case: say_cases(case.cases, case.mode),
    "self_harm": lambda case: case.reply("self_harm"),
    "out_of_scope": _beside_the_film,
    "unclear": _unclear,
    "recall": _recall,
    "region": _region,
}
