"""Pairs: one film twice, alike in everything but the disease painted into one of them.

It knows which painter serves which label, which labels a painted film leaves open, and how to draw a pair. Both
members share geometry, exposure and artefacts, and often some *other* disease, so that neither the hospital nor
"abnormal" in general can be the cue (see ``docs/paired_synthesis.md``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cad_models.labels import LABELS
from cad_models.training.painting.atelectasis import paint_atelectasis
from cad_models.training.painting.benign import benign_overlay, exposure, move
from cad_models.training.painting.canvas import Anatomy, Painter, Rng
from cad_models.training.painting.edema import paint_edema
from cad_models.training.painting.effusion import paint_effusion
from cad_models.training.painting.heart import ratio, resize_heart
from cad_models.training.painting.nodule import paint_mass, paint_nodule
from cad_models.training.painting.opacity import paint_opacity
from cad_models.training.painting.pneumothorax import paint_pneumothorax
from cad_models.training.painting.tuberculosis import paint_tuberculosis
from chatcad.types import FloatImage

PAINTERS: dict[str, Painter] = {
    "Effusion": paint_effusion,
    "Lung Opacity": paint_opacity,
    "Atelectasis": paint_atelectasis,
    "Edema": paint_edema,
    "Nodule": paint_nodule,
    "Mass": paint_mass,
    "Pneumothorax": paint_pneumothorax,
    "Tuberculosis": paint_tuberculosis,
}
# How often each disease is the difference within a pair; Cardiomegaly is drawn by warping, before the painters.
WEIGHTS = {
    "Effusion": 0.17, "Lung Opacity": 0.18, "Atelectasis": 0.08, "Edema": 0.08, "Nodule": 0.12, "Mass": 0.07,
    "Pneumothorax": 0.11, "Tuberculosis": 0.09, "Cardiomegaly": 0.10,
}  # fmt: skip
# What a painted shadow may also be called by a reader: these labels stay unknown on that film.
AMBIGUOUS = {
    "Lung Opacity": ("Tuberculosis", "Atelectasis"),
    "Edema": ("Consolidation",),
    "Atelectasis": ("Consolidation",),
    "Tuberculosis": ("Consolidation", "Nodule", "Mass"),
    "Mass": ("Lung Opacity", "Consolidation", "Tuberculosis"),
    "Nodule": ("Tuberculosis",),
    "Effusion": ("Atelectasis",),
}
SMALL_HEART, LARGE_HEART = (0.38, 0.48), (0.52, 0.72)


@dataclass(frozen=True, slots=True)
class Member:
    """One film of a pair.

    ``targets`` holds one value in ``[0, 1]`` a label and ``maps``, ``(labels, size, size)``, one a pixel, NaN where
    unknown;
    ``sides`` maps each painted label to the patient's sides; ``ratio`` is the heart's width over the thorax's.
    """

    film: FloatImage
    targets: NDArray[np.float32]
    maps: NDArray[np.float32]
    anatomy: Anatomy
    sides: dict[str, tuple[str, ...]]
    ratio: float


@dataclass
class _Draft:
    """A film while it is being painted."""

    film: FloatImage
    masks: dict[str, FloatImage]
    sides: dict[str, tuple[str, ...]]

    def add(self, name: str, anatomy: Anatomy, rng: Rng) -> None:
        """Paint one disease into the film and remember what it covered."""
        painted = PAINTERS[name](self.film, anatomy, rng)
        self.film = painted.film
        for label, mask in painted.masks.items():
            self.masks[label] = np.maximum(self.masks.get(label, np.float32(0.0)), mask)
            self.sides[label] = tuple(sorted({*self.sides.get(label, ()), *painted.sides}))


def paint_pair(
    film: FloatImage, anatomy: Anatomy, rng: Rng, *, adult: bool = True, stated: NDArray[np.float32] | None = None
) -> tuple[Member, Member]:
    """Draw a pair from one film.

    Parameters
    ----------
    film
        ``(size, size)`` float32 in ``[0, 1]``.
    anatomy
        Its lungs and, where known, its heart.
    rng
        Source of every random choice.
    adult
        Whether the cardiothoracic ratio's adult reference holds; if not, Cardiomegaly stays unknown.
    stated
        ``(labels,)``: what is known of the film as it came, 0 for a label that it lacks and NaN for one that it may
        have; ``None`` for a normal film, which lacks them all.

    Returns
    -------
    without, with
        The second has all of the first's diseases and at least one more.
    """
    film, anatomy = move(film, anatomy, rng)
    shared, added = _draw_diseases(rng, heart=adult and ratio(anatomy) > 0.2)
    overlay, develop = benign_overlay(anatomy, rng), exposure(anatomy.size, rng)
    noise_seed = int(rng.integers(2**31))
    members = []
    for names in (shared, (*shared, *added)):
        base, own = _set_heart(film, anatomy, names, "Cardiomegaly" in (*shared, *added), noise_seed)
        draft, painter_rng = _Draft(base, {}, {}), np.random.default_rng(noise_seed)
        for name in names:
            if name in PAINTERS:
                draft.add(name, own, painter_rng)
        known = np.zeros(len(LABELS), np.float32) if stated is None else stated
        members.append(_finish(draft, names, own, develop(overlay(draft.film)), adult=adult, known=known))
    return members[0], members[1]


def _draw_diseases(rng: Rng, *, heart: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Choose what both members have, and what only the second has."""
    names = [n for n in WEIGHTS if heart or n != "Cardiomegaly"]
    chances = np.array([WEIGHTS[n] for n in names])
    count_shared, count_added = int(rng.choice([0, 1, 2], p=[0.55, 0.35, 0.1])), int(rng.choice([1, 2], p=[0.75, 0.25]))
    drawn = rng.choice(names, count_shared + count_added, replace=False, p=chances / chances.sum())
    picked = tuple(str(n) for n in drawn)
    return picked[:count_shared], picked[count_shared:]


