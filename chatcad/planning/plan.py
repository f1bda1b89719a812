"""The plan of an answer: one builder per kind of question, each a short list of true statements.

Every statement is made from facts (``findings.wording``), from a passage, or from a fixed reply
(``prompts/replies.yaml``). What a builder leaves out, no model can add.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from chatcad.checking.claims import measures_in
from chatcad.checking.cues import LENGTH_UNIT
from chatcad.findings.change import Change, compare, ratio_change
from chatcad.findings.measure import worth_saying
from chatcad.findings.wording import positives, urgent
from chatcad.language import words_for
from chatcad.planning.care import no_pretence, questions_for_the_doctor
from chatcad.planning.causes import say_differential
from chatcad.planning.differential import NO_CONTEXT, differential
from chatcad.planning.history import closing_question, say_history, say_told
from chatcad.planning.others import say_cases
from chatcad.planning.pointing import say_region
from chatcad.planning.recall import say_recalled
from chatcad.planning.statements import guideline, replies, say_finding, say_group, say_measurements, say_unseen
from chatcad.planning.understand import Asked
from chatcad.types import Context, Finding, Intent, Measurement, Mode, Passage, Plan, SimilarCase, Statement, Study
from chatcad.vocabulary import terms

OF_THE_HEART = "Cardiomegaly"
MEASURED_BY = {
    OF_THE_HEART: ("cardiothoracic_ratio",),
    "Enlarged Cardiomediastinum": ("mediastinal_width_ratio",),
}
"""The measurements that are told with a finding."""
MOST_POSITIVES = 3
OPPOSITE = {"left": "right", "right": "left"}


@dataclass(frozen=True, slots=True)
class Case:
    """What a builder works from."""

    asked: Asked
    study: Study
    passages: tuple[Passage, ...]
    mode: Mode
    prior: Study | None
    context: Context = NO_CONTEXT
    cases: tuple[SimilarCase, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings that the question is about: those named, else the positive ones."""
        labels = subjects(self.asked, self.study)
        return tuple(f for label in labels if (f := self.study.finding(label)) is not None)

    def reply(self, key: str, support: tuple[str, ...] = (), **values: str) -> list[Statement]:
        """Return the fixed sentences of a reply."""
        return replies(key, self.mode, support, **values)


def subjects(asked: Asked, study: Study) -> tuple[str, ...]:
    """Return the labels that a question is about: those it names or measures, else the film's positive ones.

    "What next?" after a finding that nobody flagged is about the flagged ones too: it has no next step alone.
    """
    flagged = tuple(f.label for f in positives(study))
    if asked.labels:
        alone = asked.intent == "next_step" and not set(asked.labels) & set(flagged)
        return (*asked.labels[:1], *flagged) if alone else asked.labels
    if asked.intent == "measurement" and (named := measures_in(asked.question)):
        # Passages on the film's other findings have no place in an answer to "how wide is the mediastinum?".
        return tuple(label for label, names in MEASURED_BY.items() if set(names) & set(named))
    return flagged


