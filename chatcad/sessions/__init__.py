"""Conversations on disk: SQLite by default, PostgreSQL by URL, each turn in one transaction, encrypted on request.

``store`` is the door. Kept are the facts of a reading, its picture at page size, and finished turns; never the file.
"""

from chatcad.sessions.store import Entry, SessionStore, Talk, new_id

__all__ = ["Entry", "SessionStore", "Talk", "new_id"]
