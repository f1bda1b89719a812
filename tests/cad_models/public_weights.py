"""Random weights in the form in which the public networks' owners publish them."""

from pathlib import Path

import torch
from torch import nn

from cad_models.public.architectures import ARCHITECTURES


def settled(name: str) -> nn.Module:
    """Return a network with seeded random weights."""
    torch.manual_seed(0)
    return ARCHITECTURES[name].build()


def published(name: str, folder: Path) -> Path:
    """Save a network as its owner publishes it, and return the file.

    DenseNet121-all is a whole network with its source, as torch pickled before 1.6 (and without what later releases
    put into a module); PSPNet is a state dict of a network on several GPUs; the others are state dicts.
    """
    network, file = settled(name), folder / f"{name}.pt"
    if name == "densenet121-res224-all":
        for module in network.modules():
            del module._non_persistent_buffers_set
        torch.save(network, file, _use_new_zipfile_serialization=False)
    elif name == "pspnet-chestx-det":
        torch.save({f"module.{k}": v for k, v in network.state_dict().items()}, file)
    else:
        torch.save(network.state_dict(), file)
    return file
