"""The formats that a report is given in: one function each, from a study and its impression to a response.

The server keeps no source file, so the DICOM objects are a new study of an unknown patient.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.responses import JSONResponse, Response

from chatcad import DISCLAIMER, export
from chatcad.types import SimilarCase, Study, Turn

Write = Callable[[Study, Turn, tuple[SimilarCase, ...]], Response]


def as_json(study: Study, impression: Turn, others: tuple[SimilarCase, ...]) -> Response:
    """Return what ``report --json`` prints."""
    from chatcad.commands.report import report_to_json

    return JSONResponse({"disclaimer": DISCLAIMER, **report_to_json(study, impression, others)})


def _one_file(wanted: export.Format, media_type: str) -> Write:
    """Return what writes a format as its only file, as `report --export` does."""

    def write(study: Study, impression: Turn, others: tuple[SimilarCase, ...]) -> Response:
        (content,) = export.files(export.worded(study, impression, others), wanted).values()
        return Response(content, media_type=media_type)

    return write


def _archive(*wanted: export.Format) -> Write:
    """Return what writes formats of several files as one ZIP archive."""

    def write(study: Study, impression: Turn, others: tuple[SimilarCase, ...]) -> Response:
        report = export.worded(study, impression, others)
        made = {name: data for one in wanted for name, data in export.files(report, one).items()}
        return Response(export.zipped(made), media_type="application/zip")

    return write


FORMATS: Mapping[str, Write] = {
    "json": as_json,
    "md": _one_file("md", "text/markdown"),
    "pdf": _one_file("pdf", "application/pdf"),
    "fhir": _archive("fhir"),
    "dicom": _archive(*export.DICOM),
}
