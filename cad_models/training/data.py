"""The public films as frozen records, split by patient once and for all.

It knows the manifests of the data folder, which labels a source has, which films must stay together, and how
to read an image or a mask. It knows nothing of networks, and derives no label that a source doesn't state.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from cad_models.preprocess import to_square
from chatcad.types import Sex, View

Split = Literal["train", "val", "test"]
Row = Mapping[str, str]

NIH_LABELS = (
    "Atelectasis", "Cardiomegaly", "Effusion", "Infiltration", "Mass", "Nodule", "Pneumonia", "Pneumothorax",
    "Consolidation", "Edema", "Emphysema", "Fibrosis", "Pleural_Thickening", "Hernia",
)  # fmt: skip
NO_FINDING = "No Finding"
JSRT_BITS = {"right_lung": 1, "left_lung": 2, "heart": 4}
TEST_PERCENT, VAL_PERCENT = 20, 10


@dataclass(frozen=True, slots=True)
class Film:
    """One film of a public set.

    Parameters
    ----------
    source
        ``nih``, ``nih64``, ``montgomery``, ``shenzhen``, ``jsrt``, ``hannover``, ``covid`` or ``kermany``.
    key
        The image's path in its manifest, or its index in NIH: unique within a source.
    image, row
        The file, and the row inside it when the file is an ``npz`` of many films.
    patient
        ``<who numbered the patients>:<number>``; NIH and its 64 px sampling share their patients.
    split
        Of the whole group of patients and near duplicates that this film hangs together with.
    labels
        What the source states, and nothing else: a label that is not a key here is *unknown*, not absent.
    mask
        File with lungs (and, for JSRT, the heart), or ``None``.
    note
        The reading in words, where the source has one.
    """

    source: str
    key: str
    image: Path
    row: int | None
    patient: str
    split: Split
    view: View
    sex: Sex
    age: float | None
    labels: Mapping[str, bool]
    mask: Path | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class LungMasks:
    """True anatomy on a square grid, patient's sides; ``heart`` is ``None`` where the source has none."""

    right_lung: NDArray[np.bool_]
    left_lung: NDArray[np.bool_]
    heart: NDArray[np.bool_] | None


def films(data: Path, sources: Iterable[str] | None = None) -> list[Film]:
    """Return the films of every set in the data folder, in the order of the manifests.

    Parameters
    ----------
    data
        Folder with the ``*_manifest.csv`` files.
    sources
        Keep these only; all when ``None``.
    """
    wanted = None if sources is None else frozenset(sources)
    return [f for f in _all_films(data) if wanted is None or f.source in wanted]


def labelled(records: Iterable[Film], label: str) -> tuple[list[Film], NDArray[np.bool_]]:
    """Return the films whose source states ``label``, and what it states."""
    known = [f for f in records if label in f.labels]
    return known, np.array([f.labels[label] for f in known], dtype=bool)


def read_pixels(film: Film) -> NDArray[np.float32]:
    """Return the film as it lies on disk, float32 in [0, 1], bright is dense."""
    if film.row is not None:
        return _rows(film.image)[film.row].astype(np.float32) / 255.0
    with Image.open(film.image) as picture:
        return np.asarray(picture.convert("L"), dtype=np.float32) / 255.0


def read_square(film: Film, size: int) -> NDArray[np.float32]:
    """Return the film as the networks get it: see ``cad_models.preprocess.to_square``."""
    return to_square(read_pixels(film), size)


def read_masks(film: Film, size: int) -> LungMasks | None:
    """Return the film's true masks on a ``(size, size)`` grid, or ``None`` where the source has none.

    Montgomery and Shenzhen come with one mask for both lungs; its connected components are told apart by the
    side of the picture that they lie on (the patient's right is at the picture's left). The masks of the COVID
    collection include the lung behind the heart, another convention, and are not read.
    """
    if film.mask is None or film.source == "covid":
        return None
    with Image.open(film.mask) as picture:
        bits = np.asarray(picture)
    if film.source == "jsrt":
        right, left, heart = ((bits & bit) > 0 for bit in JSRT_BITS.values())
        return LungMasks(_shrink(right, size), _shrink(left, size), _shrink(heart, size))
    right, left = split_lungs(bits > 127)
    return LungMasks(_shrink(right, size), _shrink(left, size), None)


