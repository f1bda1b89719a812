"""Beyond one process: the networks behind a URL instead of in this process, by one switch (``CHATCAD_CAD``)."""

from chatcad.scale.networks import Networks, open_networks

__all__ = ["Networks", "open_networks"]
