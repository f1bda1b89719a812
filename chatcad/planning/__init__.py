"""What an answer will say, decided from facts and passages before any model words it."""

from chatcad.planning.plan import plan, subjects
from chatcad.planning.understand import Asked, Understanding

__all__ = ["Asked", "Understanding", "plan", "subjects"]
