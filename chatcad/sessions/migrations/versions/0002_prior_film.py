"""A conversation remembers the earlier film that it compares with."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    """Add the earlier film; conversations from before have none."""
    # Inline: SQLite would have to copy the table for a constraint of its own, and dropping the old one empties `turn`.
    column = sa.Column("prior_id", sa.String(32), sa.ForeignKey("study.id"), nullable=True)
    op.add_column("conversation", column, inline_references=True)
