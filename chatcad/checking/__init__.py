"""Every sentence against the facts, before a reader sees it."""

from chatcad.checking.draft import check_draft
from chatcad.checking.facts import Facts
from chatcad.checking.finish import finish
from chatcad.checking.settle import settle
from chatcad.checking.translation import settled

__all__ = ["Facts", "check_draft", "finish", "settle", "settled"]
