"""Training across hospitals whose films stay where they are: Flower's FedAvg and FedProx over sites.

It knows what a site does with the network that it is sent, and what the server does with what comes back: weights and
numbers of films, nothing else. `client_app` is what a hospital would run under Flower's SuperNode; `Here` stands in for
the connection when all sites are in one process. What the networks are and what they learn is ``federated_tasks``'.

FedAvg: McMahan 2017, arXiv 1602.05629. FedProx: Li 2020, arXiv 1812.06127. Batch normalisation's running means are
averaged with the weights. Needs ``requirements/federation.txt``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

os.environ.setdefault("FLWR_TELEMETRY_ENABLED", "0")  # read when flwr is imported: nothing is reported to its makers

from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid
from flwr.serverapp.strategy import FedAvg, FedProx
from flwr.supercore.task_identity import TaskIdentity

BATCH = 16
LEARNING_RATE = 1e-3


@dataclass(frozen=True, slots=True)
class Site:
    """One hospital's films, ``(n, 1, s, s)`` uint8, and what is known of each: ``truth (n, …)``, NaN if unknown."""

    name: str
    films: Tensor
    truth: Tensor

    def __len__(self) -> int:
        """Return the number of films."""
        return len(self.films)


@dataclass(frozen=True, slots=True)
class Task:
    """What is learnt: ``network`` makes a new one, ``loss`` judges it on films in ``[0, 1]`` and their truth."""

    network: Callable[[], nn.Module]
    loss: Callable[[nn.Module, Tensor, Tensor, torch.Generator], Tensor]


def pooled(sites: Sequence[Site]) -> Site:
    """Return all films in one place: what a federation does without."""
    return Site("pooled", torch.cat([s.films for s in sites]), torch.cat([s.truth for s in sites]))


def train_at(site: Site, task: Task, network: nn.Module, *, steps: int, seed: int, pull: float = 0.0) -> nn.Module:
    """Train the network on one site's films, and return it.

    Parameters
    ----------
    pull
        FedProx's μ: how strongly the weights are held near those that the site was sent.
    """
    rng = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)  # of dropout, whose numbers would else depend on which site was asked first
    sent = [p.detach().clone() for p in network.parameters()]
    optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=1e-2)
    network.train()
    for _ in range(steps):
        chosen = torch.randint(0, len(site), (BATCH,), generator=rng)
        loss = task.loss(network, site.films[chosen].float() / 255, site.truth[chosen], rng)
        if pull:
            gap = sum((p - q).square().sum() for p, q in zip(network.parameters(), sent, strict=True))
            loss = loss + pull / 2 * gap
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return network.eval()


def client_app(site: Site, task: Task, *, steps: int) -> ClientApp:
    """Return what a hospital runs: it takes weights, trains on its own films, and gives weights back."""
    app = ClientApp()

    @app.train()
    def train(message: Message, _: Context) -> Message:
        network, config = task.network(), message.content["config"]
        network.load_state_dict(message.content["arrays"].to_torch_state_dict())
        seed, pull = int(config["server-round"]), float(config.get("proximal-mu", 0.0))
        train_at(site, task, network, steps=steps, seed=seed, pull=pull)
        content = {"arrays": ArrayRecord(network.state_dict()), "metrics": MetricRecord({"num-examples": len(site)})}
        return Message(RecordDict(content), reply_to=message)

    return app


class Here(Grid):
    """Flower's connection to the sites, all of them in this process and asked one after the other."""

    def __init__(self, apps: Sequence[ClientApp]) -> None:
        self._apps = dict(enumerate(apps, start=1))
        # Flower's own launcher says who a process is; messages can't be made before that.
        TaskIdentity.run_id = TaskIdentity.task_id = TaskIdentity.node_id = 1

    def get_node_ids(self) -> list[int]:
        """Return the sites' numbers."""
        return list(self._apps)

    def send_and_receive(self, messages: Iterable[Message], *, timeout: float | None = None) -> list[Message]:
        """Hand each message to its site and collect the answers."""
        # Flower draws its sites in a random order, and sums are rounded in the order that they are made in.
        return [self._answer(m) for m in sorted(messages, key=lambda m: m.metadata.dst_node_id)]

    def _answer(self, message: Message) -> Message:
        node = message.metadata.dst_node_id
        context = Context(run_id=1, node_id=node, node_config={}, state=RecordDict(), run_config={})
        return self._apps[node](message, context)

    def set_run(self, run: Any) -> None:
        """There is one run only."""

    run = create_message = push_messages = pull_messages = None  # of connections that wait; a strategy calls none


def federated(
    sites: Sequence[Site], task: Task, *, rounds: int, steps: int, start: nn.Module, pull: float = 0.0
) -> nn.Module:
    """Return the network that the sites train together.

    Parameters
    ----------
    rounds, steps
        How often weights are averaged, and each site's steps between two averages.
    start
        Where all begin.
    pull
        FedProx's μ; 0 is FedAvg.
    """
    quiet: dict[str, Any] = {"fraction_evaluate": 0.0, "min_train_nodes": len(sites), "min_available_nodes": len(sites)}
    strategy = FedProx(**quiet, proximal_mu=pull) if pull else FedAvg(**quiet)
    grid = Here([client_app(site, task, steps=steps) for site in sites])
    result = strategy.start(grid, ArrayRecord(start.state_dict()), num_rounds=rounds)
    network = task.network()
    network.load_state_dict(result.arrays.to_torch_state_dict())
    return network.eval()
