"""Grad-CAM of the classifier, beside its own evidence maps: what a reader who distrusts these can compare with.

It knows captum and the classifier's layers. The product draws the evidence (``cad_models.saliency``): it is what the
score summed. Grad-CAM (Selvaraju et al. 2017, arXiv 1610.02391) follows the score's gradient, and so also sees the
part of the score that has no place, the global logit.

At the joined map Grad-CAM must agree with the evidence but for a constant: the evidence is one linear combination of
that map's channels, and the gradient's mean is the same combination. At the encoder's deepest map it need not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from captum.attr import LayerGradCam
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from cad_models.classifier import Classifier

Layer = Literal["joined", "deepest"]


def layer_of(network: Classifier, layer: Layer) -> nn.Module:
    """Return the module whose output is attributed: the joined stride-8 map, or the encoder's stride-32 map."""
    return network.join if layer == "joined" else network.encoder.stages[-1]


def grad_cam(
    network: Classifier,
    squares: NDArray[np.float32],
    regions: NDArray[np.bool_],
    labels: Sequence[int],
    layer: Layer = "joined",
) -> NDArray[np.float32]:
    """Return one Grad-CAM map a film.

    Parameters
    ----------
    network
        In evaluation mode.
    squares
        ``(n, 224, 224)`` float32 from `cad_models.preprocess.to_square`.
    regions
        ``(n, 28, 28)`` bool from `cad_models.classifier.thorax_region`.
    labels
        Which output each film's map is of.
    layer
        Where the gradient is taken.

    Returns
    -------
    numpy.ndarray
        ``(n, 28, 28)`` float32, not negative, and 0 outside the thorax.
    """
    film = torch.from_numpy(np.ascontiguousarray(squares))[:, None]
    inside = torch.from_numpy(regions)[:, None]

    def scores(film: Tensor, inside: Tensor) -> Tensor:
        scored: Tensor = network(film, inside)[0]
        return scored

    cam = LayerGradCam(scores, layer_of(network, layer))
    found = cam.attribute(film, target=list(labels), additional_forward_args=inside, relu_attributions=True)
    laid = functional.interpolate(found.detach(), size=regions.shape[1:], mode="bilinear", align_corners=False)
    masked: NDArray[np.float32] = laid[:, 0].numpy() * regions
    return masked
