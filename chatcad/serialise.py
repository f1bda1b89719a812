"""The JSON shapes that other programs rely on (``analyse --json``, ``ask --json``), made from the dataclasses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from chatcad.retrieval.glossary import words_of
from chatcad.types import Finding, Measurement, Passage, Region, Sentence, SimilarCase, Study, Turn

if TYPE_CHECKING:
    from chatcad.planning.differential import Differential


def study_to_json(study: Study) -> dict[str, Any]:
    """Return a study as JSON-able data, without pixels, masks and heat maps."""
    film = study.radiograph
    return {
        "image": {
            "width": film.width,
            "height": film.height,
            "view": study.view,
            "spacing_mm": None if film.spacing_mm is None else list(film.spacing_mm),
            "sha256": film.sha256,
            "age_band": film.age_band,
            "sex": film.sex,
            "warnings": list(film.warnings),
        },
        "gate": {
            "accepted": study.gate.accepted,
            "score": round(study.gate.score, 4),
            "reason": study.gate.reason,
        },
        "findings": [_finding(f) for f in study.findings],
        "measurements": [_measurement(m) for m in study.measurements],
        "draft_report": study.draft_report,
        "run": {
            "versions": dict(study.run.versions),
            "weights_sha256": dict(study.run.weights_sha256),
            "timings_ms": _rounded(study.run.timings_ms),
        },
        "missing": list(study.missing),
    }


def turn_to_json(turn: Turn) -> dict[str, Any]:
    """Return one answered question as JSON-able data."""
    return {
        "question": turn.question,
        "answer": turn.answer,
        "sentences": [sentence_to_json(s) for s in turn.sentences],
        "citations": [_citation(p) for p in turn.citations],
        "glossary": words_of(turn),
        "intent": turn.intent,
        "mode": turn.mode,
        "language": turn.language,
        "readability_grade": turn.readability_grade,
        "urgent": turn.urgent,
        "prompt_sha256": turn.prompt_sha256,
        "backend": turn.backend,
        "machine": dict(turn.machine),
        "timings_ms": _rounded(turn.timings_ms),
        "region": None if turn.region is None else _region(turn.region),
        "missing": list(turn.missing),
    }


def sentence_to_json(sentence: Sentence) -> dict[str, Any]:
    """Return one checked sentence as JSON-able data."""
    return {
        "text": sentence.text,
        "support": list(sentence.support),
        "source": sentence.source,
        "checked": sentence.checked,
        "reason": sentence.reason,
    }


def differential_to_json(found: Differential, most: int = 8) -> list[dict[str, Any]]:
    """Return the candidate causes as JSON-able data, best supported first: no probability, since none was measured."""
    return [
        {
            "rank": rank,
            "cause": c.key,
            "name": c.cause.name,
            "explains": list(c.explains),
            "for": [fact.id for fact in c.speaks_for],
            "against": [fact.id for fact in c.speaks_against],
            "not_flagged": [f.id for f in c.not_flagged],
            "not_assessed": [f.id for f in c.not_assessed],
            "history_for": list(c.told_for),
            "history_against": list(c.told_against),
            "sources": list(c.sources),
        }
        for rank, c in enumerate(found.candidates[:most], 1)
    ]


def cases_to_json(cases: Sequence[SimilarCase]) -> list[dict[str, Any]]:
    """Return other films' reports as JSON-able data, most alike first."""
    return [
        {
            "id": c.key,
            "origin": c.origin,
            "score": round(c.score, 4),
            "shared": list(c.shared),
            "extra": list(c.extra),
            "text": c.text,
        }
        for c in cases
    ]


def passage_to_json(passage: Passage) -> dict[str, Any]:
    """Return one passage as ``knowledge search --json`` prints it."""
    return {
        "id": passage.key,
        "title": passage.title,
        "text": passage.text,
        "source": passage.source,
        "url": passage.url,
        "year": passage.year,
        "page": passage.page,
        "audience": passage.audience,
        "score": round(passage.score, 4),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    auroc = finding.held_out_auroc
    return {
        "id": finding.id,
        "label": finding.label,
        "state": finding.state,
        "reliability": None if finding.reliability == "not_assessed" else finding.reliability,
        "probability": None if finding.probability is None else round(finding.probability, 4),
        "band": finding.band,
        "side": finding.side,
        "zone": finding.zone,
        "network": finding.network,
        "threshold": None if finding.threshold is None else round(finding.threshold, 4),
        "held_out_auroc": None if auroc is None else round(auroc[0], 3),
        "held_out_auroc_interval": None if auroc is None else [round(v, 3) for v in auroc[1:]],
    }


def _region(region: Region) -> dict[str, Any]:
    return {
        "id": region.id,
        "box": list(region.box),
        "side": region.side,
        "zone": region.zone,
        "shares": {name: round(share, 3) for name, share in region.shares.items()},
        "area": round(region.area, 4),
        "heat": {label: round(share, 3) for label, share in region.heat.items()},
        "concentrated": list(region.hot),
        "scores": {label: [round(p, 4) for p in both] for label, both in region.scores.items()},
        "like_brightness": [list(point) for point in region.outline],
    }


def _measurement(measurement: Measurement) -> dict[str, Any]:
    return {
        "id": measurement.id,
        "name": measurement.name,
        "value": measurement.value,
        "unit": measurement.unit,
        "reference": measurement.reference,
        "caveat": measurement.caveat,
    }


def _citation(passage: Passage) -> dict[str, Any]:
    return {
        "id": passage.id,
        "key": passage.key,
        "title": passage.title,
        "source": passage.source,
        "url": passage.url,
        "year": passage.year,
        "page": passage.page,
    }


def _rounded(timings_ms: Any) -> dict[str, float]:
    return {name: round(value, 1) for name, value in timings_ms.items()}
