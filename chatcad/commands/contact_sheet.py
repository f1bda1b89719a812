"""``contact-sheet FOLDER|MANIFEST.csv --out SHEET.png``: varied films on one picture, to be looked at."""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Sequence
from itertools import chain, zip_longest
from pathlib import Path

from chatcad.config import Settings
from chatcad.errors import ImageRefused, UsageError
from chatcad.imaging import load
from chatcad.scale import open_networks
from chatcad.sources import films_below
from chatcad.ui.overlay import save
from chatcad.ui.sheet import Refused, sheet

FEW = 12
"""A manifest of at most so many rows is shown whole."""
KINDS = ("dataset", "view", "no_finding", "tb", "label", "subtype", "nodule", "finding", "kind", "what")
"""Columns of a manifest that make films differ; one film of each kind is shown before a second one."""


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Read the films, write the sheet, and print which number is which file."""
    from chatcad.batches import read_films

    paths = varied(arguments.source, arguments.n)
    if not paths:
        raise UsageError(
            f"{arguments.source} holds no film: name a folder of films or a manifest with a column `image`"
        )
    outcomes = list(read_films(paths, open_networks(settings), settings))
    shown = [
        _refused(p, o, settings) if isinstance(o, ImageRefused) else o for p, o in zip(paths, outcomes, strict=True)
    ]
    save(sheet(shown), arguments.out)
    # File names may name a patient: they are printed here and don't go into the picture.
    for number, (path, outcome) in enumerate(zip(paths, outcomes, strict=True), start=1):
        print(f"{number:3d}  {path}{'  (refused)' if isinstance(outcome, ImageRefused) else ''}")
    print(f"written: {arguments.out}")


def _refused(path: Path, reason: ImageRefused, settings: Settings) -> Refused:
    try:
        return Refused(reason, load(path, max_bytes=settings.max_bytes, max_pixels=settings.max_pixels))
    except ImageRefused:
        return Refused(reason)


def varied(source: Path, count: int) -> list[Path]:
    """Return up to ``count`` films of a folder or a manifest, its kinds in turn.

    A folder with manifests (``*_manifest.csv``) gives films of each of them, small ones whole; another folder gives
    films of each of its folders.
    """
    if source.is_file():
        return _in_turn(_kinds(source, source.parent), count)
    if not source.is_dir():
        raise UsageError(f"{source} is neither a folder nor a manifest")
    manifests = sorted(source.glob("*_manifest.csv"))
    if not manifests:
        films = films_below(source)
        return _in_turn(
            [[p for p in films if p.parent == folder] for folder in sorted({p.parent for p in films})], count
        )
    listed = [_in_turn(_kinds(m, source), count) for m in manifests]
    small = [films for films in listed if 0 < len(films) <= FEW]
    rest = _in_turn([films for films in listed if len(films) > FEW], max(count - sum(map(len, small)), 0))
    return [*rest, *chain.from_iterable(small)][:count]


def _kinds(manifest: Path, folder: Path) -> list[list[Path]]:
    """Return a manifest's films, one list a kind."""
    kinds: dict[tuple[str | None, ...], list[Path]] = {}
    with manifest.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            path = _path(row, manifest, folder)
            if path is not None:
                kinds.setdefault(tuple(row.get(k) for k in KINDS), []).append(path)
    return list(kinds.values())


def _path(row: dict[str, str], manifest: Path, folder: Path) -> Path | None:
    subfolder = manifest.name.removesuffix("_manifest.csv")
    # A column `image` may hold a size instead (originals_manifest.csv): what counts is that the file is there.
    named = (row.get("image"), row.get("file") and f"{subfolder}/{row['file']}", row.get("file"))
    return next((folder / name for name in named if name and (folder / name).is_file()), None)


def _in_turn(groups: Sequence[Iterable[Path]], count: int) -> list[Path]:
    """Return the first of each group, then the second of each, until there are enough."""
    turns = chain.from_iterable(zip_longest(*groups))
    return [p for p in turns if p is not None][:count]
