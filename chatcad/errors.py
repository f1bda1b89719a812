"""Typed errors: each says in one line what is wrong and what mends it.

The command line turns them into exit codes (``exit_code``); the page and programs show ``str(error)``.
"""

from __future__ import annotations


class ChatCADError(Exception):
    """Base of every error that a user may see."""

    exit_code = 1


def in_one_line(error: Exception) -> str:
    """Return an error's cause as one line: a typed error's words, or another one's class and how its words begin."""
    if isinstance(error, ChatCADError):
        return str(error)
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


class UsageError(ChatCADError):
    """The call itself is wrong: an unknown name, a missing argument."""

    exit_code = 2


class LanguageRefused(UsageError):
    """Answers can't be given in that language; the message names those that are supported."""


class KnowledgeInvalid(UsageError):
    """A file of the guideline store breaks its format: which file, which field."""


class ContextRefused(UsageError):
    """The clinical context can't be read: too long, or JSON that is no FHIR resource."""


class ExampleFailed(ChatCADError):
    """An example film could not be fetched, or is not the one that was: which film, and why."""


class ImageRefused(ChatCADError):
    """The file is not an image that may be read: unreadable, too large, or not a frontal chest film."""

    exit_code = 3


class ExportRefused(ChatCADError):
    """A result can't be written in that format for that film; the message says what it lacks."""

    exit_code = 3


class DeliveryFailed(ChatCADError):
    """A node or service of the hospital's network did not take or give what was asked; it is asked again later."""


class ModelMissing(ChatCADError):
    """A network, its weights or a language-model backend is missing or damaged."""

    exit_code = 4


class NoRoom(ModelMissing):
    """A language model is there, and doesn't fit into the memory that is free."""


class BackendFailed(ChatCADError):
    """A language-model backend was there, and failed while it was writing."""

    exit_code = 4


class SearchFailed(ChatCADError):
    """The guideline store was there, and failed while it was searched."""

    exit_code = 4


class Busy(ChatCADError):
    """Too many are waiting for the model already; the message says how many."""


class TooMany(ChatCADError):
    """One owner asks more often than the settings allow; the message says how long to wait."""


class AuditFailed(ChatCADError):
    """What was done can't be recorded, so it isn't done: the log can't be written."""


class StoreUnusable(ChatCADError):
    """The store of conversations can't be read or written: full, read-only, damaged, another key, a newer schema."""

    exit_code = 4


class TalkMissing(UsageError):
    """There is no such conversation, or it is somebody else's: the two are not told apart."""


class TalkChanged(UsageError):
    """A conversation went on elsewhere since it was opened here: neither of the two may overwrite the other."""


class TalkDamaged(ChatCADError):
    """One stored conversation can't be read back as it was written; the others are not concerned."""

    exit_code = 4
