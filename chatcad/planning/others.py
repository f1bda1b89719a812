"""Other films' reports in statements: quoted as they are stored, said to be no fact of this film."""

from __future__ import annotations

from collections.abc import Sequence

from chatcad.language import words_for
from chatcad.planning.statements import replies
from chatcad.types import Mode, SimilarCase, Statement

ORIGINS = {"archive": "your archive", "simulated": "simulated"}


def say_cases(cases: Sequence[SimilarCase], mode: Mode) -> list[Statement]:
    """Return the similar cases in statements that no model words; a patient is told that they aren't shown."""
    if mode == "patient" or not cases:
        return replies("similar_none", mode)
    return replies("similar", mode) + [s for case in cases for s in _quoted(case, mode)]


def _quoted(case: SimilarCase, mode: Mode) -> list[Statement]:
    key = "similar_case_more" if case.extra else "similar_case" if case.shared else "similar_case_clear"
    shared, extra = (", ".join(words_for(label).short for label in labels) for labels in (case.shared, case.extra))
    origin = ORIGINS[case.origin]
    return replies(key, mode, case=case.key, origin=origin, shared=shared, extra=extra, text=case.text)
