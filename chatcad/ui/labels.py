"""The page's own words: an English phrase stands for itself, and ``prompts/xx/page.yaml`` says it in another language.

It knows which words stand on components, and lets every handler of the page speak the language that is chosen on it.
It knows no sentence about a film: those come from ``findings.wording`` in each language.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from chatcad.language import speaking, spoken, table
from chatcad.types import Language

if TYPE_CHECKING:
    import gradio as gr

Step = TypeVar("Step")

_SAID = ("label", "info", "placeholder")
"""Properties of components that hold words; a button's words are its value."""


def label(text: str) -> str:
    """Return a fixed English phrase of the page in the language spoken; one without a translation stays English."""
    return text if spoken() == "en" else str(table("page").get(text, text))


def caveat(text: str) -> str:
    """Return a measurement's caveat in the language spoken."""
    return text if spoken() == "en" else str(table("wording")["caveats"].get(text, text))


def steps_in(language: Language, running: Iterator[Step]) -> Iterator[Step]:
    """Let a generator speak a language within each of its steps, and nobody else between them."""
    while True:
        with speaking(language):
            try:
                step = next(running)
            except StopIteration:
                return
        yield step


def words_on(page: gr.Blocks) -> dict[Any, dict[str, Any]]:
    """Return the English words that stand on the components of a page when it opens, by property."""
    found = {}
    for component in page.blocks.values():
        words: dict[str, Any] = {p: w for p in _SAID if isinstance(w := getattr(component, p, None), str) and w}
        if type(component).__name__ == "Button" and component.value:
            words["value"] = component.value
        if getattr(component, "choices", None) and type(component).__name__ in {"Radio", "CheckboxGroup"}:
            words["choices"] = list(component.choices)
        if words:
            found[component] = words
    return found


def relabelled(words: Mapping[Any, Mapping[str, Any]]) -> dict[Any, Any]:
    """Return the updates that say the words of `words_on` in the language spoken."""
    import gradio as gr

    def said(word: Any) -> Any:
        return label(word) if isinstance(word, str) else [(label(shown), value) for shown, value in word]

    return {c: gr.update(**{p: said(w) for p, w in properties.items()}) for c, properties in words.items()}


def speak_everywhere(page: gr.Blocks, language: gr.Radio) -> None:
    """Hand the language chosen on the page to every handler of it: what a handler makes is said in that language.

    Parameters
    ----------
    page
        With all its events.
    language
        The switch. It becomes the last input of each event, and no handler has to pass it on.
    """
    for event in page.fns.values():
        if event.fn is not None and not event.inputs_as_dict:
            event.inputs = [*event.inputs, language]
            event.fn = _spoken_in_last(event.fn)


def _spoken_in_last(work: Callable[..., Any]) -> Callable[..., Any]:
    """Return a handler whose last argument is the language that it speaks."""

    @wraps(work)
    def once(*given: Any) -> Any:
        *rest, language = given
        with speaking(language):
            return work(*rest)

    @wraps(work)
    def steps(*given: Any) -> Iterator[Any]:
        *rest, language = given
        yield from steps_in(language, work(*rest))

    return takes_last(steps if inspect.isgeneratorfunction(work) else once, work, "spoken_language")


def takes_last(handler: Any, work: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Return a handler with the signature of the one that it wraps and one more argument.

    Gradio reads a handler's signature, to hand it what was clicked and to count its inputs.
    """
    known = inspect.signature(work)
    last = inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    kept = [p for p in known.parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    rest = [p for p in known.parameters.values() if p.kind is p.VAR_POSITIONAL]
    handler.__signature__ = known.replace(parameters=[*kept, *(rest or [last])])
    return cast("Callable[..., Any]", handler)
