"""One door from a report to any format: ``export(report, format, folder, source)`` writes it and says where.

Each format is a module that knows its standard and nothing of the others. File names hold the film's sha256 prefix,
never a patient's name or number.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from chatcad.errors import UsageError
from chatcad.export.report import Report, drafted, impression_lines, worded

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from chatcad.export.source import Source

__all__ = [
    "DICOM", "FORMATS", "Format", "Report", "as_bytes", "drafted", "export", "files", "formats", "impression_lines",
    "objects", "worded", "zipped",
]  # fmt: skip

Format = Literal["md", "pdf", "fhir", "sr", "seg", "sc"]
FORMATS: tuple[Format, ...] = get_args(Format)
DICOM: tuple[Format, ...] = ("sr", "seg", "sc")


def formats(given: str) -> tuple[Format, ...]:
    """Return the formats of a list such as ``"sr,seg"``.

    Raises
    ------
    UsageError
        One of them is unknown.
    """
    names = [name.strip().lower() for name in given.split(",")]
    chosen = tuple(f for f in FORMATS if f in names)
    if unknown := sorted(set(names) - set(chosen)):
        raise UsageError(f"{unknown[0]!r} is no format of a report: choose from {', '.join(FORMATS)}")
    return chosen


def export(report: Report, wanted: Format, folder: Path, given: Path | bytes | None = None) -> list[Path]:
    """Write a report in one format to a folder, which is made where it isn't there; return the files.

    Parameters
    ----------
    report, wanted, given
        As for `files`. Files of the same name are replaced.

    Raises
    ------
    ExportRefused
        The film lacks what the format needs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = {folder / name: data for name, data in files(report, wanted, given).items()}
    for path, data in made.items():
        path.write_bytes(data)
    return list(made)


def files(report: Report, wanted: Format, given: Path | bytes | None = None) -> dict[str, bytes]:
    """Return a report in one format, as the content of files by name.

    Parameters
    ----------
    report
        One film's facts with their words.
    wanted
        Its format. ``fhir`` gives one file a release; a DICOM format also the film where it was no DICOM.
    given
        The file that was read, or its bytes: a DICOM result goes back into its study. Without it the result gets a
        new study of an unknown patient.

    Raises
    ------
    ExportRefused
        The film lacks what the format needs.
    """
    stem = f"report-{report.film}"
    if wanted == "md":
        from chatcad.export.markdown import as_markdown

        return {f"{stem}.md": (as_markdown(report) + "\n").encode()}
    if wanted == "pdf":
        from chatcad.export.pdf import as_pdf

        return {f"{stem}{'' if report.mode == 'clinician' else '-patient'}.pdf": as_pdf(report)}
    if wanted == "fhir":
        from chatcad.export import fhir

        return {
            f"{stem}-{r.lower()}.json": fhir.bundle(report, r).model_dump_json(indent=1).encode() for r in fhir.RELEASES
        }
    from chatcad.export.source import source_of

    return {
        f"{name}-{report.film}.dcm": as_bytes(dataset)
        for name, dataset in objects(report, source_of(given, report.study), (wanted,))
    }


def as_bytes(dataset: Dataset) -> bytes:
    """Return a DICOM object as a file of PS3.10."""
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def zipped(made: Mapping[str, bytes]) -> bytes:
    """Return files by name as one ZIP archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in made.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def objects(report: Report, source: Source, wanted: Sequence[Format] = DICOM) -> Iterator[tuple[str, Dataset]]:
    """Yield the DICOM objects of a report by name; the film itself first where it was no DICOM object yet.

    Raises
    ------
    ExportRefused
        As for `export`.
    """
    from chatcad.export import sc, seg, sr

    if source.film is not None:
        yield "film", source.film
    makers: dict[Format, Callable[[Report, Source], Dataset]]
    makers = {"sr": sr.document, "seg": seg.segmentation, "sc": sc.capture}
    for name in wanted:
        yield name, makers[name](report, source)
