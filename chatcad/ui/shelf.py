"""A visitor's stored films and talks, as the page handles them: kept, listed, brought back, renamed, erased.

It knows visits and the store; without a store the page goes on, and ``why`` tells the visitor so. No component here.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from chatcad.config import Settings
from chatcad.errors import ChatCADError, StoreUnusable, TalkChanged, TalkDamaged
from chatcad.findings.wording import positives
from chatcad.language import speaking
from chatcad.sessions import Entry, SessionStore, Talk, new_id
from chatcad.sessions.store import day_of
from chatcad.types import Study, Turn
from chatcad.ui import tables
from chatcad.ui.chat import messages_of
from chatcad.ui.phantom import SIMULATED
from chatcad.ui.visit import Place, Visit


@dataclass(frozen=True, slots=True)
class Shelf:
    """The store, or why there is none; ``days`` is how long it keeps (0: until erased). It holds nobody's data."""

    store: SessionStore | None
    why: str = ""
    days: int = 0

    @classmethod
    def open(cls, settings: Settings) -> Shelf:
        """Open the store that the settings name; one that can't be used is said, and stops nothing."""
        if not settings.store:
            return cls(None)
        try:
            store = SessionStore.open(settings)
        except StoreUnusable as error:
            return cls(None, f"Your films and talks are not kept: {error}.")
        return cls(store, store.notice, settings.retention_days)

    def keep(self, visit: Visit) -> str:
        """Store the visit's film and finished turns as they are now; return what went wrong, or ``""``."""
        if self.store is None:
            return self.why
        if visit.study is None or visit.kept is None or not visit.owner:
            return ""
        before = visit.kept.turns
        # An answer under way stores its turn before the page knows of it, and takes the place of a turn asked again.
        turns = visit.turns if visit.asking is None else before
        talk = Talk(visit.talk, title_of(visit.study), visit.study, turns, visit.prior)
        if turns:
            talk = replace(talk, mode=turns[-1].mode, language=turns[-1].language)
        try:
            visit.kept.talk = self._save(self.store, visit.owner, talk, before)
        except ChatCADError as error:
            return f"This talk is not kept: {error}."
        visit.kept.turns = turns
        return ""

    @staticmethod
    def _save(store: SessionStore, owner: str, talk: Talk, before: tuple[Turn, ...]) -> str:
        """Store a conversation and return its id: a new one where it went on in another tab as well."""
        try:
            store.save(owner, talk, before)
        except TalkChanged:
            talk = replace(talk, id=new_id())
            store.save(owner, talk)
        return talk.id

    def entries(self, owner: str) -> tuple[Entry, ...]:
        """Return the owner's conversations, the last used first.

        Raises
        ------
        StoreUnusable
            The store fails.
        """
        return () if self.store is None else self.store.entries(owner)

    def bring_back(self, owner: str, talk_id: str) -> tuple[Visit, Talk]:
        """Return the visit as it was after its last finished turn, and what the store has of it.

        Raises
        ------
        TalkMissing, TalkDamaged, StoreUnusable
            As ``SessionStore.load``.
        """
        talk = self._opened().load(owner, talk_id)
        with speaking(talk.language):
            log = tuple(message for turn in talk.turns for message in messages_of(turn, talk.study))
        return Visit(talk.study, talk.prior, talk.turns, log, owner=owner, kept=Place(talk.id, talk.turns)), talk

    def rename(self, owner: str, talk_id: str, title: str) -> None:
        """Give a conversation another title.

        Raises
        ------
        TalkMissing, StoreUnusable
            As ``SessionStore.rename``.
        """
        self._opened().rename(owner, talk_id, title)

    def erase(self, owner: str, talk_id: str) -> Study | None:
        """Erase a conversation and return the film that it was about; ``None`` where it could not be read any more.

        Raises
        ------
        TalkMissing, StoreUnusable
            As ``SessionStore.erase``.
        """
        store = self._opened()
        try:
            study = store.load(owner, talk_id).study
        except TalkDamaged:
            study = None
        store.erase(owner, talk_id)
        return study

    def _opened(self) -> SessionStore:
        if self.store is None:
            raise StoreUnusable(self.why or "nothing is kept: CHATCAD_STORE is off")
        return self.store


NOTHING_KEPT = Shelf(None)


def title_of(study: Study) -> str:
    """Return a conversation's first title: what the film shows most surely, and the day. Never the file's name."""
    if SIMULATED in study.radiograph.warnings:
        return f"Simulated film, {day_of(time.time())}"
    leading = next(iter(positives(study)), None)
    if leading is None:
        return f"Nothing flagged, {day_of(time.time())}"
    return f"{tables.title_of(leading, 'clinician')} {tables.state_of(leading)}, {day_of(time.time())}"
