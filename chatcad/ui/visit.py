"""One visitor's session: the film, the answered questions and the one being answered. Nothing is shared.

It lives in ``gr.State``: in the server's memory for this browser tab only. What is kept of it is ``shelf``'s business.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from chatcad.sessions import new_id
from chatcad.types import Box, Region, Sentence, Study, Turn
from chatcad.ui.chat import MADE, Message, answer_markdown, inert, messages_of, read_back


@dataclass(slots=True)
class Question:
    """The question under way. It alone changes in place, since Stop must reach an answer that is being written.

    ``marked`` is the part of the film that it is about, and ``region`` what is known of that part. ``taken`` tells that
    it is being answered already. ``ended`` tells that nothing will come any more: an answer that was stopped may still
    be ending when the next question has begun, and must not take that one with it. What it came to is ``turn``, or
    ``broke``, the reason why there is none.
    """

    text: str
    heard: list[Sentence] = field(default_factory=list)
    stopped: bool = False
    ended: bool = False
    marked: Box | None = None
    region: Region | None = None
    taken: bool = False
    turn: Turn | None = None
    broke: str = ""


@dataclass(slots=True)
class Place:
    """Where a conversation is kept: its id, and its turns as they were stored or brought back last.

    It changes in place: a turn is stored while the page still holds the visit from before it. ``left`` tells that the
    page has gone on to another film or talk: what is still being made of this one must not reach the page.
    """

    talk: str
    turns: tuple[Turn, ...] = ()
    left: bool = False


@dataclass(slots=True)
class Coming:
    """A film that is being read, and the visit that it came to. It changes in place, as a question does.

    ``dropped`` tells that its visitor took it back, or dropped another one after it.
    """

    visit: Visit | None = None
    dropped: bool = False

    def next(self) -> Coming:
        """Return the film that takes this one's place."""
        self.dropped = True
        return Coming()

    @property
    def read(self) -> Visit | None:
        """The visit with the film; ``None`` before it was read, and where it was taken back or refused."""
        return None if self.dropped or self.visit is None or self.visit.study is None else self.visit


@dataclass(frozen=True, slots=True)
class Visit:
    """What one tab holds; ``log`` are the messages of finished questions, ``picked`` is the label chosen last.

    ``owner`` is whose it is, as the store knows it, and ``kept`` where this conversation is.
    """

    study: Study | None = None
    prior: Study | None = None
    turns: tuple[Turn, ...] = ()
    log: tuple[Message, ...] = ()
    asking: Question | None = None
    picked: str | None = None
    owner: str = ""
    kept: Place | None = None

    @property
    def talk(self) -> str:
        """The id of this conversation; ``""`` before any film."""
        return "" if self.kept is None else self.kept.talk

    @property
    def film(self) -> str:
        """What the browser hands back with every click, to tell which film it shows; ``""`` before any film."""
        return "" if self.study is None else self.study.radiograph.sha256

    @property
    def gone(self) -> bool:
        """Whether the page has left this conversation."""
        return self.kept is not None and self.kept.left

    def about(self, study: Study, prior: Study | None = None) -> Visit:
        """Begin a conversation about a film, of the same owner."""
        return Visit(study=study, prior=prior, owner=self.owner, kept=Place(new_id()))

    def left(self) -> Visit:
        """Return the same owner's visit without film; what is under way finds nobody to come back to."""
        self.close("Stopped.")
        if self.kept is not None:
            self.kept.left = True
        return Visit(owner=self.owner)

    @property
    def region(self) -> Region | None:
        """The part of the film that was asked about last."""
        asked = [t.region for t in self.turns] + [None if self.asking is None else self.asking.region]
        return next((r for r in reversed(asked) if r is not None), None)

    def ask(self, text: str, marked: Box | None = None, region: Region | None = None) -> Visit:
        """Begin a question, about a marked part of the film or not; a second one waits until the first is closed."""
        if self.study is None or self.asking is not None or not text.strip():
            return self
        return replace(self, asking=Question(text.strip(), marked=marked, region=region))

    def back_to(self, message: int) -> tuple[Visit, str]:
        """Return the visit as it was before the question of a message of the chat, and that question.

        While an answer is under way nothing is taken back, and the question is ``""``.
        """
        starts = [i for i, m in enumerate(self.log[: message + 1]) if m["role"] == "user"]
        if self.asking is not None or not starts:
            return self, ""
        kept = self.log[: starts[-1]]
        finished = sum(m["content"].startswith(MADE) for m in kept)
        question = read_back(self.log[starts[-1]]["content"])
        return replace(self, log=kept, turns=self.turns[:finished]), question

    def close(self, why: str) -> Visit:
        """End the question with its finished turn, else with the reason; sentences shown were checked and stay."""
        if self.study is None or self.asking is None:
            return self
        self.asking.stopped = True
        if (turn := self.asking.turn) is not None:
            log = (*self.log, *messages_of(turn, self.study))
            return replace(self, turns=(*self.turns, turn), log=log, asking=None)
        said = self.messages()[len(self.log) :]
        shown = said[1]["content"] if len(said) > 1 else ""
        why = inert(self.asking.broke or why)
        closing: Message = {"role": "assistant", "content": f"{shown}\n\n*{why}*".strip()}
        return replace(self, log=(*self.log, said[0], closing), asking=None)

    def close_ended(self, why: str) -> Visit:
        """Close the question if its answer has ended; one that waits or is being answered goes on."""
        return self.close(why) if self.asking is not None and self.asking.ended else self

    def messages(self) -> list[Message]:
        """Return what the chat shows now."""
        if self.asking is None:
            return list(self.log)
        said: list[Message] = [{"role": "user", "content": inert(self.asking.text)}]
        if self.asking.heard:
            said.append({"role": "assistant", "content": answer_markdown(self.asking.heard)})
        return [*self.log, *said]
