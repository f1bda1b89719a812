"""What happens when a visitor does something: plain functions from a visit to a visit and what is shown of it.

It knows the system's verbs and typed errors. It knows no component; ``page`` wires these functions to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chatcad.desk import LOCAL, Desk
from chatcad.errors import ChatCADError, ExampleFailed
from chatcad.examples import fetched, film_bytes
from chatcad.language import speaking
from chatcad.loading import Loading
from chatcad.types import Language, Mode, PromptDesign, Study, Turn
from chatcad.ui import tables
from chatcad.ui.labels import label, steps_in
from chatcad.ui.overlay import Layers, everything
from chatcad.ui.phantom import SIMULATED, phantom_png
from chatcad.ui.shelf import NOTHING_KEPT, Shelf
from chatcad.ui.viewer import figure_html
from chatcad.ui.visit import Visit

QUESTION_LENGTH = 500
CONTEXT_LENGTH = 300
NO_HEAT = "none"
LAYERS = ("lungs", "heart", "widths")
EMPTY = Visit()

_LOADING = "The networks are loading. You may drop a film now: it is read as soon as they are ready."
_LOADING_WORDS = "The networks are ready. The language model is still loading: answers begin when it is there."


@dataclass(frozen=True, slots=True)
class Handlers:
    """The page's verbs over a system that may still be loading; it holds nothing of any visitor."""

    loading: Loading
    design: PromptDesign = "P3"
    shelf: Shelf = NOTHING_KEPT

    @property
    def desk(self) -> Desk:
        """Where films are read and questions answered, for the page as for the API."""
        return Desk(self.loading)

    def wait(self) -> Iterator[str]:
        """Say that the models are loading, and wait until they are or have failed."""
        steps = ((self.loading.films, _LOADING), (self.loading.system, _LOADING_WORDS))
        for promise, said in steps:
            if not promise.done():
                yield tables.notice_html(said, "busy")
            if (error := promise.exception()) is not None:
                yield tables.problem_html(error)
                return
        yield ""

    def read(self, path: str | None, owner: str = LOCAL, before: Visit = EMPTY) -> Iterator[tuple[Visit, str]]:
        """Read an uploaded film and delete the upload; a refusal clears the former study."""
        yield (empty := before.left()), self._busy()
        study, problem = self._try_reading(path, owner)
        yield empty if study is None else empty.about(study), problem

    def read_phantom(self, owner: str = LOCAL, before: Visit = EMPTY) -> Iterator[tuple[Visit, str]]:
        """Read the simulated film."""
        yield (empty := before.left()), self._busy()
        study, problem = self._try_reading(phantom_png(), owner)
        if study is None:
            yield empty, problem
            return
        # Among its own warnings, so that it is still said when the film comes back from the store.
        film = replace(study.radiograph, warnings=(*study.radiograph.warnings, SIMULATED))
        said = tables.notice_html(
            "This is a simulated film, drawn by ChatCAD: what is found on it means nothing.", "done"
        )
        yield empty.about(replace(study, radiograph=film)), said

    def read_example(
        self, cache: Path, key: str, owner: str = LOCAL, before: Visit = EMPTY
    ) -> Iterator[tuple[Visit, str]]:
        """Read an openly licensed film that was fetched before; say whose it is."""
        yield (empty := before.left()), self._busy()
        try:
            film, data = next(e for e in fetched(cache) if e.key == key), film_bytes(cache, key)
        except (ExampleFailed, StopIteration):
            said = "This example film is not there any more, or was changed: run `make examples` and start anew."
            yield empty, tables.notice_html(said, "error")
            return
        study, problem = self._try_reading(data, owner)
        remark = f"Example film: {film.what}. {film.licence}; {film.attribution}."
        yield empty if study is None else empty.about(study), problem or tables.notice_html(remark, "done")

    def read_prior(self, path: str | None, visit: Visit, owner: str = LOCAL) -> Iterator[tuple[Visit, str]]:
        """Read an earlier film of the same patient for comparison; a refusal leaves the rest as it is."""
        yield visit, self._busy()
        prior, problem = self._try_reading(path, owner)
        done = "" if prior is None else tables.prior_html(prior)
        if prior and visit.study and prior.radiograph.sha256 == visit.study.radiograph.sha256:
            prior, problem = None, tables.notice_html("This is the current film itself: drop an earlier one.", "error")
        yield replace(visit, prior=prior), problem or done

    def _busy(self) -> str:
        if not self.loading.films.done():
            return tables.notice_html(_LOADING, "busy")
        return tables.notice_html(self.waiting() or "Reading the film …", "busy")

    def waiting(self) -> str:
        """Say how many are before who comes now; ``""`` where nobody is."""
        before = len(self.desk.line)
        return f"The machine is busy: {before} before you." if before else ""

    def _try_reading(self, source: str | bytes | None, owner: str) -> tuple[Study | None, str]:
        film = _taken(source) if isinstance(source, str) else source
        if film is None:
            return None, tables.notice_html("The upload did not arrive: drop the file again.", "error")
        try:
            with speaking("en"):  # the draft report is English, as its check is
                return self.desk.read(film, owner), ""
        except ChatCADError as error:
            return None, tables.problem_html(error)

    def impression(self, visit: Visit, design: PromptDesign | None = None, owner: str = LOCAL) -> tuple[str, str]:
        """Return the impression's checked sentences, and a notice where there is none."""
        from chatcad.commands.report import IMPRESSION
        from chatcad.export import impression_lines
        from chatcad.pipeline import Conversation

        if visit.study is None:
            return "", ""
        if not self.loading.system.done():
            return "", tables.notice_html(_LOADING_WORDS, "busy")
        try:
            with speaking("en"):
                turn = self.desk.turn(IMPRESSION, Conversation(visit.study, design=design or self.design), owner)
        except ChatCADError as error:
            return "", tables.problem_html(error)
        return "\n".join(impression_lines(visit.study, turn)), ""

    def answer(
        self,
        visit: Visit,
        mode: Mode,
        context: str | None,
        language: Language = "en",
        design: PromptDesign | None = None,
        *,
        owner: str = LOCAL,
    ) -> Iterator[Visit]:
        """Answer the question under way: what is to be shown after each sentence, until it is finished or stopped.

        The visit that the page holds may have changed meanwhile (an earlier film was added), so what the answer came
        to stays with the question, for the page to take up with `Visit.close_ended`.
        """
        from chatcad.context import parse
        from chatcad.pipeline import Conversation

        if visit.study is None or (asking := visit.asking) is None or asking.taken:
            return
        asking.taken = True
        try:
            told = parse((context or "")[:CONTEXT_LENGTH])
            if asking.marked is not None:
                asking.region = self.desk.look(visit.study, asking.marked, owner)
            talk = Conversation(
                visit.study, visit.turns, mode, told, visit.prior, design or self.design, language, asking.region
            )
            self.desk.admit(owner)
            with self.desk.answer(asking.text, talk, owner) as answer:
                for said in steps_in("en", answer.until(lambda: asking.stopped)):
                    if isinstance(said, Turn):
                        asking.turn = said
                        visit = visit.close("")
                        self.shelf.keep(visit)  # before it is shown as finished; a failure is told with the list
                    else:
                        asking.heard.append(said)
                    yield visit
        except ChatCADError as error:
            asking.broke = f"The answer broke off: {tables.ended(error)} The findings on the left still stand."
            yield visit.close("")
        finally:
            asking.ended = True


