"""DICOM SR: a measurement report (TID 1500, PS3.16) of the facts, preliminary and unverified."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from chatcad import __version__
from chatcad.export import codes
from chatcad.export.report import Report
from chatcad.export.source import EQUIPMENT, MANUFACTURER, MODEL, Source
from chatcad.findings.wording import measurement_line
from chatcad.types import Finding, Measurement, Study

if TYPE_CHECKING:
    from highdicom.sr import ComprehensiveSR, FindingSite, MeasurementsAndQualitativeEvaluations
    from pydicom.sr.coding import Code

DEVICE_UID = "2.25.324568593452959045881952470364584796174"
"""Names the program, not one installation of it (PS3.5 B.2: a UUID-derived root needs no registration)."""
SERIES = 9001


def document(report: Report, source: Source) -> ComprehensiveSR:
    """Return the report as a Comprehensive SR document.

    Parameters
    ----------
    report
        Its study's measurements and findings become coded items, its impression and findings text items. A finding
        that is not flagged or not assessed has a state that says so; it is never absent.
    source
        The film; it is the document's evidence.
    """
    from highdicom import UID, sr
    from pydicom.sr.codedict import codes as known

    observer = sr.ObserverContext(
        observer_type=known.DCM.Device,
        observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
            uid=DEVICE_UID, name=MODEL, manufacturer_name=MANUFACTURER, model_name=MODEL, serial_number=__version__
        ),
    )
    content = sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=observer),
        procedure_reported=codes.CHEST_FILM,
        imaging_measurements=list(_groups(report.study, source)),
        title=known.DCM.ImagingMeasurementReport,
    )[0]
    content.ContentSequence.extend(_texts(report))
    made = sr.ComprehensiveSR(
        evidence=[source.header],
        content=content,
        series_instance_uid=UID(),
        series_number=SERIES,
        sop_instance_uid=UID(),
        instance_number=1,
        is_complete=False,
        is_final=False,
        is_verified=False,
        series_description="ChatCAD findings and measurements",
        coding_schemes=[_scheme()],
        specific_character_set="ISO_IR 192",
        **EQUIPMENT,
    )
    made.CompletionFlagDescription = "Machine-made, not verified by a reader"
    return made


def _scheme() -> Any:
    from highdicom.coding_schemes import CodingSchemeIdentificationItem

    return CodingSchemeIdentificationItem(
        designator=codes.PRIVATE, name="ChatCAD private codes", version=__version__, responsible_organization="ChatCAD"
    )


def _groups(study: Study, source: Source) -> Iterator[MeasurementsAndQualitativeEvaluations]:
    yield _measurements(study, source)
    for finding in study.findings:
        yield _finding(finding, study, source)


def _measurements(study: Study, source: Source) -> MeasurementsAndQualitativeEvaluations:
    from highdicom import sr

    measured = [m for m in study.measurements if m.value is not None]
    withheld = [m for m in study.measurements if m.value is None]
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(identifier="Measurements"),
        finding_type=codes.MEASURED,
        algorithm_id=_algorithm("segmenter", study),
        measurements=[_measurement(m) for m in measured],
        qualitative_evaluations=[_answer(codes.MEASUREMENTS[m.name], codes.WITHHELD) for m in withheld],
        source_images=_images(source),
    )


def _measurement(measurement: Measurement) -> Any:
    from highdicom import sr

    return sr.Measurement(
        name=codes.MEASUREMENTS[measurement.name],
        value=measurement.value,
        unit=codes.UNITS[measurement.unit],
        tracking_identifier=sr.TrackingIdentifier(identifier=measurement.id),
    )


def _finding(finding: Finding, study: Study, source: Source) -> MeasurementsAndQualitativeEvaluations:
    from highdicom import sr

    numbers = ((codes.PROBABILITY, finding.probability), (codes.THRESHOLD, finding.threshold))
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(identifier=finding.id),
        finding_type=codes.FINDINGS[finding.label],
        finding_sites=_sites(finding),
        algorithm_id=_algorithm(finding.network, study) if finding.network else None,
        measurements=[
            sr.Measurement(name=name, value=round(value, 4), unit=codes.UNITS["1"])
            for name, value in numbers
            if value is not None and finding.state != "not_assessed"
        ],
        qualitative_evaluations=[
            _answer(codes.PRESENCE, codes.STATES[finding.state]),
            _answer(codes.DETECTOR, codes.RELIABILITY[finding.reliability]),
        ],
        source_images=_images(source),
    )


def _sites(finding: Finding) -> list[FindingSite] | None:
    from highdicom.sr import FindingSite

    site = codes.site_of(finding)
    if site is None:
        return None
    side = None if finding.side is None else codes.SIDES[finding.side]
    zone = None if finding.zone is None else codes.ZONES[finding.zone]
    return [FindingSite(anatomic_location=site, laterality=side, topographical_modifier=zone)]


def _answer(name: Code, value: Code) -> Any:
    from highdicom.sr import QualitativeEvaluation

    return QualitativeEvaluation(name=name, value=value)


def _algorithm(network: str, study: Study) -> Any:
    from highdicom.sr import AlgorithmIdentification

    sha256 = study.run.weights_sha256.get(network)
    weights = [f"weights sha256 {sha256}"] if sha256 else None
    return AlgorithmIdentification(f"ChatCAD {network}", __version__, parameters=weights, manufacturer=MANUFACTURER)


def _images(source: Source) -> Any:
    from highdicom.sr import SourceImageForMeasurementGroup

    return [SourceImageForMeasurementGroup(source.header.SOPClassUID, source.header.SOPInstanceUID)]


def _texts(report: Report) -> Iterator[Any]:
    """Yield what a reader must see beside the codes: the research-only line first."""
    from highdicom.sr import RelationshipTypeValues, TextContentItem
    from pydicom.sr.codedict import codes as known

    said = [(known.DCM.Comment, r) for r in (*report.remarks, *report.study.radiograph.warnings)]
    said += [(known.DCM.Finding, line) for line in report.findings.splitlines() if line.strip()]
    said += [(known.DCM.Comment, measurement_line(m)) for m in report.study.measurements]
    said += [(known.DCM.Impression, line) for line in report.impression]
    said += [(known.DCM.History, f"As told, not from the film: {report.history}")] if report.history else []
    for name, text in said:
        yield TextContentItem(name, text, RelationshipTypeValues.CONTAINS)
