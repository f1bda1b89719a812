"""The finding classifier: one evidence map and one score a label, from one square film.

It knows the network, the region where evidence counts, and the operating points that the evaluation wrote. It
doesn't know words, bands or sides (``chatcad.findings``), nor how it was trained (``cad_models.training.classifier``).

The score of a label is the log-mean-exponential of its map inside the thorax plus a global logit, so that a heat
map is not an afterthought: it is the evidence that was summed (compare Pinheiro & Collobert 2015, arXiv 1411.6228).
"""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from torch import Tensor, nn
from torch.nn import functional

from cad_models.anatomy import reliable_ratio
from cad_models.calibration import OperatingPoint, read_points
from cad_models.labels import LABELS
from cad_models.preprocess import to_square
from cad_models.saliency import heat_map
from cad_models.segmenter import WIDTHS, Encoder, conv_block
from cad_models.weights_io import read_weights
from chatcad.types import FloatImage, LabelReading, Mask, Masks, Radiograph, View

SIZE = 224
MAP_STRIDE = 8
MAP_SIZE = SIZE // MAP_STRIDE
MAP_CHANNELS = 96


class Residual(nn.Module):
    """Two 3×3 convolutions that begin as the identity (He et al. 2016, arXiv 1512.03385; Goyal et al. 2017)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        last = nn.BatchNorm2d(width)
        nn.init.zeros_(last.weight)
        self.change = nn.Sequential(conv_block(width, width), nn.Conv2d(width, width, 3, 1, 1, bias=False), last)

    def forward(self, x: Tensor) -> Tensor:
        """Return the changed map, same shape."""
        return functional.relu(x + self.change(x))


class DeepEncoder(Encoder):
    """The segmenter's encoder with residual blocks after each stage; with none of them trained, it *is* that encoder.

    Parameters
    ----------
    channels, widths
        See `cad_models.segmenter.Encoder`.
    blocks
        Residual blocks at strides 4, 8, 16 and 32.
    """

    def __init__(
        self, channels: int = 1, widths: tuple[int, ...] = WIDTHS, blocks: tuple[int, ...] = (0, 1, 2, 2)
    ) -> None:
        super().__init__(channels, widths)
        self.deeper = nn.ModuleList(
            nn.Sequential(*(Residual(width) for _ in range(count))) for width, count in zip(widths, blocks, strict=True)
        )

    def forward(self, film: Tensor) -> list[Tensor]:
        """Return the maps, finest first."""
        maps = [self.deeper[0](self.stem(self.fold(film * 2 - 1)))]
        for stage, deeper in zip(self.stages, list(self.deeper)[1:], strict=True):
            maps.append(deeper(stage(maps[-1])))
        return maps


class Classifier(nn.Module):
    """Encoder, feature pyramid to stride 8, one map channel and one global logit a label.

    Parameters
    ----------
    widths
        Of the encoder; see `cad_models.segmenter.Encoder`.
    labels
        Number of labels.
    """

    def __init__(self, widths: tuple[int, ...] = WIDTHS, labels: int = len(LABELS)) -> None:
        super().__init__()
        self.encoder = DeepEncoder(1, widths)
        self.lateral = nn.ModuleList(nn.Conv2d(w, MAP_CHANNELS, 1) for w in widths[1:])
        self.context = nn.Linear(widths[-1], MAP_CHANNELS)
        self.join = nn.Sequential(conv_block(MAP_CHANNELS, MAP_CHANNELS), nn.Dropout2d(0.1))
        self.maps = nn.Conv2d(MAP_CHANNELS, labels, 1)
        self.whole = nn.Sequential(nn.Dropout(0.2), nn.Linear(2 * widths[-1], labels))
        self.scale = nn.Parameter(torch.ones(labels))
        nn.init.constant_(self.maps.bias, -3.0)  # type: ignore[arg-type]

    def forward(self, film: Tensor, region: Tensor) -> tuple[Tensor, Tensor]:
        """Return scores and maps.

        Parameters
        ----------
        film
            ``(n, 1, 224, 224)`` in ``[0, 1]``.
        region
            ``(n, 1, 28, 28)`` bool or 0/1: where evidence counts; not empty.

        Returns
        -------
        scores, maps
            Logits ``(n, labels)``, uncalibrated, and ``(n, labels, 28, 28)``.
        """
        features = self.encoder(film)
        deep = features[-1]
        average = deep.mean(dim=(2, 3))
        joined = self.lateral[0](features[1]) + self.context(average)[:, :, None, None]
        for layer, feature in zip(list(self.lateral)[1:], features[2:], strict=True):
            joined = joined + functional.interpolate(layer(feature), size=joined.shape[2:], mode="bilinear")
        maps = self.maps(self.join(functional.relu(joined))).float()
        whole = self.whole(torch.cat((average, deep.amax(dim=(2, 3))), dim=1)).float()
        return self.scale * log_mean_exp(maps, region) + whole, maps


def log_mean_exp(maps: Tensor, region: Tensor) -> Tensor:
    """Return the soft maximum of each map over the region: between its mean and its maximum."""
    inside = maps.masked_fill(region < 0.5, -math.inf)
    count = (region >= 0.5).sum(dim=(2, 3)).clamp(min=1)
    return torch.logsumexp(inside.flatten(2), dim=2) - count.log()


def thorax_region(right_lung: Mask, left_lung: Mask, size: int = MAP_SIZE) -> NDArray[np.bool_]:
    """Return where evidence counts: the thorax filled row by row, made symmetrical, and grown a little.

    A lung that is white from top to bottom has no visible mask; mirroring the other one gives its place back.

    Parameters
    ----------
    right_lung, left_lung
        ``(h, w)`` bool on one grid that covers the film.
    size
        Side of the result.

    Returns
    -------
    numpy.ndarray
        ``(size, size)`` bool; all true where there are no lungs to go by, or next to nothing of them.
    """
    lungs = right_lung | left_lung
    columns = np.flatnonzero(lungs.any(axis=0))
    if not len(columns):
        return np.ones((size, size), dtype=bool)
    filled = lungs | _mirror(lungs, _midline(right_lung, left_lung, columns))
    filled = np.logical_or.accumulate(filled, 1) & np.logical_or.accumulate(filled[:, ::-1], 1)[:, ::-1]
    small = Image.fromarray(filled.astype(np.float32)).resize((size, size), Image.Resampling.BILINEAR)
    region = np.asarray(ndimage.binary_dilation(np.asarray(small) > 0.3, iterations=1))
    return region if region.any() else np.ones_like(region)


def _midline(right_lung: Mask, left_lung: Mask, columns: NDArray[np.intp]) -> float:
    """Return the column halfway between the lungs' outer borders, or of the picture when one lung is missing."""
    right, left = np.flatnonzero(right_lung.any(axis=0)), np.flatnonzero(left_lung.any(axis=0))
    if min(right_lung.sum(), left_lung.sum()) < 0.2 * max(right_lung.sum(), left_lung.sum()):
        return (right_lung.shape[1] - 1) / 2
    return float(right[0] + left[-1]) / 2 if len(right) and len(left) else float(columns.mean())


