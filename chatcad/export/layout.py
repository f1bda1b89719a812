"""Paper: A4 pages with embedded fonts, a footer that repeats the research-only line, and page numbers.

It knows ReportLab and typography, and nothing of films.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any, Literal

import reportlab
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.enums import TA_LEFT
from reportlab.lib.fonts import addMapping
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    Flowable,
    ListFlowable,
    ListItem,
    Paragraph,
    SimpleDocTemplate,
    Table,
    TableStyle,
)

Style = Literal[
    "title", "subtitle", "heading", "body", "large", "item", "cell", "cell_head", "small", "warning", "urgent"
]

MARGIN, FOOTER = 18 * mm, 24 * mm
_PADDING = 6
"""Of ReportLab's frames, in points."""
CONTENT_WIDTH = A4[0] - 2 * MARGIN
INK, GREY, RULE, PALE = HexColor("#1b2733"), HexColor("#5a6875"), HexColor("#c9d2da"), HexColor("#f1f5f8")
_AMBER, _AMBER_PALE = HexColor("#8a5a00"), HexColor("#fff6df")
_RED, _RED_PALE = HexColor("#9b1c1c"), HexColor("#fdecec")
_FACES = {"Vera": (0, 0), "VeraBd": (1, 0), "VeraIt": (0, 1), "VeraBI": (1, 1)}


@lru_cache(maxsize=1)
def _fonts() -> str:
    """Register Bitstream Vera, which ReportLab carries and which may be embedded; return its family."""
    folder = Path(reportlab.__file__).parent / "fonts"
    for face, (bold, italic) in _FACES.items():
        pdfmetrics.registerFont(TTFont(face, str(folder / f"{face}.ttf")))
        addMapping("Vera", bold, italic, face)
    return "Vera"


@lru_cache(maxsize=1)
def _styles() -> dict[Style, ParagraphStyle]:
    def style(size: float, colour: Color = INK, *, bold: bool = False, **more: Any) -> ParagraphStyle:
        _fonts()
        return ParagraphStyle(
            "", fontName="VeraBd" if bold else "Vera", fontSize=size, leading=1.38 * size, textColor=colour,
            alignment=TA_LEFT, **more,
        )  # fmt: skip

    box: dict[str, Any] = {
        "borderPadding": (5, 7, 6, 7),
        "spaceBefore": 10,
        "spaceAfter": 14,
        "leftIndent": 7,
        "rightIndent": 7,
    }
    return {
        "title": style(17, bold=True),
        "subtitle": style(10, GREY, spaceAfter=5),
        "heading": style(11.5, bold=True, spaceBefore=13, spaceAfter=4, keepWithNext=1),
        "body": style(9.2, spaceAfter=3),
        "large": style(12, spaceAfter=5),
        "item": style(10.5, leftIndent=11, firstLineIndent=-11),
        "cell": style(8.2),
        "cell_head": style(7.6, GREY, bold=True),
        "small": style(7.6, GREY, spaceBefore=2, spaceAfter=2),
        "warning": style(9, _AMBER, backColor=_AMBER_PALE, borderColor=_AMBER, borderWidth=0.6, **box),
        "urgent": style(12, _RED, bold=True, backColor=_RED_PALE, borderColor=_RED, borderWidth=0.6, **box),
    }


def paragraph(text: str, style: Style = "body") -> Paragraph:
    """Return a text as a paragraph; nothing in it is markup."""
    return Paragraph(escape(text), _styles()[style])


def bullets(lines: Sequence[str], style: Style = "body") -> Flowable:
    """Return lines as a list."""
    items = [ListItem(paragraph(line, style), bulletColor=GREY) for line in lines]
    return ListFlowable(items, bulletType="bullet", start="•", leftIndent=11, bulletFontName="Vera", bulletFontSize=9)


