"""One film in, everything the networks say of it out: gate, view, anatomy, labels, draft.

It knows the order of the networks and what each needs of the others. It doesn't know files, thresholds in words or
wording; and it keeps nothing of a film, so that one reader serves every visitor at once.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from cad_models import anatomy, local, registry
from cad_models.choice import EMBEDDED
from cad_models.film_quality import remarks
from cad_models.preprocess import to_square
from cad_models.sparing import Absent, load_or_spare, sparing
from cad_models.weights_io import sha256_of
from chatcad.errors import ImageRefused
from chatcad.types import Box, FloatImage, Gate, LabelReading, Masks, Radiograph, Reading, View

if TYPE_CHECKING:
    from torch import Tensor

    from cad_models.gate import FilmGate
    from cad_models.segmenter import Segmenter
    from cad_models.view import ViewHead


REMEDY = "give one upright frontal chest film"
BATCH = 8
"""Films that go through the segmenter together: more gain nothing on a CPU (``evaluation/speed.py``)."""


class LabelNetwork(Protocol):
    """What the reader asks of a classifier."""

    def read_labels(self, film: Radiograph, masks: Masks, view: View) -> tuple[LabelReading, ...]:
        """Read every label of the vocabulary; ``masks`` lie on the segmenter's square grid."""


