import numpy as np
import pytest
import torch

from cad_models.training.augment import expose, obscure, warp
from cad_models.training.heads import balanced, fit_head
from cad_models.training.loop import train
from cad_models.training.shape import mask_loss

FEATURES = 24


@pytest.fixture
def rng():
    return torch.Generator().manual_seed(3)


def test_film_and_masks_are_warped_alike(rng):
    square = torch.zeros(4, 1, 64, 64)
    square[..., 20:44, 20:44] = 1
    film, mask = warp(square, square.clone(), rng)
    assert torch.equal(film, mask)
    assert not torch.equal(film, square)


def test_warp_never_mirrors(rng):
    left_bright = torch.zeros(64, 1, 64, 64)
    left_bright[..., 20:44, 4:28] = 1
    warped, _ = warp(left_bright, left_bright, rng)
    halves = warped[..., :32].sum(dim=(1, 2, 3)), warped[..., 32:].sum(dim=(1, 2, 3))
    assert (halves[0] > halves[1]).all()


@pytest.mark.parametrize("change", [expose, obscure])
def test_grey_changes_stay_in_range(change, rng):
    films = torch.rand(6, 1, 64, 64, generator=rng)
    changed = change(films, rng)
    assert changed.shape == films.shape
    assert changed.min() >= 0
    assert changed.max() <= 1
    assert not torch.equal(changed, films)


def test_loss_is_lowest_for_the_truth():
    truth = (torch.rand(2, 3, 32, 32) > 0.5).float()
    good, bad = mask_loss((truth * 2 - 1) * 12, truth), mask_loss((1 - truth * 2) * 12, truth)
    assert good < 0.01 < bad


def test_training_learns_and_a_restart_goes_on_from_the_checkpoint(tmp_path):
    def loss(network, generator):
        x = torch.randn(64, 3, generator=generator)
        return (network(x)[:, 0] - x.sum(dim=1)).square().mean()

    file = tmp_path / "line.safetensors"
    line = torch.nn.Linear(3, 1)
    start = (line.weight.detach() - 1).abs().sum()
    network = train(line, loss, minutes=0.02, checkpoint=file, learning_rate=3e-2)
    assert (network.weight - 1).abs().sum() < 0.5 * start
    again = train(torch.nn.Linear(3, 1), loss, minutes=0.02, checkpoint=file)
    assert torch.equal(again.weight, network.weight)


def test_groups_have_the_same_say():
    weights = balanced(["a", "a", "a", "b"])
    assert weights[:3].sum() == pytest.approx(float(weights[3]))


def test_head_separates_what_can_be_separated(monkeypatch):
    monkeypatch.setattr("cad_models.features.N_FEATURES", FEATURES)
    features = torch.from_numpy(np.random.default_rng(0).normal(size=(400, FEATURES)).astype(np.float32))
    targets = (features[:, 3] + 0.5 * features[:, 7] > 0).long()
    for classes in (1, 2):
        head = fit_head(features, targets, torch.ones(400), classes, 1e-5)
        with torch.inference_mode():
            logits = head(features)
        told = logits.argmax(dim=1) if classes == 2 else (logits[:, 0] > 0).long()
        assert (told == targets).float().mean() > 0.98
