"""What an answer will say, decided from facts and passages before any model words it."""

from chatcad.planning.ask import ask
from chatcad.planning.case import subjects
from chatcad.planning.differential import NO_CONTEXT, differential
from chatcad.planning.foreign import mentions_in
from chatcad.planning.history import gather, hear
from chatcad.planning.plan import plan
from chatcad.planning.understand import Asked, Understanding

__all__ = [
    "NO_CONTEXT",
    "Asked",
    "Understanding",
    "ask",
    "differential",
    "gather",
    "hear",
    "mentions_in",
    "plan",
    "subjects",
]
