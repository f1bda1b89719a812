"""Numbered changes of the schema, run by Alembic: a database of any earlier number is brought to the newest one."""
