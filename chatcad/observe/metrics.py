"""Figures in Prometheus' format: how long the stages take, what the check did, what was refused. No owner, no film."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from chatcad.observe.drift import Drift
from chatcad.types import Turn

REGISTRY = CollectorRegistry()
"""Of this process: a process of its own has its own figures."""

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30)
_READING = Histogram(
    "chatcad_read_seconds", "Reading one film, by stage", ["stage"], buckets=_SECONDS, registry=REGISTRY
)
_ANSWER = Histogram(
    "chatcad_answer_seconds", "Answering one question, by stage", ["stage"], buckets=_SECONDS, registry=REGISTRY
)
_FILMS = Counter("chatcad_films", "Films by outcome: read, or the kind of error", ["outcome"], registry=REGISTRY)
_QUESTIONS = Counter("chatcad_questions", "Questions by outcome", ["outcome"], registry=REGISTRY)
_SENTENCES = Counter("chatcad_sentences", "Sentences by what the check did", ["checked"], registry=REGISTRY)
_REQUESTS = Counter("chatcad_http_requests", "HTTP requests by part and status", ["part", "status"], registry=REGISTRY)
_SHIFT = Gauge(
    "chatcad_score_psi", "Population stability index of a label's scores, 30 days, where judged", ["label"],
    registry=REGISTRY,
)  # fmt: skip
WAITING = Gauge("chatcad_waiting", "Requests that wait for the models or use them", registry=REGISTRY)


def read(timings_ms: Mapping[str, float]) -> None:
    """Count a film that was read, with its stages' times in milliseconds."""
    _FILMS.labels("read").inc()
    _observe(_READING, timings_ms)


def refused(kind: str) -> None:
    """Count a film that was not read, by the class of its error."""
    _FILMS.labels(kind).inc()


def answered(turn: Turn) -> None:
    """Count an answer with its stages' times and its sentences' checks."""
    _QUESTIONS.labels("answered").inc()
    _observe(_ANSWER, turn.timings_ms)
    for sentence in turn.sentences:
        _SENTENCES.labels(sentence.checked).inc()


def drifted(drifts: Iterable[Drift]) -> None:
    """Set how far each label's scores have moved, where there are films enough to say."""
    for drift in drifts:
        if drift.verdict != "too few":
            _SHIFT.labels(drift.label).set(drift.psi)


def broke_off() -> None:
    """Count a question whose answer wasn't finished."""
    _QUESTIONS.labels("broken_off").inc()


def requested(part: str, status: int) -> None:
    """Count an HTTP response; ``part`` is ``"page"``, ``"api"`` or ``"checks"``."""
    _REQUESTS.labels(part, str(status)).inc()


def exposition() -> bytes:
    """Return all figures as text (Prometheus exposition format 0.0.4)."""
    return generate_latest(REGISTRY)


def _observe(histogram: Histogram, timings_ms: Mapping[str, float]) -> None:
    for stage, ms in timings_ms.items():
        histogram.labels(stage).observe(ms / 1e3)
