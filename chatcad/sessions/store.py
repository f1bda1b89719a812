"""The stored conversations: saved turn by turn, listed, opened, renamed and erased, each by its owner only.

It knows what a conversation consists of. Bytes are ``codec``'s and ``seal``'s business, the database ``database``'s.
"""

from __future__ import annotations

import hashlib
import operator
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, cast

from sqlalchemy import delete, func, select
from sqlalchemy.engine import CursorResult, Engine
from sqlalchemy.orm import Session

from chatcad.config import Settings
from chatcad.errors import StoreUnusable, TalkChanged, TalkDamaged, TalkMissing
from chatcad.sessions.codec import (
    StudyBytes,
    Unreadable,
    decode_study,
    decode_turn,
    encode_facts,
    encode_study,
    encode_turn,
)
from chatcad.sessions.database import open_engine, reading, shrink, writing
from chatcad.sessions.rows import MetaRow, StudyRow, TalkRow, TurnRow
from chatcad.sessions.seal import Seal, seal_of
from chatcad.types import Language, Mode, Study, Turn

TITLE_LENGTH = 80
DAY = 86_400.0
_CHECK = b"ChatCAD"


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation as it is stored; ``prior`` is the earlier film that it compares with."""

    id: str
    title: str
    study: Study
    turns: tuple[Turn, ...] = ()
    prior: Study | None = None
    mode: Mode = "clinician"
    language: Language = "en"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list: times in seconds since 1970 (UTC), and ``film``, by which talks of one film are told."""

    id: str
    owner: str
    film: str
    title: str
    created: float
    updated: float
    turns: int


