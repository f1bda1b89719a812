"""Close an answer: its sentences become one turn with citations, reading grade and run data."""

from __future__ import annotations

from collections.abc import Mapping

from chatcad.types import Mode, Passage, Plan, Sentence, Turn


def finish(
    question: str,
    plan: Plan,
    sentences: tuple[Sentence, ...],
    passages: tuple[Passage, ...],
    *,
    mode: Mode,
    prompt_sha256: str,
    backend: str,
    timings_ms: Mapping[str, float],
    machine: Mapping[str, str | int],
) -> Turn:
    """Return the finished turn of one question."""
    return Turn(
        question=question,
        sentences=sentences,
        passages=passages,
        mode=mode,
        intent=plan.intent,
        labels=plan.labels,
        urgent=plan.urgent,
        readability_grade=reading_grade(" ".join(s.text for s in sentences)),
        prompt_sha256=prompt_sha256,
        backend=backend,
        timings_ms=dict(timings_ms),
        machine=dict(machine),
    )


def reading_grade(text: str) -> float:
    """Return the Flesch-Kincaid grade of a text (Kincaid 1975), 0 for an empty one."""
    import warnings

    with warnings.catch_warnings():
        # textstat 0.7.4 imports pkg_resources, which warns of its own end; requirements.txt pins both.
        warnings.simplefilter("ignore", UserWarning)
        import textstat

    return round(max(0.0, float(textstat.flesch_kincaid_grade(text))), 1) if text.strip() else 0.0
