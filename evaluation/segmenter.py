"""Masks and measurements on patients that the segmenter's training has not seen, and the reference ranges.

The ranges are those of adults' films without a finding, outlined by the segmenter as in use; some of these films
trained it, which does not matter to a range. Lengths are known from JSRT alone, whose pixels measure .175 mm
(Shiraishi et al. 2000, AJR 174:71).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cad_models import anatomy, registry
from cad_models.references import Reference, write_references
from cad_models.segmenter import SIZE
from cad_models.segmenter import run as run_network
from cad_models.training.data import Film, films, read_masks, read_square
from chatcad.config import Settings
from chatcad.findings.measure import LENGTHS, NAMES, values_of
from chatcad.types import GOOD_MASKS, Masks
from evaluation.figures import Figure, figure, print_figures
from evaluation.statistics import auroc_interval, bootstrap, mean, share_by_patient

Bits = NDArray[np.bool_]
ADULT = 18
JSRT_MM = 2048 * 0.175
"""Side of a JSRT film at the detector."""
CENTRAL = (2.5, 97.5)
REFERENCED = NAMES[1:]
"""The measurements whose reference is measured here; the cardiothoracic ratio's is Danzer's."""


@dataclass(frozen=True, slots=True)
class Outlined:
    """One film with the network's cleaned masks, on the network's grid."""

    film: Film
    right_lung: Bits
    left_lung: Bits
    heart: Bits
    quality: float
    ratio: float

    @property
    def masks(self) -> Masks:
        """The masks as the measurements take them."""
        return Masks(self.right_lung, self.left_lung, self.heart, self.quality)


def run(settings: Settings) -> dict[str, Any]:
    """Measure, print and return the figures."""
    records = films(settings.data)
    tested = [outline(f) for f in records if f.split == "test" and f.source in {"jsrt", "montgomery", "shenzhen"}]
    nih = [outline(f) for f in records if f.source in {"nih", "nih64"}]
    healthy = [outline(f) for f in records if is_healthy(f)]
    figures = [
        *overlap_figures(tested),
        *flip_figures(tested),
        *ratio_figures(tested),
        *plausibility_figures(nih),
        *heart_figures(nih),
        *label_figures(nih),
        *reference_figures(healthy),
    ]
    print_figures(figures)
    write_references(references_of(healthy))
    return {"network": "segmenter", "sha256": registry.get("segmenter").sha256, "figures": figures}


def outline(film: Film, *, flipped: bool = False) -> Outlined:
    """Run the network on one film, or with ``flipped`` on the film and its mirror image, and average both."""
    square = read_square(film, SIZE)
    _, _, logits = run_network(registry.load("segmenter"), square)
    probabilities = logits.sigmoid()[0].numpy()
    if flipped:
        _, _, mirrored = run_network(registry.load("segmenter"), square[:, ::-1])
        # In the mirror the patient's right lung is where the network looks for the left one.
        probabilities = (probabilities + mirrored.sigmoid()[0].numpy()[[1, 0, 2], :, ::-1]) / 2
    right, left, heart = (p > 0.5 for p in anatomy.clean(probabilities))
    measured = anatomy.measure(right, left, heart)
    ratio = measured.cardiothoracic_ratio if measured else float("nan")
    return Outlined(film, right, left, heart, anatomy.quality(right, left, heart), ratio)


def dice(a: Bits, b: Bits) -> float:
    """Return the Dice overlap of two masks: 1 when they are the same."""
    return float(2 * (a & b).sum() / max(a.sum() + b.sum(), 1))


def overlap_figures(outlined: Sequence[Outlined]) -> list[Figure]:
    """Return Dice of both lungs together and of the heart, by source."""
    figures = []
    for source in ("jsrt", "montgomery", "shenzhen"):
        marked = [(o, t) for o in outlined if o.film.source == source and (t := read_masks(o.film, SIZE))]
        patients = [o.film.patient for o, _ in marked]
        lungs = np.array([dice(o.right_lung | o.left_lung, t.right_lung | t.left_lung) for o, t in marked])
        on = f"{source}, test patients"
        figures.append(figure("lungs, Dice", on, len(lungs), mean(lungs, patients), headline=source != "shenzhen"))
        hearts = np.array([dice(o.heart, t.heart) for o, t in marked if t.heart is not None])
        if len(hearts):
            figures.append(figure("heart, Dice", on, len(hearts), mean(hearts, patients), headline=True))
            worst = bootstrap(lambda i, h=hearts: float(h[i].min()), patients)  # type: ignore[misc]
            figures.append(figure("heart, worst Dice", on, len(hearts), worst))
    return figures


def flip_figures(outlined: Sequence[Outlined]) -> list[Figure]:
    """Return what averaging with the mirrored film would add to each Dice on JSRT: a heart on the other side hurts."""
    marked = [(o, outline(o.film, flipped=True), t) for o in outlined
              if o.film.source == "jsrt" and (t := read_masks(o.film, SIZE))]  # fmt: skip
    patients = [o.film.patient for o, _, _ in marked]
    lungs, hearts = [], []
    for plain, both, truth in marked:
        lung_truth = truth.right_lung | truth.left_lung
        lungs.append(dice(both.right_lung | both.left_lung, lung_truth)
                     - dice(plain.right_lung | plain.left_lung, lung_truth))  # fmt: skip
        if truth.heart is not None:
            hearts.append(dice(both.heart, truth.heart) - dice(plain.heart, truth.heart))
    return [
        figure(f"{what}, Dice gained by a test-time flip", "jsrt, test patients", len(gain), mean(gain, patients))
        for what, gain in (("lungs", np.array(lungs)), ("heart", np.array(hearts)))
    ]


def is_healthy(film: Film) -> bool:
    """Return whether a film is an adult's PA film without a finding: JSRT's and Montgomery's normal films."""
    label = {"jsrt": "Nodule", "montgomery": "Tuberculosis"}.get(film.source)
    return label is not None and not film.labels[label] and (film.age is None or film.age >= ADULT)