class AnatomyNetwork(Protocol):
    """What the reader asks of a segmenter that stands in for the embedded one."""

    def outline(self, film: Radiograph) -> NDArray[np.float32]:
        """Return ``(3, 256, 256)`` probabilities of right lung, left lung and heart, over the whole film."""


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
    classifier
        Instead of the chosen one, such as one that only listens (``chatcad.commands.calibrate``).
    lenient
        Whether a film is read without a network that is missing or fails, which ``Reading.missing`` says then.

    Raises
    ------
    ModelMissing
        A network's weights are missing or damaged; the message says the remedy. So for gate and segmenter always.
    """

    together = BATCH

    def __init__(
        self,
        chosen: Mapping[registry.Task, str] = EMBEDDED,
        classifier: LabelNetwork | None = None,
        *,
        lenient: bool = False,
    ) -> None:
        # Always there: the gate and the view head read its maps.
        self._segmenter: Segmenter = registry.load(EMBEDDED["segmenter"])
        self._gate: FilmGate = registry.load(chosen["gate"])
        load = partial(load_or_spare, lenient=lenient)
        other = chosen["segmenter"] != EMBEDDED["segmenter"]
        self._anatomy: AnatomyNetwork | None = load(lambda: registry.load(chosen["segmenter"])) if other else None
        self._view: ViewHead = load(lambda: registry.load(chosen["view"]))
        self._classifier: LabelNetwork = classifier or load(lambda: local.classifier(chosen["classifier"]))
        self._reporter: ReportNetwork = load(lambda: registry.load(chosen["reporter"]))
        self._sparing = partial(sparing, lenient=lenient)
        self._sha256 = self._weights(chosen)

    def _weights(self, chosen: Mapping[registry.Task, str]) -> dict[str, str]:
        """Return the sha256 of every weight file that was loaded."""
        spared = {"segmenter": self._anatomy, "view": self._view, "classifier": self._classifier,
                  "reporter": self._reporter}  # fmt: skip
        used = [name for task, name in chosen.items() if not isinstance(spared.get(task), Absent)]
        digests = {name: registry.get(name).sha256 for name in (EMBEDDED["segmenter"], *used)}
        if chosen["classifier"] in used and local.is_calibrated(chosen["classifier"]):
            digests["calibration"] = sha256_of(local.calibration_file(chosen["classifier"]))
        return digests

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
        (outcome,) = self._read_batch([radiograph])
        if isinstance(outcome, ImageRefused):
            raise outcome
        return outcome

    def read_many(self, radiographs: Iterable[Radiograph], batch: int = BATCH) -> Iterator[Reading | ImageRefused]:
        """Read films in their order, the segmenter on several at once.

        Parameters
        ----------
        radiographs
            Drawn as they are needed, no more than one batch ahead.
        batch
            Films that go through the network together.

        Yields
        ------
        Reading or ImageRefused
            One a film: what `read` would return or raise. Times are each film's share of its batch.
        """
        source = iter(radiographs)
        while films := list(islice(source, batch)):
            yield from self._read_batch(films)

    def occluded(self, film: Radiograph, masks: Masks, view: View, box: Box) -> dict[str, tuple[float, float]]:
        """Return what the classifier gives each label on a film as it is, and with a part of it greyed out.

        It tells how far a score rests on that part (Zeiler and Fergus 2014, arXiv 1311.2901), not what is there. The
        measured ratio, which Cardiomegaly's probability joins, stays that of the whole film.

        Parameters
        ----------
        film, masks, view
            As they were read; masks on any grid that covers the film.
        box
            The part, with an area.

        Returns
        -------
        dict
            By label, two probabilities in ``[0, 1]``; labels without a probability are left out, all where a lenient
            reader's classifier fails.
        """
        from cad_models.segmenter import SIZE

        # On the grid that they were read on: a ratio measured on another grid would move Cardiomegaly's probability.
        maps = np.stack((masks.right_lung, masks.left_lung, masks.heart)).astype(np.float32)
        small = anatomy.masks_on_grid(maps, SIZE, SIZE, masks.quality)
        left, upper, right, lower = (round(v * n) for v, n in zip(box, film.pixels.shape[::-1] * 2, strict=True))
        pixels = film.pixels.copy()
        pixels[upper:lower, left:right] = film.pixels.mean()
        readings: list[tuple[LabelReading, ...]] = [(), ()]
        with self._sparing("no scores of a part", "classifier", []):
            readings = [self._classifier.read_labels(f, small, view) for f in (film, replace(film, pixels=pixels))]
        return {
            whole.label: (whole.probability, grey.probability)
            for whole, grey in zip(*readings, strict=True)
            if whole.probability is not None and grey.probability is not None
        }

    def _read_batch(self, films: Sequence[Radiograph]) -> list[Reading | ImageRefused]:
        from cad_models.features import film_features
        from cad_models.gate import blank
        from cad_models.segmenter import SIZE, run

        times: dict[str, float] = {}
        outcomes: dict[int, Reading | ImageRefused] = {}
        with _timed(times, "preprocess", len(films)):
            empty = [blank(f.pixels) for f in films]
            seen = [i for i, nothing in enumerate(empty) if nothing is None]
            squares = [to_square(films[i].pixels, SIZE) for i in seen]
        outcomes |= {i: _refusal(gate) for i, gate in enumerate(empty) if gate is not None}
        if seen:
            with _timed(times, "segmenter", len(seen)):
                square, maps, logits = run(self._segmenter, np.stack(squares))
            with _timed(times, "gate", len(seen)):
                features = film_features(square, maps, logits)
                probabilities = logits.sigmoid().numpy()
                gates = [self._gate.judge(features[row : row + 1]) for row in range(len(seen))]
            for row, i in enumerate(seen):
                one = _Seen(squares[row], gates[row], features[row : row + 1], probabilities[row], dict(times))
                accepted = one.gate.accepted
                outcomes[i] = self._read_accepted(films[i], one) if accepted else _refusal(one.gate, one.gate.score)
        return [outcomes[i] for i in range(len(films))]

    def _read_accepted(self, film: Radiograph, seen: _Seen) -> Reading:
        """Read what the networks after the segmenter say of one film."""
        times, missing = seen.times, list[str]()
        view: View = "unknown"
        view_from: Literal["header", "network"] = "network"
        masks, small = None, _nothing_outlined()
        warnings: tuple[str, ...] = ()
        labels: tuple[LabelReading, ...] = ()
        draft = ""
        with _timed(times, "view"), self._sparing("view unknown", "view network", missing):
            view, view_from = self._tell_view(film, seen.features)
        with _timed(times, "masks"), self._sparing("not outlined or measured", "outlining", missing):
            cleaned = anatomy.clean(self._outline(film, seen.maps, missing))
            small = anatomy.masks_on_grid(cleaned, *cleaned.shape[1:])
            warnings = (*self._gate.remarks(seen.features), *remarks(film.pixels, seen.square, small))
            masks = anatomy.masks_on_grid(cleaned, film.height, film.width, small.quality)
        with _timed(times, "classifier"), self._sparing("not assessed", "classifier", missing):
            labels = self._classifier.read_labels(film, small, view)
        with _timed(times, "reporter"), self._sparing("no drafted report", "report network", missing):
            draft = self._reporter.draft(film, small, view, labels)
        return Reading(seen.gate, view, view_from, labels, masks, draft, self._sha256, times, warnings, tuple(missing))

    def _outline(self, film: Radiograph, maps: NDArray[np.float32], missing: list[str]) -> NDArray[np.float32]:
        """Return the chosen segmenter's maps; the embedded one's, which are there anyhow, where it fails."""
        if self._anatomy is not None:
            with self._sparing("outlined by the embedded segmenter instead", "chosen segmenter", missing):
                return self._anatomy.outline(film)
        return maps

    def _tell_view(self, radiograph: Radiograph, features: Tensor) -> tuple[View, Literal["header", "network"]]:
        if radiograph.view != "unknown":
            return radiograph.view, "header"
        return self._view.tell(features), "network"


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the segmenter made of one film: its features and ``maps`` of probabilities, and the times so far."""

    square: FloatImage
    gate: Gate
    features: Tensor
    maps: NDArray[np.float32]
    times: dict[str, float]


def _nothing_outlined() -> Masks:
    """Return what the classifier is given where no outline is to be had: it looks at the whole film then."""
    from cad_models.segmenter import SIZE

    nothing = np.zeros((SIZE, SIZE), dtype=np.bool_)
    return Masks(nothing, nothing, nothing, 0.0)


def _refusal(gate: Gate, score: float | None = None) -> ImageRefused:
    scored = "" if score is None else f" (score {score:.2f})"
    return ImageRefused(f"not read: {gate.reason}{scored}; {REMEDY}")


@contextmanager
def _timed(times: dict[str, float], stage: str, films: int = 1) -> Iterator[None]:
    start = time.perf_counter()
    yield
    times[stage] = 1e3 * (time.perf_counter() - start) / films
