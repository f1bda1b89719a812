"""One visitor's session: the film, the answered questions and the one being answered. Nothing is shared.

It lives in ``gr.State``: in the server's memory for this browser tab only, never on disk and never in the browser.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from chatcad.types import Sentence, Study, Turn
from chatcad.ui.chat import Message, answer_markdown, inert, messages_of


@dataclass(frozen=True, slots=True)
class Visit:
    """What one tab holds; ``log`` are the messages of finished questions, ``asking`` the question under way."""

    study: Study | None = None
    prior: Study | None = None
    turns: tuple[Turn, ...] = ()
    log: tuple[Message, ...] = ()
    asking: str = ""
    partial: tuple[Sentence, ...] = ()

    def ask(self, question: str) -> Visit:
        """Begin a question; a second one has to wait until the first is closed."""
        if self.study is None or self.asking or not question.strip():
            return self
        return replace(self, asking=question.strip(), partial=())

    def hear(self, sentence: Sentence) -> Visit:
        """Add a checked sentence to the answer under way."""
        return replace(self, partial=(*self.partial, sentence))

    def finish(self, turn: Turn) -> Visit:
        """Close the question with its finished turn."""
        assert self.study is not None  # noqa: S101  -- a question is begun only with a study
        log = (*self.log, *messages_of(turn, self.study))
        return replace(self, turns=(*self.turns, turn), log=log, asking="", partial=())

    def close(self, why: str) -> Visit:
        """End a question that got no finished turn; the sentences shown so far were checked and stay."""
        if not self.asking:
            return self
        shown = answer_markdown(self.partial) if self.partial else ""
        said: list[Message] = [
            {"role": "user", "content": inert(self.asking)},
            {"role": "assistant", "content": f"{shown}\n\n*{inert(why)}*".strip()},
        ]
        return replace(self, log=(*self.log, *said), asking="", partial=())

    def messages(self) -> list[Message]:
        """Return what the chat shows now."""
        if not self.asking:
            return list(self.log)
        said: list[Message] = [{"role": "user", "content": inert(self.asking)}]
        if self.partial:
            said.append({"role": "assistant", "content": answer_markdown(self.partial)})
        return [*self.log, *said]