def plan(
    asked: Asked,
    study: Study,
    passages: tuple[Passage, ...],
    mode: Mode,
    prior: Study | None = None,
    *,
    context: Context = NO_CONTEXT,
    cases: tuple[SimilarCase, ...] = (),
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
    """
    case = Case(asked, study, passages, mode, prior, context, cases)
    if asked.intent == "self_harm":  # the film, and what was found on it, are not the matter now
        said = (*BUILDERS["self_harm"](case), *case.reply("disclaimer"))
        return Plan(asked.intent, (), said, urgent=True)
    second = BUILDERS[asked.also](case) if asked.also is not None else []
    first = BUILDERS["emergency"](case) if asked.intent == "emergency" else []
    body = [*first, *_urgent_first(case), *BUILDERS[asked.intent](case), *second, *_told(case)]
    statements = [*body, *case.reply("disclaimer")]
    unique = tuple({s.text: s for s in statements}.values())
    return Plan(asked.intent, asked.labels, unique, urgent=bool(first or urgent(study)), region=asked.region)


def _urgent_first(case: Case) -> list[Statement]:
    return [say_finding(f, case.mode) for f in urgent(case.study)]


def _facts(case: Case, findings: Iterable[Finding]) -> list[Statement]:
    said = []
    for finding in findings:
        said.append(say_finding(finding, case.mode))
        said += say_measurements(_of_name(case, MEASURED_BY.get(finding.label, ())), case.mode)
    return said


def _of_name(case: Case, names: Iterable[str]) -> list[Measurement]:
    return [m for m in case.study.measurements if m.name in names]


def _finding(case: Case) -> list[Statement]:
    if measures_in(case.asked.question) and not case.asked.labels:
        return _measurement(case)
    shown, rest = _worth_a_sentence(case)
    said = [] if case.asked.labels else case.reply("unnamed")
    said += [*_facts(case, shown), *_sides(case, shown)] or case.reply("no_positive")
    for state in ("not_flagged", "not_assessed"):
        said += say_group([f for f in rest if f.state == state], state, case.mode)
    flagged = any(f.state in {"present", "uncertain"} for f in shown)
    topics = frozenset({"next_step"} if flagged else {"limits", "appearance"})
    said += guideline(case.passages, shown, case.mode, most=1, first=topics)
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
    for finding in findings:
        if asked is None or finding.side not in OPPOSITE or finding.side == asked:
            continue
        said += case.reply("other_side", (finding.id,), found=finding.side, asked=OPPOSITE[finding.side])
    return said


def _certainty(case: Case) -> list[Statement]:
    said = []
    for finding in case.findings[:MOST_POSITIVES]:
        said.append(say_finding(finding, case.mode))
        if finding.held_out_auroc is not None:
            auroc, low, high = (f"{v:.2f}" for v in finding.held_out_auroc)
            said += case.reply("auroc", (finding.id,), auroc=auroc, low=low, high=high)
    return said or case.reply("no_positive")


def _location(case: Case) -> list[Statement]:
    said = []
    for finding in case.findings[:MOST_POSITIVES]:
        said.append(say_finding(finding, case.mode))
        if finding.side is None and finding.state in {"present", "uncertain"} and terms()[finding.label].sided:
            said += case.reply("no_place", (finding.id,))
    return [*said, *_sides(case, case.findings[:MOST_POSITIVES])] or case.reply("no_positive")


def _measurement(case: Case) -> list[Statement]:
    said = say_measurements(_of_name(case, _asked_measures(case)), case.mode)
    about_other = [f for f in case.findings if f.label not in MEASURED_BY] if case.asked.labels else []
    if about_other:
        said = [*[say_finding(f, case.mode) for f in about_other], *case.reply("no_size"), *said]
    elif (heart := case.study.finding(OF_THE_HEART)) and "cardiothoracic_ratio" in _asked_measures(case):
        said.append(say_finding(heart, case.mode))
    if LENGTH_UNIT.search(case.asked.question) and case.study.radiograph.spacing_mm is None:
        said = case.reply("no_spacing") + said
    # Neither the film's other findings nor what else a passage says of this one answers "how wide is it?".
    measured = [f for f in case.findings if f.label in {*case.asked.labels, *MEASURED_BY}]
    fitting = [p for p in case.passages if "measurement" in p.topics]
    return said + guideline(fitting, measured, case.mode, most=1)


def _asked_measures(case: Case) -> tuple[str, ...]:
    """Return the measurements that a question is after: those it names or implies, else the heart's."""
    named = measures_in(case.asked.question)
    named += tuple(name for label in case.asked.labels for name in MEASURED_BY.get(label, ()))
    if not named or LENGTH_UNIT.search(case.asked.question):
        named += ("heart_width_mm",)
    return named if set(named) - {"heart_width_mm"} else ("cardiothoracic_ratio", *named)


def _next_step(case: Case) -> list[Statement]:
    shown = case.findings[:2]
    said = [say_finding(f, case.mode) for f in shown] or case.reply("no_positive")
    said += guideline(case.passages, shown, case.mode, most=2, first=frozenset({"next_step"}))
    return said + (case.reply("ask_doctor") if case.mode == "patient" else [])


def _cause(case: Case) -> list[Statement]:
    shown = case.findings[:2]
    found = differential(case.study, case.asked.labels, case.context)
    listed = say_differential(found, case.passages, case.context, case.mode)
    # A patient has the causes in plain words by now: the first sentence of a passage only says what the finding is.
    most = 2 if not listed else 1 if case.mode == "clinician" else 0
    quoted = guideline(case.passages, shown, case.mode, most=most, first=frozenset({"cause"})) if most else []
    return [
        *(_facts(case, shown) or case.reply("no_positive")),
        *case.reply("cause"),
        *say_told(case.context, case.mode),
        *listed,
        *quoted,
        *(case.reply("ask_doctor") if case.mode == "patient" and listed else []),
    ]


def _told(case: Case) -> list[Statement]:
    """Return what the history adds, and the one question to ask back where it would change the answer."""
    said = say_history(case.asked, case.study, case.findings, case.passages, mode=case.mode, context=case.context)
    if not {case.asked.intent, case.asked.also} & {"cause", "next_step"}:
        return said
    return said + closing_question(differential(case.study, case.asked.labels), case.mode, case.context)


def _meaning(case: Case) -> list[Statement]:
    shown = case.findings[:2]
    return [
        *guideline(case.passages, shown, case.mode, most=1, first=frozenset({"meaning"}), whatever_state=True),
        *([say_finding(f, case.mode) for f in shown] or case.reply("no_positive")),
    ]


def _summary(case: Case) -> list[Statement]:
    said = [say_finding(f, case.mode) for f in positives(case.study)] or case.reply("no_positive")
    said += say_measurements(worth_saying(case.study), case.mode)
    said += [say_finding(f, case.mode) for f in case.study.findings if f.state == "absent"]
    said += say_group([f for f in case.study.findings if f.state == "not_flagged"], "not_flagged", case.mode)
    return said + say_unseen(case.study, case.mode)


def _comparison(case: Case) -> list[Statement]:
    if case.prior is None:
        return case.reply("comparison") + [say_finding(f, case.mode) for f in case.findings[:2]]
    compared = _compared(case, case.prior)
    said = [s for change in compared for s in _say_change(case, change)]
    if any(c.now.label == OF_THE_HEART for c in compared):
        said += _compare_ratios(case, case.prior)
    return said or case.reply("no_positive")


def _compared(case: Case, prior: Study) -> list[Change]:
    """Return the labels asked for, else those that either film has: what is gone now is a change as well."""
    flagged = [f.label for film in (case.study, prior) for f in positives(film)[:MOST_POSITIVES]]
    labels = case.asked.labels or tuple(dict.fromkeys(flagged))
    pairs = [(prior.finding(label), case.study.finding(label)) for label in labels]
    return [compare(then, now, case.study, prior) for then, now in pairs if then is not None and now is not None]


def _say_change(case: Case, change: Change) -> list[Statement]:
    if change.apart is not None:
        words = words_for(change.now.label)
        apart = case.reply("prior_apart", (change.now.id,), name=words.name, plain=words.plain)
        return [*apart, say_finding(change.now, case.mode)]
    then, now = (say_finding(f, case.mode).text for f in (change.then, change.now))
    return case.reply("prior", (change.now.id,), then=then, now=now)


def _compare_ratios(case: Case, prior: Study) -> list[Statement]:
    ratios = ratio_change(case.study, prior)
    if ratios is None or ratios.then.value is None or ratios.now.value is None or not ratios.same_networks:
        return []
    said = []
    if case.mode == "clinician":
        then, now = (f"{m.value:.2f}" for m in (ratios.then, ratios.now))
        said = case.reply("prior_ratio", (ratios.now.id,), then=then, now=now)
    return said + (case.reply("views_differ") if prior.view != case.study.view else [])


def _urgency(case: Case) -> list[Statement]:
    shown = case.findings[:2]
    return [
        *[say_finding(f, case.mode) for f in shown],
        *case.reply("urgency"),
        *guideline(case.passages, shown, case.mode, most=1, first=frozenset({"urgency"})),
    ]


def _system(case: Case) -> list[Statement]:
    unseen = [f for f in case.study.findings if f.state == "not_assessed"]
    return case.reply("system") + say_group(unseen, "not_assessed", case.mode)


def _unclear(case: Case) -> list[Statement]:
    # Whatever was asked of a finding, what is known of it can't be wrong.
    return case.reply("unclear") + [say_finding(f, case.mode) for f in case.findings if f.label in case.asked.labels]


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
    "urgency": _urgency,
    "system": _system,
    "small_talk": lambda case: case.reply("small_talk"),
    "treatment": lambda case: case.reply("treatment"),
    "doctor": lambda case: questions_for_the_doctor(case.findings[:2], case.mode),
    "pressure": lambda case: no_pretence([f for f in case.findings if f.label in case.asked.labels], case.mode),
    "emergency": lambda case: case.reply("emergency"),
    "similar": lambda case: say_cases(case.cases, case.mode),
    "self_harm": lambda case: case.reply("self_harm"),
    "out_of_scope": lambda case: case.reply("out_of_scope"),
    "unclear": _unclear,
    "recall": _recall,
    "region": _region,
}