def _mirror(mask: Mask, midline: float) -> Mask:
    """Mirror a mask about a column."""
    source = np.rint(2 * midline - np.arange(mask.shape[1])).astype(int)
    inside = (source >= 0) & (source < mask.shape[1])
    mirrored = np.zeros_like(mask)
    mirrored[:, inside] = mask[:, source[inside]]
    return mirrored


def run(network: Classifier, square: FloatImage, region: Mask) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Run the network on one film.

    Parameters
    ----------
    network
        In evaluation mode.
    square
        ``(224, 224)`` float32 from `cad_models.preprocess.to_square`.
    region
        ``(28, 28)`` bool from `thorax_region`.

    Returns
    -------
    scores, maps
        ``(labels,)`` and ``(labels, 28, 28)`` logits.
    """
    with torch.inference_mode():
        film = torch.from_numpy(np.ascontiguousarray(square))[None, None]
        scores, maps = network(film, torch.from_numpy(region)[None, None])
    return scores[0].numpy(), maps[0].numpy()


class FilmClassifier:
    """The network with its operating points: what the reader asks for labels.

    Parameters
    ----------
    network
        In evaluation mode.
    points
        By label, from `cad_models.calibration.read_points`.
    """

    def __init__(self, network: Classifier, points: dict[str, OperatingPoint]) -> None:
        self.network = network
        self.points = points

    def read_labels(self, film: Radiograph, masks: Masks, view: View) -> tuple[LabelReading, ...]:
        """Read every label that the network has a channel for.

        Parameters
        ----------
        film
            The film as loaded.
        masks
            On any grid that covers the film.
        view
            Not used by this network: its figures were measured on both views together.

        Returns
        -------
        tuple of LabelReading
            In the order of ``LABELS``; no probability where the operating points say ``not_assessed``, a heat map
            where the label fires.
        """
        return self.read_square(to_square(film.pixels, SIZE), masks)

    def read_square(self, square: FloatImage, masks: Masks) -> tuple[LabelReading, ...]:
        """Read every label of a film that is already ``(224, 224)``: see `read_labels`."""
        region = thorax_region(masks.right_lung, masks.left_lung)
        scores, maps = run(self.network, square, region)
        ratio = reliable_ratio(masks)
        return tuple(
            self.points[label].reading(float(score), ratio, "classifier", partial(heat_map, evidence, region))
            for label, score, evidence in zip(LABELS, scores, maps, strict=True)
        )


def load(file: Path) -> FilmClassifier:
    """Return the classifier of a weight file; its operating points lie beside it under the same name."""
    network = Classifier()
    network.load_state_dict(read_weights(file))
    return FilmClassifier(network.eval(), read_points(file.with_suffix(".json")))
