"""Close an answer: its sentences become one turn with citations, reading grade and run data."""

from __future__ import annotations

from collections.abc import Mapping

from chatcad.types import Language, Mode, Passage, Plan, Sentence, Turn


def finish(
    question: str,
    plan: Plan,
    sentences: tuple[Sentence, ...],
    passages: tuple[Passage, ...],
    *,
    mode: Mode,
    language: Language,
    prompt_sha256: str,
    backend: str,
    timings_ms: Mapping[str, float],
    machine: Mapping[str, str | int],
    missing: tuple[str, ...] = (),
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
        readability_grade=reading_grade(" ".join(s.text for s in sentences), language),
        prompt_sha256=prompt_sha256,
        backend=backend,
        timings_ms=dict(timings_ms),
        machine=dict(machine),
        language=language,
        region=plan.region,
        missing=missing,
    )


def reading_grade(text: str, language: Language = "en") -> float:
    """Return the school grade that a text needs, 0 for an empty one.

    English: Flesch-Kincaid (Kincaid 1975). German: first Wiener Sachtextformel (Bamberger and Vanecek 1984). Spanish:
    Crawford (1989), years of schooling; it was made for primary school.
    """
    if not text.strip():
        return 0.0
    import warnings

    with warnings.catch_warnings():
        # textstat 0.7.4 imports pkg_resources, which warns of its own end; requirements.txt pins both.
        warnings.simplefilter("ignore", UserWarning)
        from textstat.textstat import textstatistics

    measure = textstatistics()  # of its own: the module's one shares its language among all threads
    if language != "en":  # which begins as American English; plain "en" divides words into other syllables
        measure.set_lang(language)
    if language == "de":
        return round(max(0.0, float(measure.wiener_sachtextformel(text, 1))), 1)
    if language == "es":
        return round(max(0.0, float(measure.crawford(text))), 1)
    return round(max(0.0, float(measure.flesch_kincaid_grade(text))), 1)
