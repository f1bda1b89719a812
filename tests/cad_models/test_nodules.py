import numpy as np
import torch

from cad_models.training.nodules import CROP, STRIDE, NoduleNetwork, crop_loss, paint_crop


def pair(seed: int):
    crop = np.full((CROP, CROP), 0.3, np.float32)
    return paint_crop(crop, np.ones((CROP, CROP), bool), np.random.default_rng(seed))


def test_a_painted_nodule_is_the_only_difference_and_brighter():
    for seed in range(8):
        without, having, mask = pair(seed)
        assert mask.any()
        assert (having - without)[mask > 0].mean() > 0.01
        assert np.abs(having - without)[:4].max() < 0.35


def test_no_lung_no_nodule():
    crop = np.full((CROP, CROP), 0.3, np.float32)
    without, having, mask = paint_crop(crop, np.zeros((CROP, CROP), bool), np.random.default_rng(0))
    assert not mask.any()
    assert np.array_equal(without, having)


def test_cells_and_a_finite_loss_that_knows_the_order():
    torch.manual_seed(0)
    network = NoduleNetwork()
    pairs = [pair(seed) for seed in range(2)]
    films = torch.from_numpy(np.stack([p[0] for p in pairs] + [p[1] for p in pairs]))[:, None]
    masks = torch.from_numpy(np.stack([np.zeros_like(p[2]) for p in pairs] + [p[2] for p in pairs]))[:, None]
    assert network(films).shape == (4, 1, CROP // STRIDE, CROP // STRIDE)
    assert torch.isfinite(crop_loss(network, films, masks))