def _set_heart(
    film: FloatImage, anatomy: Anatomy, names: Sequence[str], differs: bool, seed: int
) -> tuple[FloatImage, Anatomy]:
    """Give the member the heart that its labels ask for; warp both members, so that warping is no cue."""
    rng = np.random.default_rng(seed)
    warp_anyway = rng.random() < 0.35
    if ratio(anatomy) < 0.2 or not (differs or warp_anyway):
        return film, anatomy
    span = LARGE_HEART if "Cardiomegaly" in names else SMALL_HEART
    return resize_heart(film, anatomy, float(rng.uniform(*span)), rng)


def _finish(
    draft: _Draft,
    names: Sequence[str],
    anatomy: Anatomy,
    film: FloatImage,
    *,
    adult: bool,
    known: NDArray[np.float32],
) -> Member:
    """Turn a painted draft into targets and maps."""
    size, measured = anatomy.size, ratio(anatomy)
    targets, maps = known.copy(), np.zeros((len(LABELS), size, size), np.float32)
    for name in names:
        for other in AMBIGUOUS.get(name, ()):
            targets[LABELS.index(other)] = np.nan
    for label, mask in draft.masks.items():
        if mask.any():
            # A film that may have the label elsewhere too can teach where it is, but not where it isn't.
            elsewhere = known[LABELS.index(label)]
            targets[LABELS.index(label)], maps[LABELS.index(label)] = 1.0, np.where(mask > 0, mask, elsewhere)
    heart = LABELS.index("Cardiomegaly")
    # Between .47 and .53 readers disagree, so the target is soft there.
    enlarged = float(np.clip((measured - 0.47) / 0.06, 0.0, 1.0))
    targets[heart] = enlarged if adult and measured > 0.2 else np.nan
    maps[heart] = anatomy.heart * (enlarged if adult else 0.0)
    return Member(film, targets, maps, anatomy, draft.sides, measured)