def new_id() -> str:
    """Return a new conversation's id: random, so that it can't be guessed."""
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class SessionStore:
    """Conversations in one database; it holds nothing of any visitor, and may be shared between threads.

    ``notice`` is what was found on opening, ``""`` when all was well.
    """

    engine: Engine
    seal: Seal
    notice: str = ""

    @classmethod
    def open(cls, settings: Settings) -> SessionStore:
        """Open the store, in the newest schema and with the right key.

        Raises
        ------
        StoreUnusable
            The database, its schema or the key doesn't fit; the message says the remedy.
        """
        seal = seal_of(settings.key_file)
        engine, notice = open_engine(settings)
        with writing(engine) as session:
            _check_key(session, seal)
        return cls(engine, seal, notice)

    def save(self, owner: str, talk: Talk, before: tuple[Turn, ...] = ()) -> None:
        """Make what is stored equal to this conversation, in one transaction.

        Its title counts only the first time: later it is ``rename``'s. Turns that were taken back are erased.

        Parameters
        ----------
        owner, talk
            Whose it is, and the conversation as it shall be.
        before
            Its turns as they were stored or loaded last, none for a new one.

        Raises
        ------
        TalkChanged
            What is stored is not what was there before: it went on elsewhere, was erased or is damaged.
        StoreUnusable
            Nothing was stored; the message says why.
        TalkMissing
            The conversation is somebody else's.
        """
        films = {_film_id(owner, s): s for s in (talk.study, talk.prior) if s is not None}
        film, *earlier = films
        new = self._new_films(owner, films)
        with writing(self.engine) as session:
            for study in new:
                session.merge(study)
            session.flush()
            row = session.get(TalkRow, talk.id)
            if row is None:
                if before:
                    raise TalkChanged("the conversation was erased elsewhere")
                now = time.time()
                title = self._close(talk.title, "conversation", talk.id, "title")
                row = TalkRow(id=talk.id, owner=owner, study_id=film, title=title, created=now, updated=now)
                session.add(row)
            elif row.owner != owner:
                raise _missing()
            row.prior_id, row.mode, row.language = next(iter(earlier), None), talk.mode, talk.language
            session.flush()
            if talk.turns != before:
                self._put_turns(session, talk, before)
                row.updated = time.time()

    def entries(self, owner: str | None) -> tuple[Entry, ...]:
        """Return an owner's conversations, the last used first; everybody's for ``None`` (the command line).

        Raises
        ------
        StoreUnusable
            The database fails.
        """
        count = select(func.count()).where(TurnRow.talk_id == TalkRow.id).scalar_subquery()
        wanted = select(TalkRow, count).order_by(TalkRow.updated.desc())
        with reading(self.engine) as session:
            found = session.execute(wanted if owner is None else wanted.where(TalkRow.owner == owner))
            return tuple(
                Entry(row.id, row.owner, row.study_id, self._title(row), row.created, row.updated, turns)
                for row, turns in found
            )

    def load(self, owner: str | None, talk_id: str) -> Talk:
        """Return one conversation of an owner; of anybody for ``None`` (the command line).

        Raises
        ------
        TalkMissing
            There is none, or it is somebody else's.
        TalkDamaged
            A part of it can't be read back; the message says which.
        StoreUnusable
            The database fails.
        """
        with reading(self.engine) as session:
            row = _owned(session, owner, talk_id)
            turns = session.scalars(select(TurnRow).where(TurnRow.talk_id == talk_id).order_by(TurnRow.number)).all()
            try:
                return Talk(
                    id=row.id,
                    title=self._title(row),
                    study=self._study(session, row.study_id),
                    turns=tuple(map(decode_turn, self._bodies(turns))),
                    prior=None if row.prior_id is None else self._study(session, row.prior_id),
                    mode=cast(Mode, row.mode),
                    language=cast(Language, row.language),
                )
            except Unreadable as error:
                raise TalkDamaged(
                    f"the conversation of {day_of(row.created)} can't be opened: {error}; the others can, "
                    "and this one may be erased"
                ) from error

    def rename(self, owner: str, talk_id: str, title: str) -> None:
        """Give a conversation another title; an empty one changes nothing.

        Raises
        ------
        TalkMissing
            There is none, or it is somebody else's.
        StoreUnusable
            The database fails.
        """
        if words := " ".join(title.split())[:TITLE_LENGTH]:
            with writing(self.engine) as session:
                _owned(session, owner, talk_id).title = self._close(words, "conversation", talk_id, "title")

    def erase(self, owner: str | None, talk_id: str) -> None:
        """Erase one conversation, and its film unless another conversation is about it.

        Raises
        ------
        TalkMissing
            There is none, or it is somebody else's.
        StoreUnusable
            The database fails.
        """
        with writing(self.engine) as session:
            session.delete(_owned(session, owner, talk_id))
            session.flush()
            _erase_unused_films(session)
        shrink(self.engine)

    def erase_older(self, days: float) -> int:
        """Erase what was last used more than so many days ago, and return how many conversations that were.

        Raises
        ------
        StoreUnusable
            The database fails.
        """
        with writing(self.engine) as session:
            old = delete(TalkRow).where(TalkRow.updated <= time.time() - days * DAY)
            erased = cast("CursorResult[Any]", session.execute(old)).rowcount
            _erase_unused_films(session)
        if erased:
            shrink(self.engine)
        return int(erased)

    def _new_films(self, owner: str, studies: Mapping[str, Study]) -> list[StudyRow]:
        """Return rows for those that aren't stored: pictures are packed before a transaction holds up other writers."""
        with reading(self.engine) as session:
            known = set(session.scalars(select(StudyRow.id).where(StudyRow.id.in_(studies))))
        return [self._study_row(owner, film, s) for film, s in studies.items() if film not in known]

    def _study_row(self, owner: str, film: str, study: Study) -> StudyRow:
        parts = encode_study(study)
        sealed = {part: self.seal.close(getattr(parts, part), _place("study", film, part)) for part in _STUDY_PARTS}
        return StudyRow(id=film, owner=owner, created=time.time(), **sealed)

    def _put_turns(self, session: Session, talk: Talk, before: tuple[Turn, ...]) -> None:
        """Replace the turns from the first one on that is another than before."""
        rows = session.scalars(select(TurnRow).where(TurnRow.talk_id == talk.id).order_by(TurnRow.number)).all()
        known, wanted = ([encode_turn(turn) for turn in turns] for turns in (before, talk.turns))
        try:
            changed = self._bodies(rows) != known
        except Unreadable:
            changed = True
        if changed:
            raise TalkChanged("the conversation went on elsewhere")
        same = sum(takewhile(bool, map(operator.eq, known, wanted)))
        for row in rows[same:]:
            session.delete(row)
        session.flush()
        for number, body in enumerate(wanted[same:], start=same + 1):
            sealed = self.seal.close(body, _place("turn", talk.id, number))
            session.add(TurnRow(talk_id=talk.id, number=number, body=sealed))

    def _study(self, session: Session, film: str) -> Study:
        row = session.get(StudyRow, film)
        if row is None:
            raise Unreadable("its film is missing")
        return decode_study(
            StudyBytes(*(self.seal.open(getattr(row, part), _place("study", film, part)) for part in _STUDY_PARTS))
        )

    def _bodies(self, rows: Sequence[TurnRow]) -> list[bytes]:
        if [row.number for row in rows] != list(range(1, len(rows) + 1)):
            raise Unreadable("one of its answers is missing")
        return [self.seal.open(r.body, _place("turn", r.talk_id, r.number)) for r in rows]

    def _title(self, row: TalkRow) -> str:
        try:
            return self.seal.open(row.title, _place("conversation", row.id, "title")).decode("utf-8")
        except Unreadable:
            return "Damaged"

    def _close(self, text: str, *place: str) -> bytes:
        return self.seal.close(text.encode("utf-8"), _place(*place))