def measured(healthy: Sequence[Outlined], name: str) -> tuple[NDArray[np.float64], list[str]]:
    """Return a measurement's values with their patients, unrounded, where the masks are good."""
    rows = [(value, o.film.patient) for o in healthy if (value := _value(o, name)) is not None]
    return np.array([value for value, _ in rows]), [patient for _, patient in rows]


def _value(outlined: Outlined, name: str) -> float | None:
    if outlined.quality < GOOD_MASKS or (name in LENGTHS and outlined.film.source != "jsrt"):
        return None
    return values_of(outlined.masks, (JSRT_MM / SIZE, JSRT_MM / SIZE)).get(name)


def reference_figures(healthy: Sequence[Outlined]) -> list[Figure]:
    """Return both ends of the central 95% of each measurement."""
    figures = []
    for name in REFERENCED:
        values, patients = measured(healthy, name)
        for percent in CENTRAL:
            end = bootstrap(lambda i, v=values, p=percent: float(np.percentile(v[i], p)), patients)  # type: ignore[misc]
            what = f"{name.replace('_', ' ')}, {percent}th percentile of healthy films"
            figures.append(figure(what, _sources(name), len(values), end))
    return figures


def references_of(healthy: Sequence[Outlined]) -> dict[str, Reference]:
    """Return the reference ranges as the product reads them."""
    digest, found = registry.get("segmenter").sha256, {}
    for name in REFERENCED:
        values, _ = measured(healthy, name)
        low, high = (round(float(end), 0 if name in LENGTHS else 2) for end in np.percentile(values, CENTRAL))
        found[name] = Reference(low, high, len(values), _sources(name), digest)
    return found


def _sources(name: str) -> str:
    return "JSRT without nodule" if name in LENGTHS else "JSRT without nodule, Montgomery without tuberculosis"


def ratio_figures(outlined: Sequence[Outlined]) -> list[Figure]:
    """Return the error of the cardiothoracic ratio against the masks drawn by people (JSRT)."""
    errors, patients = [], []
    for o in outlined:
        truth = read_masks(o.film, SIZE)
        if truth is None or truth.heart is None:
            continue
        if widths := anatomy.measure(truth.right_lung, truth.left_lung, truth.heart):
            errors.append(o.ratio - widths.cardiothoracic_ratio)
            patients.append(o.film.patient)
    error, on = np.array(errors), "jsrt, test patients"
    return [
        figure("cardiothoracic ratio, mean absolute error", on, len(error), mean(abs(error), patients), headline=True),
        figure("cardiothoracic ratio, mean error", on, len(error), mean(error, patients)),
    ]


def plausibility_figures(outlined: Sequence[Outlined]) -> list[Figure]:
    """Return the share of films whose masks are implausible, so that no ratio is given."""
    figures = []
    for source, split in (("nih", "test"), ("nih", None), ("nih64", None)):
        some = [o for o in outlined if o.film.source == source and (split is None or o.film.split == split)]
        bad = np.array([o.quality < GOOD_MASKS for o in some], dtype=bool)
        on = f"{source}, {'test patients' if split else 'all patients (masks unlabelled)'}"
        interval = share_by_patient(bad, [o.film.patient for o in some])
        figures.append(figure("ratio withheld: implausible masks", on, len(bad), interval, headline=split == "test"))
    return figures


def heart_figures(outlined: Sequence[Outlined]) -> list[Figure]:
    """Return the share of films whose heart alone is implausible: too small or large, out of place, not round."""
    found = []
    for source in ("nih", "nih64"):
        some = [o for o in outlined if o.film.source == source]
        bad = np.array([not anatomy.plausible_heart(o.right_lung, o.left_lung, o.heart) for o in some], dtype=bool)
        on, patients = f"{source}, all patients (masks unlabelled)", [o.film.patient for o in some]
        found.append(
            figure("implausible hearts", on, len(bad), share_by_patient(bad, patients), headline=source == "nih")
        )
    return found


def label_figures(outlined: Sequence[Outlined]) -> list[Figure]:
    """Return how well the measured ratio ranks films by NIH's label Cardiomegaly, which no training has used."""
    figures = []
    for source, view in (("nih", "PA"), ("nih", "AP"), ("nih64", "PA"), ("nih64", "AP")):
        some = [o for o in outlined if o.film.source == source and o.film.view == view and np.isfinite(o.ratio)]
        truth = np.array([o.film.labels["Cardiomegaly"] for o in some])
        area = auroc_interval(np.array([o.ratio for o in some]), truth, [o.film.patient for o in some])
        on = f"{source} {view}, {int(truth.sum())} of {len(truth)} positive"
        figures.append(figure("Cardiomegaly by the ratio, AUROC", on, len(some), area, headline=view == "PA"))
    return figures
