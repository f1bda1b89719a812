"""One visitor's tab over the page's own events, without server or browser: what a handler is given and what it leaves.

Events can be stopped half way, so that another one comes between, as two clicks do.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import gradio as gr
from gradio.helpers import special_args

BROWSER = gr.Request(username=None)


class Tab:
    """The values of the components in one tab."""

    def __init__(self, page: gr.Blocks, request: gr.Request = BROWSER) -> None:
        self.page, self.request = page, request
        self.values = {c: deepcopy(getattr(c, "value", None)) for c in page.blocks.values()}

    def find(self, kind: type, **has: Any) -> Any:
        """Return the first component of a kind with these properties."""
        found = (c for c in self.page.blocks.values() if isinstance(c, kind))
        return next(c for c in found if all(getattr(c, name, None) == value for name, value in has.items()))

    def fire(self, component: Any, event: str, data: dict[str, Any] | None = None) -> Iterator[None]:
        """Run what an event starts, and what follows it, step by step."""
        given = gr.EventData(None, data)
        for fn in [f for f in self.page.fns.values() if (component._id, event) in f.targets]:
            yield from self._run(fn, given)

    def do(self, component: Any, event: str, value: Any = None) -> None:
        """Set a component and run what this starts to its end."""
        if value is not None:
            self.values[component] = value
        list(self.fire(component, event))

    def _run(self, fn: Any, given: Any = None) -> Iterator[None]:
        if fn.fn is not None:
            inputs = [self.values[c] for c in fn.inputs]
            arguments, *_ = special_args(fn.fn, inputs, self.request, given)
            made = fn.fn(*arguments)
            for step in made if isinstance(made, Iterator) else [made]:
                self._apply(fn, step)
                yield
        for after in [f for f in self.page.fns.values() if f.trigger_after == fn._id]:
            yield from self._run(after)

    def _apply(self, fn: Any, made: Any) -> None:
        if not isinstance(made, dict) or "__type__" in made:
            made = dict(zip(fn.outputs, [made] if len(fn.outputs) == 1 else made, strict=True))
        assert set(made) <= set(fn.outputs), "Gradio refuses what is no output of the event"
        for component, value in made.items():
            if not (isinstance(value, dict) and "__type__" in value):
                self.values[component] = value
            elif "value" in value:
                self.values[component] = value["value"]

    @property
    def visit(self) -> Any:
        """What the page holds of the visitor."""
        return self.values[self.find(gr.State, time_to_live=3600)]
