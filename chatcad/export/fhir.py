"""FHIR: a preliminary DiagnosticReport with its Observations and the Device, as a Bundle, for R4 and for R5.

No resource has a subject: the receiver knows whose film it is, this program doesn't (and mustn't) say it.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, get_args

from chatcad import DISCLAIMER, __version__
from chatcad.export import codes
from chatcad.export.report import Report
from chatcad.export.source import MANUFACTURER, MODEL
from chatcad.findings.measure import limits
from chatcad.findings.wording import measurement_line, where
from chatcad.types import Finding, Measurement

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydicom.sr.coding import Code

Release = Literal["R4", "R5"]
RELEASES: tuple[Release, ...] = get_args(Release)
Resource = dict[str, Any]

_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
_SYSTEMS = {
    "SCT": "http://snomed.info/sct",
    "DCM": "http://dicom.nema.org/resources/ontology/DCM",
    codes.PRIVATE: "urn:chatcad:codes",
}
_IMAGING = {"coding": [{"system": f"{_TERMINOLOGY}observation-category", "code": "imaging", "display": "Imaging"}]}
_RADIOLOGY = {"coding": [{"system": f"{_TERMINOLOGY}v2-0074", "code": "RAD", "display": "Radiology"}]}
_STUDY = {
    "coding": [{"system": "http://loinc.org", "code": "18748-4", "display": "Diagnostic imaging study"}],
    "text": "Frontal chest radiograph, read by a machine",
}


def bundle(report: Report, release: Release) -> BaseModel:
    """Return the report as a validated Bundle of type ``collection``.

    Parameters
    ----------
    report
        A not assessed finding is an Observation without a value (``dataAbsentReason``), a not flagged one has a
        state of its own: neither is absent.
    release
        ``"R4"`` is written by the models of R4B, which differs from it in none of the resources used here.

    Raises
    ------
    pydantic.ValidationError
        The resources break the release's rules: an error of this program.
    """
    if release == "R4":
        from fhir.resources.R4B.bundle import Bundle
    else:
        from fhir.resources.bundle import Bundle
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    device = _device(release)
    observations = list(_observations(report, _url(report, "device"), now))
    named = {_url(report, o["identifier"][0]["value"]): o for o in observations}
    main = _main(report, list(named), now)
    entries = {_url(report, "report"): main, **named, _url(report, "device"): device}
    made: BaseModel = Bundle.model_validate(
        {
            "resourceType": "Bundle",
            "type": "collection",
            "timestamp": now,
            "entry": [{"fullUrl": url, "resource": resource} for url, resource in entries.items()],
        }
    )
    return made


def _url(report: Report, name: str) -> str:
    """Return an address that is the same whenever the same film is exported again by the same version."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, f'{report.study.radiograph.sha256} {__version__} {name}')}"


def _main(report: Report, results: list[str], now: str) -> Resource:
    said = [*report.impression] or [line for line in report.findings.splitlines() if line.strip()]
    return {
        "resourceType": "DiagnosticReport",
        "identifier": [{"system": "urn:chatcad:film-sha256", "value": report.study.radiograph.sha256}],
        "status": "preliminary",
        "category": [_RADIOLOGY],
        "code": _STUDY,
        "issued": now,
        "result": [{"reference": url} for url in results],
        "conclusion": "\n".join([*report.remarks, *said]),
    }


def _device(release: Release) -> Resource:
    named = {"R4": {"deviceName": [{"name": MODEL, "type": "model-name"}]},
             "R5": {"name": [{"value": MODEL, "type": "registered-name"}]}}[release]  # fmt: skip
    note = {"text": DISCLAIMER}
    return {"resourceType": "Device", "manufacturer": MANUFACTURER, "version": [{"value": __version__}],
            "note": [note], **named}  # fmt: skip


def _observations(report: Report, device: str, now: str) -> Iterator[Resource]:
    common = {
        "resourceType": "Observation",
        "status": "preliminary",
        "category": [_IMAGING],
        "issued": now,
        "device": {"reference": device},
    }
    for measurement in report.study.measurements:
        yield common | _measured(measurement)
    for finding in report.study.findings:
        yield common | _found(finding, report)


def _measured(measurement: Measurement) -> Resource:
    resource: Resource = {
        "identifier": _identifier(measurement.id),
        "code": _concept(codes.MEASUREMENTS[measurement.name]),
        "note": [{"text": measurement_line(measurement)}],
    }
    low, high = limits(measurement.name)
    unit = codes.UNITS[measurement.unit]
    if measurement.value is None:
        return resource | {"dataAbsentReason": _absent("unknown", "withheld: the outlines don't bear it")}
    resource["valueQuantity"] = _quantity(measurement.value, unit)
    # A ratio has no lower bound but nought, which bounds nothing.
    bounds = {"low": _quantity(low, unit), "high": _quantity(high, unit)} if low else {"high": _quantity(high, unit)}
    resource["referenceRange"] = [bounds | {"text": "PA film"}]
    return resource


def _quantity(value: float, unit: Code) -> Resource:
    return {"value": value, "unit": unit.meaning, "system": "http://unitsofmeasure.org", "code": unit.value}


def _found(finding: Finding, report: Report) -> Resource:
    sha256 = report.study.run.weights_sha256.get(finding.network or "")
    resource: Resource = {
        "identifier": _identifier(finding.id),
        "code": _concept(codes.FINDINGS[finding.label]),
        "component": [
            _component(codes.DETECTOR, valueCodeableConcept=_concept(codes.RELIABILITY[finding.reliability]))
        ],
    }
    if (site := codes.site_of(finding)) is not None:
        resource["bodySite"] = _concept(site, f"{site.meaning}{where(finding, 'clinician')}")
    if finding.state == "not_assessed":
        return resource | {"dataAbsentReason": _absent("not-performed", codes.STATES[finding.state].meaning)}
    resource["valueCodeableConcept"] = _concept(codes.STATES[finding.state])
    for name, value in ((codes.PROBABILITY, finding.probability), (codes.THRESHOLD, finding.threshold)):
        if value is not None:
            resource["component"].append(_component(name, valueQuantity=_quantity(round(value, 4), codes.UNITS["1"])))
    if finding.network:
        weights = f", weights sha256 {sha256}" if sha256 else ""
        resource["method"] = {"text": f"ChatCAD {finding.network} {__version__}{weights}"}
    return resource


def _identifier(fact: str) -> list[Resource]:
    return [{"system": "urn:chatcad:fact", "value": fact}]


def _component(name: Code, **value: Resource) -> Resource:
    return {"code": _concept(name), **value}


def _absent(code: str, words: str) -> Resource:
    return {"coding": [{"system": f"{_TERMINOLOGY}data-absent-reason", "code": code}], "text": words}


def _concept(code: Code, text: str = "") -> Resource:
    coding = {"system": _SYSTEMS[code.scheme_designator], "code": code.value, "display": code.meaning}
    return {"coding": [coding], "text": text or code.meaning}
