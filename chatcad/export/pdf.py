"""PDF: the report on A4, for the clinician with its tables, for the patient in plain words and large print.

It knows which section comes where. Every sentence comes from the report or is made from its facts; headings and fixed
words are data (``prompts/document.yaml`` and its translations).
"""

from __future__ import annotations

import datetime
import io
from collections.abc import Iterator, Sequence
from typing import Any

from PIL import Image as Picture
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Image, KeepTogether, Spacer

from chatcad import __version__
from chatcad.export.layout import Style, beside, bullets, columns, grid, paragraph, write
from chatcad.export.report import Report
from chatcad.findings.measure import limits, shown
from chatcad.findings.wording import describe, describe_group, describe_measurement, positives, where
from chatcad.language import decimal, speaking, table, words_for
from chatcad.retrieval.glossary import glossary
from chatcad.types import Finding, Measurement, State
from chatcad.ui.overlay import Layers, everything, render

Words = dict[str, Any]

_PICTURE_WIDTH, _PICTURE_HEIGHT = 76 * mm, 80 * mm


def as_pdf(report: Report) -> bytes:
    """Return the report as a PDF file.

    Parameters
    ----------
    report
        ``mode`` chooses the document, ``language`` its words. The film is named by its sha256 prefix; nothing else of
        the patient's is known here.
    """
    with speaking(report.language):
        words = table("document")
        body = _clinician(report, words) if report.mode == "clinician" else _patient(report, words)
        return write(
            list(body),
            title=words["title"][report.mode],
            language=report.language,
            footer=words["disclaimer"][report.mode],
            page=words["page"],
        )


def _clinician(report: Report, words: Words) -> Iterator[Flowable]:
    study = report.study
    yield from _head(report, words)
    impression = words["impression_edited"] if report.edited else words["impression"]["clinician"]
    said = _said(report, words)
    film = _film(report, everything(study), words)
    yield beside(film, _section(impression, said), _PICTURE_WIDTH)
    yield from _measurements(report, words)
    yield from _findings(report, words)
    if report.edited:  # the machine's own draft would say the table again
        yield from _kept(_section(words["draft_edited"], report.findings.splitlines()))
    yield from _kept(_section(words["notes"], (*study.missing, *study.radiograph.warnings)))
    yield from _sources(report, words)
    yield from _method(report, words)


def _patient(report: Report, words: Words) -> Iterator[Flowable]:
    study = report.study
    yield from _head(report, words)
    said = _said(report, words)
    film = _film(report, Layers(lungs=True, heart=True, heat=everything(study).heat), words)
    yield beside(film, _section(words["impression"]["patient"], said, "large"), _PICTURE_WIDTH)
    yield paragraph(words["urgent"], "urgent")
    states: tuple[State, ...] = ("absent", "not_flagged", "not_assessed")
    for state in states:
        names = [words_for(f.label).plain for f in study.findings if f.state == state]
        if names:
            yield paragraph(words["groups"][state], "heading")
            yield columns(names, "item")
    if report.language == "en":
        found = {e.entry.term: e.entry.plain for e in glossary().find(" ".join(said))}
        yield from _kept(_section(words["glossary"], [f"{term}: {plain}" for term, plain in found.items()]))
    yield from _sources(report, words)


def _said(report: Report, words: Words) -> tuple[str, ...]:
    """Return the impression; without one, what is flagged. That nothing is flagged is said as what it is."""
    flagged = tuple(describe(f, report.mode) for f in positives(report.study))
    nothing = () if flagged or report.edited else (words["nothing"][report.mode],)
    return (*nothing, *(report.impression or flagged))


def _head(report: Report, words: Words) -> Iterator[Flowable]:
    facts = {
        words["film"]: report.film,
        words["view"]: report.study.view if report.mode == "clinician" else "",
        words["made"]: datetime.datetime.now(datetime.UTC).date().isoformat(),
        words["program"]: f"ChatCAD {__version__}",
    }
    yield paragraph(words["title"][report.mode], "title")
    yield paragraph(words["subtitle"][report.mode], "subtitle")
    yield paragraph("  ·  ".join(f"{name}: {value}" for name, value in facts.items() if value), "small")
    yield paragraph(words["disclaimer"][report.mode], "warning")


