"""Reports of other films with like findings: shown beside an answer and lent as style, never facts about this film.

It knows the local store of reports (the user's archive, else simulated ones) and how like two sets of findings are.
It doesn't know questions beyond their kind, nor what an answer says.
"""

from chatcad.cases.archive import ReportsAdded, add, listed, remove
from chatcad.cases.similar import examples, gather, similar

__all__ = ["ReportsAdded", "add", "examples", "gather", "listed", "remove", "similar"]
