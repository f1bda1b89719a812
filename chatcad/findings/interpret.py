"""From one raw reading to one study: every label in the vocabulary gets exactly one fact."""

from __future__ import annotations

from dataclasses import replace
from importlib import metadata

from chatcad import __version__
from chatcad.findings.bands import judge
from chatcad.findings.location import locate
from chatcad.findings.measure import measure, speaks_for_enlargement
from chatcad.types import Finding, LabelReading, Masks, Measurement, Radiograph, Reading, RunRecord, Study, View
from chatcad.vocabulary import terms


def interpret(radiograph: Radiograph, reading: Reading) -> Study:
    """Return the study that a reading supports.

    Parameters
    ----------
    radiograph
        The film, for its allow-listed metadata.
    reading
        What the networks said. Labels that it doesn't name are ``not_assessed``.

    Returns
    -------
    Study
        Findings ``F1``, ``F2``, … in the vocabulary's order, so a label has the same id on every film.
    """
    by_label = {r.label: r for r in reading.labels}
    measurements = measure(reading.masks, reading.view, radiograph.spacing_mm)
    findings = tuple(
        _finding(f"F{number}", by_label.get(label, LabelReading(label, "not_assessed")), reading.masks)
        for number, label in enumerate(terms(), start=1)
    )
    return Study(
        radiograph=replace(radiograph, warnings=(*radiograph.warnings, *reading.warnings)),
        gate=reading.gate,
        view=reading.view,
        findings=tuple(_agree_with_ratio(f, measurements, reading.view) for f in findings),
        measurements=measurements,
        masks=reading.masks,
        draft_report=reading.draft,
        run=RunRecord(_versions(), dict(reading.weights_sha256), dict(reading.timings_ms)),
        missing=reading.missing,
    )


def _finding(name: str, reading: LabelReading, masks: Masks | None) -> Finding:
    state, band = judge(reading)
    positive = state in {"present", "uncertain"}
    side, zone = None, None
    if positive and masks is not None and reading.heat_map is not None and terms()[reading.label].sided:
        side, zone = locate(reading.heat_map, masks)
    return Finding(
        id=name,
        label=reading.label,
        state=state,
        reliability=reading.reliability,
        probability=reading.probability,
        band=band,
        side=side,
        zone=zone,
        network=reading.network,
        threshold=reading.threshold,
        held_out_auroc=reading.held_out_auroc,
        heat_map=reading.heat_map if positive else None,
    )


def _agree_with_ratio(finding: Finding, measurements: tuple[Measurement, ...], view: View) -> Finding:
    """Keep cardiomegaly open where the detector calls it absent and the measured ratio speaks for it."""
    if finding.label != "Cardiomegaly" or finding.state != "absent":
        return finding
    if not speaks_for_enlargement(measurements, view):
        return finding
    return replace(finding, state="uncertain", band="possible")


def _versions() -> dict[str, str]:
    return {"chatcad": __version__} | {p: metadata.version(p) for p in ("torch", "numpy", "pydicom")}
