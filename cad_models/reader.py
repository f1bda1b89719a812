"""One film in, everything the networks say of it out: gate, view, anatomy, labels, draft.

It knows the order of the networks and what each needs of the others. It doesn't know files, thresholds in words or
wording; and it keeps nothing of a film, so that one reader serves every visitor at once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, Protocol

from cad_models import anatomy, registry
from cad_models.choice import EMBEDDED
from cad_models.preprocess import to_square
from chatcad.errors import ImageRefused
from chatcad.types import LabelReading, Masks, Radiograph, Reading, View

if TYPE_CHECKING:
    from torch import Tensor

    from cad_models.gate import FilmGate
    from cad_models.segmenter import Segmenter
    from cad_models.view import ViewHead


REMEDY = "give one upright frontal chest film"


class LabelNetwork(Protocol):
    """What the reader asks of a classifier."""

    def read_labels(self, film: Radiograph, masks: Masks, view: View) -> tuple[LabelReading, ...]:
        """Read every label of the vocabulary; ``masks`` lie on the segmenter's square grid."""


class ReportNetwork(Protocol):
    """What the reader asks of a report drafter."""

    def draft(self, film: Radiograph, masks: Masks, view: View, labels: tuple[LabelReading, ...]) -> str:
        """Draft the report's findings in plain radiology English, one claim a sentence."""


class CadReader:
    """Reads films with one set of networks, loaded once; safe to share between threads.

    Parameters
    ----------
    chosen
        The network for each task, by its name in the registry.

    Raises
    ------
    ModelMissing
        A network's weights are missing or damaged; the message says the remedy.
    """

    def __init__(self, chosen: Mapping[registry.Task, str] = EMBEDDED) -> None:
        self._segmenter: Segmenter = registry.load(chosen["segmenter"])
        self._gate: FilmGate = registry.load(chosen["gate"])
        self._view: ViewHead = registry.load(chosen["view"])
        self._classifier: LabelNetwork = registry.load(chosen["classifier"])
        self._reporter: ReportNetwork = registry.load(chosen["reporter"])
        self._sha256 = {name: registry.get(name).sha256 for name in chosen.values()}

    def read(self, radiograph: Radiograph) -> Reading:
        """Read one film.

        Parameters
        ----------
        radiograph
            From `chatcad.imaging.load`.

        Returns
        -------
        Reading
            Masks are on the film's own grid. Times are in milliseconds, one a stage.

        Raises
        ------
        ImageRefused
            The picture is not an upright frontal chest film; the message says what it looks like instead.
        """
        from cad_models.features import film_features
        from cad_models.gate import blank
        from cad_models.segmenter import SIZE, run

        times: dict[str, float] = {}
        with _timed(times, "preprocess"):
            square = to_square(radiograph.pixels, SIZE)
            empty = blank(radiograph.pixels)
        if empty is not None:
            raise ImageRefused(f"not read: {empty.reason}; {REMEDY}")
        with _timed(times, "segmenter"):
            film, maps, logits = run(self._segmenter, square)
        with _timed(times, "gate"):
            features = film_features(film, maps, logits)
            gate = self._gate.judge(features)
        if not gate.accepted:
            raise ImageRefused(f"not read: {gate.reason} (score {gate.score:.2f}); {REMEDY}")
        with _timed(times, "view"):
            view, view_from = self._tell_view(radiograph, features)
        with _timed(times, "masks"):
            cleaned = anatomy.clean(logits.sigmoid()[0].numpy())
            masks = anatomy.masks_on_grid(cleaned, radiograph.height, radiograph.width)
            small = anatomy.masks_on_grid(cleaned, SIZE, SIZE)
        with _timed(times, "classifier"):
            labels = self._classifier.read_labels(radiograph, small, view)
        with _timed(times, "reporter"):
            draft = self._reporter.draft(radiograph, small, view, labels)
        return Reading(gate, view, view_from, labels, masks, draft, self._sha256, times)

    def _tell_view(self, radiograph: Radiograph, features: Tensor) -> tuple[View, Literal["header", "network"]]:
        if radiograph.view != "unknown":
            return radiograph.view, "header"
        return self._view.tell(features), "network"


@contextmanager
def _timed(times: dict[str, float], stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    times[stage] = 1e3 * (time.perf_counter() - start)
