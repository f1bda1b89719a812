"""What Alembic runs around the numbered changes: on the caller's connection, in the caller's transaction."""

from alembic import context

# SQLite undoes changes of tables with the rest of a transaction; Alembic would assume that it doesn't.
context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
