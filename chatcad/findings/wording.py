"""Facts in words: the one true sentence for each fact, for the clinician and for the patient.

The templates are data (``prompts/wording.yaml``). What is true of the film is decided in ``bands`` and
``measure``; this module only says it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import yaml

from chatcad.config import ROOT
from chatcad.findings.bands import POSSIBLE
from chatcad.findings.measure import limits, shown, standing
from chatcad.types import Finding, Measurement, Mode, Study
from chatcad.vocabulary import terms


@lru_cache(maxsize=1)
def _templates() -> dict[str, Any]:
    text = (ROOT / "prompts" / "wording.yaml").read_text(encoding="utf-8")
    templates: dict[str, Any] = yaml.safe_load(text)
    return templates


def describe(finding: Finding, mode: Mode) -> str:
    """Return the sentence that says one finding.

    Parameters
    ----------
    finding
        Any state; ``not_assessed`` is said as such and never as absent.
    mode
        ``"clinician"`` gives the field's term and, for assessed findings, the probability; ``"patient"`` plain words.
        A weak detector's number is left to the table: its low prevalence reads as a denial beside "possible".
    """
    key = _template_of(finding)
    term = terms()[finding.label]
    template: str = _templates()[mode][key]
    return template.format(
        Name=_capital(term.name),
        plain=term.plain,
        where=where(finding, mode),
        probability=_two_places(finding.probability),
        threshold=_two_places(finding.threshold),
    )


def clause(finding: Finding, mode: Mode) -> str:
    """Return one finding as a clause without its number: what a longer sentence lists."""
    term, state = terms()[finding.label], finding.state
    key = finding.band if state == "present" else "possible" if state == "uncertain" else state
    template: str = _templates()["clauses"][mode][key]
    return template.format(name=term.name, plain=term.plain, where=where(finding, mode))


def measured_clause(measurement: Measurement) -> str:
    """Return one measurement as a clinician's clause: its value, and where that lies."""
    name, place = measurement.name.removesuffix("_mm").replace("_", " "), standing(measurement)
    return f"the {name} is {shown(measurement)}, {place} its reference"


def _template_of(finding: Finding) -> str:
    if finding.state in {"absent", "not_flagged", "not_assessed"}:
        return finding.state
    if finding.state != "present" and finding.reliability == "weak":
        return "possible_weak"
    if finding.state == "present" or finding.probability is None:
        return str(finding.band)
    if finding.probability >= POSSIBLE:
        return "possible"
    # A low probability that is called possible needs its reason, or it reads as a slip.
    fired = finding.threshold is not None and finding.probability >= finding.threshold
    return "possible_low" if fired else "possible_measured"


def _two_places(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def where(finding: Finding, mode: Mode) -> str:
    """Return the place of a finding as a phrase with its leading space, or ``""``."""
    if finding.side is None:
        return ""
    side = " on both sides" if finding.side == "bilateral" else f" on the {finding.side} side"
    if mode == "patient" or finding.zone is None:
        return side
    return f"{side}, {finding.zone} zone"


def describe_group(findings: Iterable[Finding], state: str, mode: Mode) -> str:
    """Return one sentence that names several findings of the state ``not_flagged`` or ``not_assessed``."""
    names = [terms()[f.label].name if mode == "clinician" else terms()[f.label].plain for f in findings]
    template: str = _templates()["groups"][mode][state]
    return template.format(names=", ".join(names))


def describe_measurement(measurement: Measurement, mode: Mode) -> tuple[str, ...]:
    """Return the sentences that say a measurement: its value against the reference, then its caveat."""
    words, place = _templates()["measurements"][mode][measurement.name], standing(measurement)
    if measurement.value is None:
        return (words["withheld"].format(caveat=measurement.caveat),)
    low, high = (f"{limit:.{0 if measurement.unit == 'mm' else 2}f}" for limit in limits(measurement.name))
    said: str = words[place].format(value=shown(measurement), low=low, high=high)
    if measurement.caveat is None or (place == "within" and measurement.unit != "mm"):
        return (said,)  # what widens can't make a heart look smaller
    caveat: str = words.get("caveat", "{Caveat}.")
    return said, caveat.format(Caveat=_capital(measurement.caveat))


def measurement_line(measurement: Measurement) -> str:
    """Return a measurement as one line of a table: id, name, value, reference, and the caveat where there is one."""
    caveat = "" if measurement.caveat is None else f"; {measurement.caveat}"
    name = measurement.name.removesuffix("_mm").replace("_", " ")
    return f"{measurement.id} {name}: {shown(measurement)} (reference {measurement.reference}{caveat})"


def positives(study: Study) -> tuple[Finding, ...]:
    """Return the present and uncertain findings: present first, assessed before weak, then by probability."""
    flagged = [f for f in study.findings if f.state in {"present", "uncertain"}]
    return tuple(
        sorted(flagged, key=lambda f: (f.state != "present", f.reliability == "weak", -(f.probability or 0.0)))
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