def _taken(upload: str) -> bytes | None:
    """Return an upload's bytes, and remove it with its folder: a patient's film and its name don't stay on the disk.

    This comes before the film waits for its turn: Gradio files uploads by their content, so who drops the same film
    meanwhile has the same file.
    """
    path = Path(upload)
    try:
        film = path.read_bytes()
    except OSError:
        return None
    path.unlink(missing_ok=True)
    with suppress(OSError):  # another film lies there, or is gone as well
        path.parent.rmdir()
    return film


def heat_choices(study: Study) -> list[tuple[str, str]]:
    """Return the findings that have a heat map as (words, label), after "none"."""
    mapped = [f for f in tables.ordered(study) if f.heat_map is not None]
    return [(label("None"), NO_HEAT), *((f"{tables.title_of(f, 'clinician')} ({f.id})", f.label) for f in mapped)]


def first_heat(study: Study) -> str:
    """Return the label whose heat map is shown first: the surest flagged finding's."""
    return everything(study).heat or NO_HEAT


def draw(  # noqa: PLR0917  -- Gradio passes components by position
    visit: Visit, shown: Sequence[str], heat: str | None, level: float, window: float, inverted: bool
) -> str:
    """Draw the visit's film with the chosen layers, as a figure.

    Parameters
    ----------
    visit
        Its study; without one nothing is drawn.
    shown
        Of ``LAYERS``.
    heat
        A label, or ``NO_HEAT``.
    level, window
        In percent of the film's grey range.
    inverted
        Whether dense shall be dark.
    """
    if visit.study is None:
        return ""
    layers = layers_of(shown, heat, level, window, inverted)
    return figure_html(visit.study, layers, visit.region)


def layers_of(shown: Sequence[str], heat: str | None, level: float, window: float, inverted: bool) -> Layers:
    """Return what the film's controls ask for; see `draw`."""
    chosen: dict[str, Any] = {name: name in shown for name in LAYERS}
    mapped = None if heat in {None, NO_HEAT} else heat
    return Layers(**chosen, heat=mapped, invert=inverted, level=level / 100, window=window / 100)
