"""The formats that a report is given in: one function each, from a study and its impression to a response."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.responses import JSONResponse, Response

from chatcad import DISCLAIMER
from chatcad.types import SimilarCase, Study, Turn

Write = Callable[[Study, Turn, tuple[SimilarCase, ...]], Response]


def as_json(study: Study, impression: Turn, others: tuple[SimilarCase, ...]) -> Response:
    """Return what ``report --json`` prints."""
    from chatcad.commands.report import report_to_json

    return JSONResponse({"disclaimer": DISCLAIMER, **report_to_json(study, impression, others)})


def as_markdown(study: Study, impression: Turn, others: tuple[SimilarCase, ...]) -> Response:
    """Return what ``report`` prints."""
    from chatcad import export
    from chatcad.export import markdown

    report = export.worded(study, impression, others)
    return Response(markdown.as_markdown(report) + "\n", media_type="text/markdown")


FORMATS: Mapping[str, Write] = {"json": as_json, "md": as_markdown}
