import numpy as np
import pytest
import torch

from cad_models.classifier import MAP_SIZE, SIZE, Classifier
from cad_models.gradcam import grad_cam
from evaluation.saliency import cascade


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return Classifier().eval()


@pytest.fixture(scope="module")
def films():
    rng = np.random.default_rng(0)
    regions = np.zeros((2, MAP_SIZE, MAP_SIZE), dtype=bool)
    regions[:, 4:24, 5:23] = True
    return rng.random((2, SIZE, SIZE)).astype(np.float32), regions


def evidence_of(network, squares, regions, labels):
    with torch.inference_mode():
        _, maps = network(torch.from_numpy(squares)[:, None], torch.from_numpy(regions)[:, None])
    return np.stack([m[label] for m, label in zip(maps.numpy(), labels, strict=True)])


@pytest.mark.parametrize("layer", ["joined", "deepest"])
def test_maps_lie_inside_the_thorax_and_are_not_negative(network, films, layer):
    squares, regions = films
    maps = grad_cam(network, squares, regions, [0, 3], layer)
    assert maps.shape == regions.shape
    assert maps.min() >= 0
    assert not maps[~regions].any()


def test_at_the_joined_map_it_is_the_evidence_but_for_a_constant(network, films):
    squares, regions = films
    cam, evidence = grad_cam(network, squares, regions, [1, 1]), evidence_of(network, squares, regions, [1, 1])
    for one, other in zip(cam, evidence, strict=True):
        both = one > 0
        if both.sum() > 10:
            assert np.corrcoef(one[both], other[both])[0, 1] > 0.999


def test_another_label_has_another_map(network, films):
    squares, regions = films
    assert not np.allclose(
        grad_cam(network, squares, regions, [0, 0], "deepest"), grad_cam(network, squares, regions, [2, 2], "deepest")
    )


def test_the_cascade_ends_with_no_learnt_weight_and_leaves_the_network_alone(network):
    before = {k: v.clone() for k, v in network.state_dict().items()}
    *_, (depth, spoilt) = cascade(network)
    assert depth == "encoder.stem"
    convolutions = [k for k, v in before.items() if k.endswith("weight") and v.dim() == 4]
    assert all(not torch.equal(before[k], spoilt.state_dict()[k]) for k in convolutions)
    assert all(torch.equal(before[k], v) for k, v in network.state_dict().items())
