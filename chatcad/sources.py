"""Where a batch's films come from: what is there by name, and one film's content at a time.

A source knows names and contents, and nothing of readings or tables. A folder is here; a DICOMweb service is
``network.dicomweb``'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from chatcad.errors import UsageError

_SUFFIXES = frozenset({".dcm", ".png", ".jpg", ".jpeg", ""})


@dataclass(frozen=True, slots=True)
class Listed:
    """A film as its source names it: the same name at every listing. ``skip`` says why it isn't to be opened, if so."""

    name: str
    skip: str = ""


class Films(Protocol):
    """A source of films; it is opened in several threads, and pickled where several processes read."""

    def listed(self) -> Iterable[Listed]:
        """Return what there is: a list where the whole is known at once.

        Raises
        ------
        UsageError
            There is no film.
        DeliveryFailed
            The source can't be reached, also while it is listed.
        """

    def open(self, name: str) -> Path | bytes:
        """Return the content of a listed film.

        Raises
        ------
        ImageRefused
            This one can't be had, and others may.
        DeliveryFailed
            The source can't be reached.
        """


@dataclass(frozen=True, slots=True)
class Folder:
    """The files below a folder whose names end as films' do; a name is a path within the folder."""

    root: Path

    def listed(self) -> list[Listed]:
        """Return the films, sorted.

        Raises
        ------
        UsageError
            It is no folder, or holds no film.
        """
        if not self.root.is_dir():
            raise UsageError(f"{self.root} is not a folder: name one that holds films, or a DICOMweb service's URL")
        paths = films_below(self.root)
        if not paths:
            raise UsageError(f"{self.root} holds no film: name a folder with DICOM, PNG or JPEG files")
        return [Listed(str(path.relative_to(self.root))) for path in paths]

    def open(self, name: str) -> Path:
        """Return the path of a film: it is opened where it is decoded."""
        return self.root / name


def films_below(folder: Path) -> list[Path]:
    """Return the files of a folder and its folders that may be films by their names, sorted.

    Archives name files by UID as well (1.2.840…), where what looks like a suffix is a number.
    """
    return sorted(p for p in folder.rglob("*") if p.is_file() and _may_be_film(p.suffix.lower()))


def _may_be_film(suffix: str) -> bool:
    return suffix in _SUFFIXES or suffix[1:].isdecimal()