def grid(
    head: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float], marked: Sequence[int] = ()
) -> Table:
    """Return a ruled table whose head is repeated on the next page.

    Parameters
    ----------
    head, rows
        Cells as plain text.
    widths
        Shares of the content's width, which add up to one.
    marked
        Rows with a tinted ground.
    """
    cells = [[paragraph(c, "cell_head") for c in head], *([paragraph(c, "cell") for c in row] for row in rows)]
    table = Table(cells, [w * CONTENT_WIDTH for w in widths], repeatRows=1)
    looks: list[Any] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, GREY),
        ("LINEBELOW", (0, 1), (-1, -1), 0.4, RULE),
        ("TOPPADDING", (0, 0), (-1, -1), 2.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
        ("LEFTPADDING", (0, 0), (-1, -1), 4),
        *(("BACKGROUND", (0, row + 1), (-1, row + 1), PALE) for row in marked),
    ]
    table.setStyle(TableStyle(looks))
    return table


def columns(lines: Sequence[str], style: Style, count: int = 2) -> Table:
    """Return short lines as a list in columns, read from left to right."""
    rows = [lines[i : i + count] for i in range(0, len(lines), count)]
    cells = [[paragraph(f"•  {line}", style) for line in row] + [""] * (count - len(row)) for row in rows]
    table = Table(cells, [CONTENT_WIDTH / count] * count)
    looks: list[Any] = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)]
    table.setStyle(TableStyle([*looks, ("TOPPADDING", (0, 0), (-1, -1), 1), ("BOTTOMPADDING", (0, 0), (-1, -1), 1)]))
    return table


def beside(left: Sequence[Flowable], right: Sequence[Flowable], left_width: float) -> Table:
    """Return two columns, their tops aligned."""
    gap = 6 * mm
    widths = [left_width + gap, CONTENT_WIDTH - left_width - gap]
    table = Table([[list(left), list(right)]], widths, splitInRow=1)
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (0, 0), gap),
                ("RIGHTPADDING", (1, 0), (1, 0), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 0),
            ]
        )
    )
    return table


def write(body: Sequence[Flowable], *, title: str, language: str, footer: str, page: str) -> bytes:
    """Return the pages as a PDF.

    Parameters
    ----------
    body
        What they hold.
    title, language
        Of the document, as its metadata say them.
    footer
        Repeated on every page.
    page
        A template with ``{page}`` and ``{pages}``.
    """
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=A4,
        leftMargin=MARGIN - _PADDING,
        rightMargin=MARGIN - _PADDING,
        topMargin=15 * mm,
        bottomMargin=FOOTER,
        title=title,
        author="ChatCAD",
        subject=footer,
        creator="ChatCAD",
        lang=language,
        displayDocTitle=True,
        initialFontName=_fonts(),
    )
    document.build(list(body), canvasmaker=_counting(footer, page))
    return buffer.getvalue()


def _counting(footer: str, page: str) -> type[Canvas]:
    """Return a canvas that writes its footers last, when the number of pages is known."""

    class Counting(Canvas):  # type: ignore[misc]
        def __init__(self, *arguments: Any, **more: Any) -> None:
            super().__init__(*arguments, **more)
            self.kept: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802  -- ReportLab's own spelling
            self.kept.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, state in enumerate(self.kept, start=1):
                self.__dict__.update(state)
                _foot(self, footer, page.format(page=number, pages=len(self.kept)))
                super().showPage()
            super().save()

    return Counting


def _foot(canvas: Canvas, footer: str, page: str) -> None:
    canvas.setStrokeColor(RULE)
    canvas.line(MARGIN, 18 * mm, A4[0] - MARGIN, 18 * mm)
    said = paragraph(footer, "small")
    width = CONTENT_WIDTH - 30 * mm
    _, height = said.wrap(width, FOOTER)
    said.drawOn(canvas, MARGIN, 16.5 * mm - height)
    canvas.setFont("Vera", 7.6)
    canvas.setFillColor(GREY)
    canvas.drawRightString(A4[0] - MARGIN, 16.5 * mm - 8.5, page)
