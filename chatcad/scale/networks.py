"""Where films are read: by networks in this process, or by a deployment that many processes share.

Every face opens its networks here, so that ``CHATCAD_CAD`` holds for all of them. It knows the choice; how a film is
read is ``cad_models``', how it travels is ``wire``'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from chatcad.config import Settings
from chatcad.errors import ImageRefused
from chatcad.types import Box, Masks, Radiograph, Reading, View

TOGETHER = 16
"""Films under way at a deployment at once, a batch for each of two replicas; each takes up to 160 MB while it waits."""


class Networks(Protocol):
    """What reads a decoded film; safe to share between threads."""

    @property
    def together(self) -> int:
        """How many films it is best given at once."""

    def read(self, radiograph: Radiograph) -> Reading:
        """Read one film.

        Raises
        ------
        ImageRefused
            It is not an upright frontal chest film.
        """

    def read_many(self, radiographs: Iterable[Radiograph]) -> Iterator[Reading | ImageRefused]:
        """Yield for each film, in order, what `read` would return or raise."""

    def occluded(self, film: Radiograph, masks: Masks, view: View, box: Box) -> dict[str, tuple[float, float]]:
        """Return each label's probability on a film as it is, and with a part of it greyed out."""


def open_networks(settings: Settings, *, lenient: bool = False) -> Networks:
    """Return the chosen networks, loaded here; or, with ``CHATCAD_CAD``, a client of the deployment at that address.

    Parameters
    ----------
    settings
        Which networks, and where.
    lenient
        Whether networks that can be done without may be missing here; a deployment has all of them or doesn't start.

    Raises
    ------
    ModelMissing
        A network's weights are missing or damaged, or nobody answers at the address.
    UsageError
        The address is not on the premises.
    """
    if settings.cad:
        from chatcad.scale.remote import RemoteNetworks

        return RemoteNetworks.connect(settings)
    from cad_models.choice import chosen
    from cad_models.reader import CadReader

    return CadReader(chosen(settings.cache), lenient=lenient)
