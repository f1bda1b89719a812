"""Train the view head: ``python -m cad_models.training.view --data DIR``.

Only sources that have both views teach it (NIH, its 64 px sampling, Hannover, COVID), and inside each source both
views have the same say, so that the hospital can't stand for the view.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from cad_models.segmenter import load
from cad_models.training.data import films
from cad_models.training.heads import balanced, features_of, fit_head, squares
from cad_models.weights_io import WEIGHTS, read_index, save_weights
from chatcad.config import load_settings

SOURCES = ("nih", "nih64", "hannover", "covid")
SURE = 0.8
DECAY = 1e-3

FACTS = {
    "task": "view",
    "module": "cad_models.view",
    "labels": ["PA", "AP"],
    "licence": "research and education only, no commercial use (it reads the segmenter's features)",
    "source": "trained here on NIH ChestX-ray14, Hannover and COVID films whose view is known",
    "citation": "as the segmenter's",
    "embedded": True,
}


def main() -> None:
    """Fit the head on training films and write the weights."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--data", type=Path, default=load_settings().data)
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="folder with the segmenter's weights")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    segmenter = read_index(args.weights / "index.json")["segmenter"]
    network = load(args.weights / segmenter["file"])

    known = [f for f in films(args.data, SOURCES) if f.split == "train" and f.view != "unknown"]
    targets = torch.tensor([f.view == "PA" for f in known])
    weights = balanced([f"{f.source} {f.view}" for f in known])
    head = fit_head(features_of(network, squares(known)), targets, weights, 1, DECAY)
    head.get_buffer("threshold").fill_(SURE)
    save_weights(head, "view", {**FACTS, "needs": {"segmenter": segmenter["sha256"]}}, args.weights)


if __name__ == "__main__":
    main()
