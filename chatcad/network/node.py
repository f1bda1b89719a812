"""Who this program is on the hospital's network, whom it hears, and where results go: one frozen object."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chatcad.errors import UsageError
from chatcad.network.tls import Identity
from chatcad.premises import keep_on_premises

_ADDRESS = re.compile(r"(?P<title>[^@\s]{1,16})@(?P<host>[^:@\s]+):(?P<port>\d{1,5})")
_ATTRIBUTE = re.compile(r"[0-9A-Fa-f]{8}")
_TITLE = re.compile(r"[A-Za-z0-9 _.\-]{1,16}")

Query = tuple[tuple[str, str], ...]
"""QIDO filters: an attribute and the value that it must match."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A DICOM node: its AE title and address."""

    title: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Node:
    """The settings of the DICOM service.

    ``to`` is a peer (C-STORE) or the address of a DICOMweb service (STOW). ``allowed`` are the AE titles that may send.
    ``pull`` is a DICOMweb service that is asked every ``pull_seconds`` for films that fit ``query`` (QIDO keywords).
    ``tls`` encrypts all associations, those that bring films and those that take results.
    ``indications`` is a folder with a FHIR resource or text for an accession number: ``ACCESSION.json`` or ``.txt``.
    """

    to: Peer | str
    queue: Path
    title: str = "CHATCAD"
    host: str = "127.0.0.1"
    port: int = 11112
    allowed: tuple[str, ...] = ()
    pull: str = ""
    query: Query = ()
    pull_seconds: float = 60.0
    indications: Path | None = None
    tls: Identity | None = None
    max_queue_bytes: int = 20 * 2**30


def destination(given: str, *, allow_remote: bool) -> Peer | str:
    """Return where results go: ``AET@HOST:PORT``, or the URL of a DICOMweb service.

    Raises
    ------
    UsageError
        It is neither, or lies off the premises without leave.
    """
    if given.startswith(("http://", "https://")):
        keep_on_premises(given, "films and patients' data", allow_remote=allow_remote)
        return given
    found = _ADDRESS.fullmatch(given)
    if found is None or not 0 < int(found["port"]) < 2**16:
        raise UsageError(f"{given!r} is no place for results: give AET@HOST:PORT or the URL of a DICOMweb service")
    keep_on_premises(f"dicom://{found['host']}", "films and patients' data", allow_remote=allow_remote)
    return Peer(ae_title(found["title"]), found["host"], int(found["port"]))


def ae_title(given: str) -> str:
    """Return an application entity's title.

    Raises
    ------
    UsageError
        It is longer than 16 characters, empty, or holds others than PS3.5 allows for AE and logs bear.
    """
    if not _TITLE.fullmatch(given) or not given.strip():
        raise UsageError(f"{given!r} is no AE title: up to 16 letters, digits, blanks, dots, dashes and underlines")
    return given.strip()


def query_filters(given: Sequence[str]) -> Query:
    """Return QIDO filters of words such as ``StudyDate=20260101-20260131``.

    Raises
    ------
    UsageError
        A word has no ``=``, or names no attribute of DICOM: many services would ignore it and give everything. An
        attribute other than Modality is named twice.
    """
    pairs = tuple((name, value) for name, _, value in (word.partition("=") for word in given))
    if bad := next((word for word in given if "=" not in word), None):
        raise UsageError(f"{bad!r} is no filter: write KEYWORD=VALUE, such as StudyDate=20260101-20260131")
    names = [name for name, _ in pairs]
    if bad := next((name for name in names if not _is_attribute(name)), None):
        raise UsageError(f"{bad!r} is no attribute of DICOM: write its keyword, such as StudyDate, or eight digits")
    if bad := next((name for name in names if names.count(name) > 1 and name != "Modality"), None):
        raise UsageError(f"{bad!r} is asked for twice: a service takes one value, or a range such as 20260101-20260131")
    return pairs


def _is_attribute(name: str) -> bool:
    """Return whether a filter names an attribute, or one within a sequence: keywords or tags between dots."""
    from pydicom.datadict import tag_for_keyword

    return all(tag_for_keyword(part) is not None or _ATTRIBUTE.fullmatch(part) for part in name.split("."))