def _film(report: Report, layers: Layers, words: Words) -> list[Flowable]:
    """Return the drawn film with its legend; it travels inside the file."""
    drawn = render(report.study, layers)
    buffer = io.BytesIO()
    Picture.fromarray(drawn).save(buffer, format="JPEG", quality=92, subsampling=0)
    buffer.seek(0)
    height, width = drawn.shape[:2]
    scale = min(_PICTURE_WIDTH / width, _PICTURE_HEIGHT / height)
    heat = ""
    if layers.heat:
        called = words_for(layers.heat)
        name = called.short if report.mode == "clinician" else called.plain
        heat = words["heat"][report.mode].format(name=name)
    legend = words["picture"][report.mode].format(heat=heat)
    return [Image(buffer, scale * width, scale * height), paragraph(legend, "small")]


def _section(heading: str, lines: Sequence[str], style: Style = "body") -> list[Flowable]:
    said = [line for line in lines if line.strip()]
    return [paragraph(heading, "heading"), bullets(said, style)] if said else []


def _kept(section: list[Flowable]) -> list[Flowable]:
    """Keep a heading with its list where the page has room."""
    return [KeepTogether(section)] if section else []


def _measurements(report: Report, words: Words) -> Iterator[Flowable]:
    if not report.study.measurements:
        return
    titles = words["columns"]
    rows = [
        (words["names"][m.name], words["withheld"] if m.value is None else decimal(shown(m)), _reference(m, words))
        for m in report.study.measurements
    ]
    head = (titles["measurement"], titles["value"], titles["reference"])
    said = [(m, describe_measurement(m, "clinician")) for m in report.study.measurements]
    notes = [s for m, sentences in said for s in (sentences[1:] if m.value is not None else sentences)]
    yield KeepTogether(
        [paragraph(words["measurements"], "heading"), grid(head, rows, (0.46, 0.2, 0.34))]
        + [paragraph(note, "small") for note in dict.fromkeys(notes)]
    )


def _reference(measurement: Measurement, words: Words) -> str:
    low, high = (decimal(f"{v:.{0 if measurement.unit == 'mm' else 2}f}") for v in limits(measurement.name))
    kind = "upto" if limits(measurement.name)[0] == 0 else "between"
    return str(words["references"][kind].format(low=low, high=high))


def _findings(report: Report, words: Words) -> Iterator[Flowable]:
    """Yield every finding that was looked for, the flagged ones first, then the names of those that were not."""
    flagged = positives(report.study)
    order: tuple[State, ...] = ("absent", "not_flagged")
    listed = [*flagged, *(f for state in order for f in report.study.findings if f.state == state)]
    titles = words["columns"]
    head = (titles["finding"], titles["state"], titles["probability"], titles["detector"])
    yield paragraph(words["findings"], "heading")
    yield grid(head, [_row(f, words) for f in listed], (0.25, 0.33, 0.13, 0.29), range(len(flagged)))
    missing = [f for f in report.study.findings if f.state == "not_assessed"]
    if missing:
        yield Spacer(0, 2 * mm)
        yield paragraph(describe_group(missing, "not_assessed", "clinician"))


def _row(finding: Finding, words: Words) -> tuple[str, str, str, str]:
    name = words_for(finding.label).short + where(finding, "clinician")
    level = finding.band if finding.state in {"present", "uncertain"} else finding.state
    chance = "" if finding.probability is None else decimal(f"{finding.probability:.2f}")
    return name[:1].upper() + name[1:], words["states"][level], chance, words["detectors"][finding.reliability]


def _sources(report: Report, words: Words) -> list[Flowable]:
    lines = [f"{p.title} ({p.where}). {p.url}" for p in report.passages]
    return _kept(_section(words["sources"][report.mode], lines))


def _method(report: Report, words: Words) -> Iterator[Flowable]:
    run = report.study.run
    networks = ", ".join(f"{name} {sha256[:12]}" for name, sha256 in run.weights_sha256.items())
    film = f"film sha256 {report.study.radiograph.sha256}"
    lines = filter(None, (networks and f"sha256: {networks}", report.author, film))
    yield KeepTogether([paragraph(words["method"], "heading"), *(paragraph(line, "small") for line in lines)])
