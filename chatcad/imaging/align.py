"""An earlier film laid on the current one: a similarity from the lungs' and the heart's outlines.

A chest doesn't change its shape much between two films; the tube's distance, the patient's place and a tilt do. So a
similarity (shift, turn, one scale; no shear and no mirror) is all that is allowed: it can't bend an earlier film until
it looks like the current one. It is the least-squares one between landmarks (Umeyama 1991, IEEE TPAMI 13:376), and the
landmarks are moments of the masks, which move with a film exactly as its points do.

It knows masks and points. It knows no finding, and compares nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.transform import SimilarityTransform

from chatcad.types import Mask, Masks

MOST_DEGREES = 15.0
"""Two upright films are tilted by less against each other."""

MOST_RESIDUAL = 0.15
"""Root mean square distance of the landmarks after alignment, of the distance between the lungs' centres."""

BEYOND = (52, 58, 64)
"""Grey-blue where the earlier film has no pixels: black would look like film."""

Points = NDArray[np.float64]
Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where the earlier film's points lie on the current one.

    ``matrix`` is ``(2, 3)``: it takes ``(column, row, 1)`` on the earlier film, in pixels, to the current film's.
    ``earlier`` and ``current`` are the films' ``(height, width)``. ``residual`` is explained by `MOST_RESIDUAL`.
    """

    matrix: NDArray[np.float64]
    earlier: tuple[int, int]
    current: tuple[int, int]
    residual: float

    @property
    def scale(self) -> float:
        """Pixels of the current film to one of the earlier film."""
        return float(np.hypot(self.matrix[0, 0], self.matrix[1, 0]))

    @property
    def degrees(self) -> float:
        """The turn, clockwise on the screen."""
        return float(np.degrees(np.arctan2(self.matrix[1, 0], self.matrix[0, 0])))


@dataclass(frozen=True, slots=True)
class Unaligned:
    """Why two films can't be laid on each other: the end of a sentence."""

    reason: str


def align(earlier: Masks | None, current: Masks | None) -> Alignment | Unaligned:
    """Return the similarity that takes the earlier film to the current one, or why there is none.

    Parameters
    ----------
    earlier, current
        Masks on each film's own grid.

    Returns
    -------
    Alignment or Unaligned
        Unaligned where a film was not outlined well, or where the outlines don't fit each other.
    """
    for masks, which in ((earlier, "earlier"), (current, "current")):
        if masks is None or not masks.good or not all(m.any() for m in _structures(masks)):
            return Unaligned(f"the lungs or the heart could not be outlined reliably on the {which} film")
    assert earlier is not None and current is not None  # noqa: S101  -- seen above; mypy can't
    source, target = landmarks(earlier), landmarks(current)
    fitted = SimilarityTransform.from_estimate(source, target)
    if not fitted:
        return Unaligned("the outlines of the two films give no single position")
    apart = float(np.linalg.norm(target[0] - target[3]))
    residual = float(np.sqrt(np.mean(np.sum((fitted(source) - target) ** 2, axis=1)))) / apart
    found = Alignment(fitted.params[:2], earlier.heart.shape, current.heart.shape, residual)
    if residual > MOST_RESIDUAL:
        return Unaligned("the outlines of the two films don't fit each other")
    if abs(found.degrees) > MOST_DEGREES:
        return Unaligned(f"one film is turned by more than {MOST_DEGREES:.0f} degrees against the other")
    return found


def landmarks(masks: Masks) -> Points:
    """Return seven points ``(column, row)``: centre, top and bottom of each lung's long axis, and the heart's centre.

    Top and bottom lie two standard deviations from the centre along the mask's first principal axis: for an ellipse
    these are its ends. The heart gives its centre only, because its size is what may have changed.
    """
    right, left, heart = _structures(masks)
    return np.concatenate((_axis(right), _axis(left), _axis(heart)[:1]))


def lay(picture: Picture, alignment: Alignment, height: int, width: int) -> Picture:
    """Draw a picture of the earlier film where it belongs on the current one.

    Parameters
    ----------
    picture
        ``(h, w, 3)`` uint8, the whole earlier film at any resolution.
    alignment
        From `align`.
    height, width
        Of the result, which covers the whole current film.

    Returns
    -------
    ndarray
        ``(height, width, 3)`` uint8; `BEYOND` where the earlier film ends.
    """
    to_current = np.vstack((alignment.matrix, (0, 0, 1)))
    shown = np.diag((width / alignment.current[1], height / alignment.current[0], 1))
    drawn = np.diag((picture.shape[1] / alignment.earlier[1], picture.shape[0] / alignment.earlier[0], 1))
    back = drawn @ np.linalg.inv(shown @ to_current)
    laid = Image.fromarray(picture).transform(
        (width, height), Image.Transform.AFFINE, tuple(back[:2].ravel()), Image.Resampling.BILINEAR, fillcolor=BEYOND
    )
    return np.asarray(laid)


def _structures(masks: Masks) -> tuple[Mask, Mask, Mask]:
    return masks.right_lung, masks.left_lung, masks.heart


def _axis(mask: Mask) -> Points:
    """Return centre, top and bottom of a mask's long axis."""
    rows, columns = np.nonzero(mask)
    points = np.stack((columns, rows), axis=1) + 0.5  # a pixel's middle, so that grids of any size agree
    centre = points.mean(axis=0)
    spread, axes = np.linalg.eigh(np.cov(points.T))
    long = 2 * np.sqrt(spread[1]) * axes[:, 1]
    down = long if long[1] >= 0 else -long
    return np.stack((centre, centre - down, centre + down))
