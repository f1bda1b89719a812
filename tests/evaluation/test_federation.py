"""Federated training on made-up sites: what travels, what is averaged, and that it learns."""

import copy
import logging

import pytest
import torch
from torch import nn

pytest.importorskip("flwr", reason="Flower is not installed: make scale-test")

from cad_models.training import federated_tasks as tasks
from cad_models.training.federation import Here, Site, Task, client_app, federated, pooled, train_at
from evaluation import federation
from evaluation.statistics import auroc
from tests.cad_models.real_data import DATA, needs_data


def brightness_loss(network, films, truth, rng):
    return nn.functional.binary_cross_entropy_with_logits(network(films)[:, 0], truth)


logging.getLogger("flwr").setLevel(logging.WARNING)  # it tells every round
TASK = Task(lambda: nn.Sequential(nn.Flatten(), nn.Linear(16, 1)), brightness_loss)


def site(name, n, seed=0, *, only=None):
    rng = torch.Generator().manual_seed(seed)
    truth = torch.randint(0, 2, (n,), generator=rng).float() if only is None else torch.full((n,), float(only))
    films = (220 * truth[:, None, None, None] + 20 * torch.rand(n, 1, 4, 4, generator=rng)).byte()
    return Site(name, films, truth)


def told_apart(network, where):
    return auroc(network(where.films.float() / 255)[:, 0].detach().double().numpy(), where.truth.numpy() > 0)


def test_a_site_without_a_disease_learns_it_from_another():
    healthy, mixed, new = site("a", 30, only=0), site("b", 90, 1), site("new", 200, 2)
    torch.manual_seed(0)
    start = TASK.network()
    alone = train_at(healthy, TASK, copy.deepcopy(start), steps=300, seed=0)
    together = federated([healthy, mixed], TASK, rounds=15, steps=20, start=copy.deepcopy(start))
    assert told_apart(alone, new) < 0.6
    assert told_apart(together, new) > 0.9


def test_weights_are_averaged_by_numbers_of_films():
    sites, start = [site("a", 30), site("b", 90, 1)], TASK.network()
    ends = [train_at(s, TASK, copy.deepcopy(start), steps=2, seed=1) for s in sites]
    averaged = federated(sites, TASK, rounds=1, steps=2, start=start)
    assert torch.allclose(averaged[1].weight, 0.25 * ends[0][1].weight + 0.75 * ends[1][1].weight, atol=1e-6)


def test_a_run_can_be_repeated():
    noisy = Task(lambda: nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(16, 1)), brightness_loss)
    sites, start = [site(n, 30, i) for i, n in enumerate("abc")], noisy.network()
    ends = [federated(sites, noisy, rounds=3, steps=2, start=copy.deepcopy(start))[2].weight for _ in range(3)]
    assert torch.equal(ends[0], ends[1]) and torch.equal(ends[0], ends[2])


def test_fedprox_holds_a_site_near_what_it_was_sent():
    start, where = TASK.network(), site("a", 30)
    free, held = (train_at(where, TASK, copy.deepcopy(start), steps=60, seed=0, pull=p) for p in (0.0, 100.0))
    moved = [float((n[1].weight - start[1].weight).detach().norm()) for n in (free, held)]
    assert moved[1] < 0.3 * moved[0]


def test_only_weights_and_a_number_of_films_leave_a_site():
    answers = []

    class Listening(Here):
        def send_and_receive(self, messages, *, timeout=None):
            answers.extend(super().send_and_receive(messages, timeout=timeout))
            return answers

    from flwr.app import ArrayRecord
    from flwr.serverapp.strategy import FedAvg

    apps = [client_app(site(n, 20, i), TASK, steps=1) for i, n in enumerate("ab")]
    FedAvg(fraction_evaluate=0.0).start(Listening(apps), ArrayRecord(TASK.network().state_dict()), num_rounds=1)
    for answer in answers:
        assert set(answer.content) == {"arrays", "metrics"}
        assert set(answer.content["arrays"]) == {"1.weight", "1.bias"}
        assert dict(answer.content["metrics"]) == {"num-examples": 20}


def test_what_a_site_does_not_mark_teaches_nothing():
    network, rng = tasks.OUTLINING.network(), torch.Generator().manual_seed(0)
    truth = torch.zeros(4, 3, 128, 128)
    truth[:, 2] = torch.nan
    tasks.outline_loss(network, torch.rand(4, 1, 128, 128), truth, rng).backward()
    per_structure = network.head[0].bias.grad.view(3, -1).abs().sum(dim=1)
    assert per_structure[2] == 0 and per_structure[0] > 0
    silent = torch.full((4, len(tasks.LABELS)), torch.nan)
    assert tasks.label_loss(tasks.LABELLING.network(), torch.rand(4, 1, 96, 96), silent, rng) == 0


@needs_data
def test_no_patient_that_judges_was_in_training_at_any_site():
    sources = tasks.LABEL_SITES
    seen, judged = (
        {f.patient for fs in tasks.films_of(DATA, sources, held_out=h, marked=False).values() for f in fs}
        for h in (False, True)
    )
    assert seen and judged and not seen & judged


def test_it_is_counted_how_many_films_stand_behind_a_figure():
    truth = torch.tensor([[1.0] + [torch.nan] * 4] * 25 + [[0.0] + [torch.nan] * 4] * 3)
    few = federation.HeldOut("here", (), torch.zeros(28, 1, 8, 8), truth)
    assert federation.support([few]) == {"Lung Opacity at here": [25, 3]}
    assert len(pooled([site("a", 3), site("b", 4)])) == 7