def split_lungs(lungs: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Split a mask of both lungs into (patient's right, patient's left) by its connected components.

    A component belongs to the side of the mask's middle that its centre lies on. Where both lungs touch, so that
    one component holds nearly everything, the middle column itself is the border.
    """
    parts, count = ndimage.label(lungs)
    columns = np.nonzero(lungs.any(axis=0))[0]
    if count == 0:
        return lungs, lungs.copy()
    middle = (columns[0] + columns[-1]) / 2
    sizes = ndimage.sum_labels(lungs, parts, range(1, count + 1))
    if sizes.max() > 0.85 * sizes.sum():
        is_right = np.broadcast_to(np.arange(lungs.shape[1]) < middle, lungs.shape)
        return lungs & is_right, lungs & ~is_right
    centres = [c[1] for c in ndimage.center_of_mass(lungs, parts, range(1, count + 1))]
    right_parts = [i + 1 for i, c in enumerate(centres) if c < middle]
    right = np.isin(parts, right_parts)
    return right, lungs & ~right


def _shrink(mask: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    picture = Image.fromarray(mask.astype(np.uint8) * 255).resize((size, size), Image.Resampling.BILINEAR)
    return np.asarray(picture) > 127


@cache
def _rows(file: Path) -> NDArray[np.uint8]:
    with np.load(file) as archive:
        pixels: NDArray[np.uint8] = archive["images"]
    return pixels


@cache
def _all_films(data: Path) -> tuple[Film, ...]:
    drafts = list(_drafts(data))
    splits = _splits(data, drafts)
    return tuple(replace(f, split=splits[f.source, f.key]) for f in drafts)


def _drafts(data: Path) -> Iterator[Film]:
    readers = {
        "nih": _nih, "nih64": _nih64, "montgomery_shenzhen": _tuberculosis, "jsrt": _jsrt,
        "hannover": _hannover, "covid": _covid, "kermany": _kermany,
    }  # fmt: skip
    for name, read in readers.items():
        with (data / f"{name}_manifest.csv").open(encoding="utf-8", newline="") as file:
            for line, row in enumerate(csv.DictReader(file)):
                yield read(data, {**row, "line": str(line)})


def _film(  # the common fields; every reader below adds what its manifest has
    data: Path, source: str, row: Row, patient: str, labels: Mapping[str, bool], *, view: str = "", note: str = ""
) -> Film:
    sexes: dict[str, Sex] = {"M": "M", "F": "F"}
    views: dict[str, View] = {"PA": "PA", "AP": "AP"}
    return Film(
        source=source,
        key=row["image"],
        image=data / row["image"],
        row=None,
        patient=patient,
        split="train",
        view=views.get(view.upper()[:2], "unknown"),
        sex=sexes.get(row.get("sex", "").upper(), "unknown"),
        age=float(row["age"]) if row.get("age") else None,
        labels=labels,
        mask=data / row["mask"] if row.get("mask") else None,
        note=note,
    )


def _nih_labels(row: Row) -> dict[str, bool]:
    return {name: row[name] == "1" for name in NIH_LABELS} | {NO_FINDING: row["no_finding"] == "1"}


def _nih(data: Path, row: Row) -> Film:
    return _film(data, "nih", row, f"nih:{row['patient_id']}", _nih_labels(row), view=row["view"])


def _nih64(data: Path, row: Row) -> Film:
    return Film(
        source="nih64",
        key=row["image_index"],
        image=data / "nih64" / "nih64.npz",
        row=int(row["line"]),  # the manifest's own ``row`` counts films that were dropped later
        patient=f"nih:{row['patient_id']}",
        split="train",
        view="PA" if row["view"] == "PA" else "AP",
        sex="unknown",
        age=None,
        labels=_nih_labels(row),
    )


def _tuberculosis(data: Path, row: Row) -> Film:
    source = row["dataset"].lower()
    labels = {"Tuberculosis": row["tb"] == "1"}
    return _film(data, source, row, f"{source}:{row['id']}", labels, note=row["condition"])


def _jsrt(data: Path, row: Row) -> Film:
    # Shiraishi et al. 2000 (AJR 174:71): nodule films and non-nodule films, all PA.
    labels = {"Nodule": row["nodule"] == "1"}
    return _film(data, "jsrt", row, f"jsrt:{row['id']}", labels, note=row["condition"], view="PA")


def _hannover(data: Path, row: Row) -> Film:
    return _film(data, "hannover", row, f"hannover:{row['patient_id']}", {}, view=row["view"], note="COVID-19")


def _covid(data: Path, row: Row) -> Film:
    labels = {NO_FINDING: True} if row["finding"] == "No Finding" else {}
    return _film(data, "covid", row, f"covid:{row['patient']}", labels, view=row["view"], note=row["finding"])


def _kermany(data: Path, row: Row) -> Film:
    ill = row["label"] == "PNEUMONIA"
    labels = {"Pneumonia": ill, NO_FINDING: not ill}
    return _film(data, "kermany", row, f"kermany:{row['patient']}", labels, note=row["subtype"])


def _splits(data: Path, records: list[Film]) -> dict[tuple[str, str], Split]:
    """Give every film the split of its group: same patient, near duplicate, or the same file in two collections."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        parent.setdefault(name, name)
        while parent[name] != name:
            name = parent[name]
        return name

    def join(a: str, b: str) -> None:
        # The smaller name leads, so that the split doesn't depend on the order of the manifests.
        first, second = sorted((root(a), root(b)))
        parent[second] = first

    for film in records:
        join(film.key, film.patient)
        if film.source in {"hannover", "covid"}:  # the covid collection repeats Hannover's films under the same names
            join(film.key, f"covid-file:{Path(film.key).stem}")
    with (data / "near_duplicates.csv").open(encoding="utf-8", newline="") as file:
        for pair in csv.DictReader(file):
            join(pair["a"], pair["b"])
    return {(f.source, f.key): _split_of(root(f.patient)) for f in records}


def _split_of(group: str) -> Split:
    percent = int(hashlib.sha256(group.encode()).hexdigest(), 16) % 100
    if percent < TEST_PERCENT:
        return "test"
    return "val" if percent < TEST_PERCENT + VAL_PERCENT else "train"
