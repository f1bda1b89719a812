"""The films that disease is painted into, and what is known of each before the brush touches it.

Normal films show disease against health. Films that are ill already show it against *other* disease, on the portable
films, with the tubes and the poor inspiration of people who are ill: what "among abnormal films" asks for. Of
an ill film only what its report leaves out is taken as absent; what it names, or what a reader might call by another
name, is unknown. It knows manifests and labels; it doesn't know painters or networks.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cad_models.labels import LABELS
from cad_models.training.data import NO_FINDING, Film, films

SOURCES = ("nih", "shenzhen", "kermany")
KERMANY_NORMALS = 300
# How often a source gives the film that is painted: healthy people's, and ill people's.
SHARES = {
    ("nih", False): 0.35, ("nih", True): 0.30, ("shenzhen", False): 0.15, ("shenzhen", True): 0.08,
    ("kermany", False): 0.12,
}  # fmt: skip
# NIH's words under which a label may hide; Infiltration is any shadow that the reader would not name.
MAY_BE = {
    "Effusion": ("Effusion", "Pleural_Thickening"),
    "Lung Opacity": (
        "Consolidation",
        "Infiltration",
        "Pneumonia",
        "Edema",
        "Atelectasis",
        "Mass",
        "Nodule",
        "Fibrosis",
    ),
    "Consolidation": ("Consolidation", "Pneumonia", "Infiltration"),
    "Atelectasis": ("Atelectasis",),
    "Edema": ("Edema",),
    "Nodule": ("Nodule", "Mass"),
    "Mass": ("Mass", "Nodule"),
    "Pneumothorax": ("Pneumothorax",),
    "Cardiomegaly": ("Cardiomegaly",),
    "Tuberculosis": ("Infiltration", "Consolidation", "Pneumonia", "Fibrosis", "Nodule", "Mass"),
}
RARE_IN_TUBERCULOSIS = ("Pneumothorax", "Edema", "Cardiomegaly")
PLEURAL_WORDS = ("pleur", "effusion", "fluid")


def bases(data: Path, sources: Sequence[str] = SOURCES) -> list[Film]:
    """Return the films of training patients that may be painted; of Kermany only healthy children, evenly picked."""
    kept = [f for f in films(data, sources) if f.split == "train"]
    children = [f for f in kept if f.source == "kermany" and f.labels[NO_FINDING]]
    return [f for f in kept if f.source != "kermany"] + children[:: max(len(children) // KERMANY_NORMALS, 1)]


def healthy(film: Film) -> bool:
    """Return whether the source calls the film normal."""
    return film.labels.get(NO_FINDING, False) or film.labels.get("Tuberculosis") is False


def stated(film: Film) -> NDArray[np.float32]:
    """Return ``(labels,)``: 0 for each label that the film lacks, NaN for each that it may have."""
    if healthy(film):
        return np.zeros(len(LABELS), np.float32)
    if film.source == "nih":
        named = [any(film.labels[name] for name in MAY_BE[label]) for label in LABELS]
        return np.where(named, np.nan, 0.0).astype(np.float32)
    known = np.full(len(LABELS), np.nan, np.float32)
    for label in RARE_IN_TUBERCULOSIS:
        known[LABELS.index(label)] = 0.0
    if not any(word in film.note.lower() for word in PLEURAL_WORDS):
        known[LABELS.index("Effusion")] = 0.0
    return known


def chances(records: Sequence[Film], usable: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return each film's chance to be painted, so that each source's healthy and ill films have their share.

    Parameters
    ----------
    records
        From `bases`.
    usable
        ``(films,)``: whether its masks are plausible; painting goes by them.
    """
    groups = [(f.source, not healthy(f)) for f in records]
    out = np.zeros(len(records))
    for group, share in SHARES.items():
        mine = np.array([g == group for g in groups]) & usable
        out[mine] = share / max(mine.sum(), 1)
    return out / out.sum()
