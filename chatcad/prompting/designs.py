"""ChatCAD's three prompt designs: how the facts are written for the model.

P1 direct gives scores as numbers; P2 simplistic lists what is flagged, else "No Finding"; P3 illustrative gives
levels in words (arXiv 2302.07257; naming of arXiv 2305.15964). All three say what was not assessed.
"""

from __future__ import annotations

from chatcad.findings.measure import shown
from chatcad.findings.wording import where
from chatcad.types import Finding, PromptDesign, Study
from chatcad.vocabulary import terms


def write_facts(study: Study, design: PromptDesign) -> str:
    """Return the facts of a study as lines, in one of the three designs.

    Parameters
    ----------
    study
        The film's facts.
    design
        ``"P1"``, ``"P2"`` or ``"P3"``.
    """
    lines = {"P1": _direct, "P2": _simplistic, "P3": _illustrative}[design](study)
    lines += [f"{m.id} {m.name.replace('_', ' ')}: {shown(m)}" for m in study.measurements if m.value is not None]
    unseen = [terms()[f.label].name for f in study.findings if f.state == "not_assessed"]
    return "\n".join([*lines, f"view: {study.view}", f"not assessed: {', '.join(unseen) or 'nothing'}"])


def _seen(study: Study) -> list[Finding]:
    return [f for f in study.findings if f.state != "not_assessed"]


def _direct(study: Study) -> list[str]:
    return [f"{f.id} {terms()[f.label].name}: {f.probability:.2f}" for f in _seen(study) if f.probability is not None]


def _simplistic(study: Study) -> list[str]:
    flagged = [f for f in _seen(study) if f.state in {"present", "uncertain"}]
    return [f"{f.id} {terms()[f.label].name}" for f in flagged] or ["No Finding"]


def _illustrative(study: Study) -> list[str]:
    levels = {"not_flagged": "not flagged", "absent": "unlikely"}
    return [
        f"{f.id} {terms()[f.label].name}: {levels.get(f.state, f.band)}{where(f, 'clinician')}" for f in _seen(study)
    ]