_STUDY_PARTS = ("facts", "picture", "arrays")


def erase_all(settings: Settings) -> int:
    """Erase every conversation, and return how many there were; no key is asked, so that a lost one locks nobody out.

    The next opening takes the key that is set then.

    Raises
    ------
    StoreUnusable
        The database fails.
    """
    engine, _ = open_engine(settings)
    with writing(engine) as session:
        erased = cast("CursorResult[Any]", session.execute(delete(TalkRow))).rowcount
        session.execute(delete(StudyRow))
        session.execute(delete(MetaRow))
    shrink(engine)
    return int(erased)


def _place(*parts: object) -> str:
    return "/".join(map(str, parts))


def _film_id(owner: str, study: Study) -> str:
    """Return the id of a reading: made from its facts, so that talks about one reading share it, within one owner."""
    return hashlib.blake2b(owner.encode() + encode_facts(study), digest_size=16).hexdigest()


def day_of(seconds: float) -> str:
    """Return a day of this machine's calendar, such as ``"3 Dec 2026"``."""
    return time.strftime("%d %b %Y", time.localtime(seconds)).lstrip("0")


def _missing() -> TalkMissing:
    return TalkMissing("no such conversation: it may have been erased, or have passed its days")


def _owned(session: Session, owner: str | None, talk_id: str) -> TalkRow:
    row = session.get(TalkRow, talk_id)
    if row is None or owner not in {None, row.owner}:
        raise _missing()
    return row


def _erase_unused_films(session: Session) -> None:
    used = select(TalkRow.study_id).union(select(TalkRow.prior_id).where(TalkRow.prior_id.is_not(None)))
    session.execute(delete(StudyRow).where(StudyRow.id.not_in(used)))


def _check_key(session: Session, seal: Seal) -> None:
    row = session.get(MetaRow, "key_check")
    if row is None:
        session.add(MetaRow(name="key_check", value=seal.close(_CHECK, "key_check")))
        return
    try:
        seal.open(row.value, "key_check")
    except Unreadable as error:
        plain = row.value.startswith(_CHECK)
        if plain:
            remedy = "they are not encrypted: unset CHATCAD_KEY_FILE, or run `sessions erase --all` first"
        elif seal.cipher is None:
            remedy = "they are encrypted: set CHATCAD_KEY_FILE to their key, or run `sessions erase --all`"
        else:
            remedy = "CHATCAD_KEY_FILE holds another key: set it to theirs, or run `sessions erase --all`"
        raise StoreUnusable(f"the stored conversations can't be opened: {remedy}") from error
