"""How soon help is needed, who decides on waiting, and how it will go: what a film can and can't say of it.

It knows fixed words (``prompts/replies.yaml``), and facts and passages that it is handed.
"""

from __future__ import annotations

import re

from chatcad.checking.draft import split_sentences
from chatcad.planning.case import Case
from chatcad.planning.statements import guideline, of_another_illness, say_finding
from chatcad.types import Statement

COURSE = re.compile(
    r"\b(?:heals?|healed|recovers?|fades?|clears? up|go(?:es)? away|gets? better|resolves?|improves?)\b", re.IGNORECASE
)
"""How a passage speaks of the way that an illness goes."""


def course(case: Case) -> list[Statement]:
    """Return what a film can say of the way that it will go: that it can't tell, and what passages say of it."""
    shown = case.findings[:2]
    on_course = [p for p in case.passages if not of_another_illness(p) and COURSE.search(split_sentences(p.text)[0])]
    return [
        *case.reply("course"),
        *([say_finding(f, case.mode) for f in shown] or case.reply("no_positive")),
        *guideline(on_course, shown, case.mode, most=1),
    ]


def urgency(case: Case) -> list[Statement]:
    """Return how soon help is needed, as far as a film can say; who may go home or wait is others' to decide."""
    shown = case.findings[:2]
    # Who may go home, or may wait, is decided by who sees the patient: that comes first.
    decides = "decision" in case.asked.wants
    return [
        *(case.reply("decision") if decides else []),
        *[say_finding(f, case.mode) for f in shown],
        *([] if decides else case.reply("urgency")),
        *guideline([p for p in case.passages if "urgency" in p.topics], shown, case.mode, most=1),
    ]
