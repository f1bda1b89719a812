"""The tables. Whatever tells of a film or of what was said is sealed bytes; the rest is what is looked up by."""

from __future__ import annotations

from sqlalchemy import Double, ForeignKey, LargeBinary, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_ID = String(32)


class Base(DeclarativeBase):
    """The tables of the newest schema; ``migrations`` brings an older database to it."""


class MetaRow(Base):
    """What is true of the whole store: ``key_check`` tells a wrong key before anything is read with it."""

    __tablename__ = "meta"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[bytes] = mapped_column(LargeBinary)


class StudyRow(Base):
    """One reading of a film; several conversations may be about it."""

    __tablename__ = "study"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), index=True)
    created: Mapped[float] = mapped_column(Double)
    facts: Mapped[bytes] = mapped_column(LargeBinary)
    picture: Mapped[bytes] = mapped_column(LargeBinary)
    arrays: Mapped[bytes] = mapped_column(LargeBinary)


class TalkRow(Base):
    """One conversation about a film; times are seconds since 1970, UTC."""

    __tablename__ = "conversation"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), index=True)
    study_id: Mapped[str] = mapped_column(ForeignKey("study.id"))
    title: Mapped[bytes] = mapped_column(LargeBinary)
    created: Mapped[float] = mapped_column(Double)
    updated: Mapped[float] = mapped_column(Double)
    mode: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(8))
    prior_id: Mapped[str | None] = mapped_column(ForeignKey("study.id"))


class TurnRow(Base):
    """One finished question, numbered from 1 within its conversation."""

    __tablename__ = "turn"

    talk_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[bytes] = mapped_column(LargeBinary)
