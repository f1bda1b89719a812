"""The database behind the store: SQLite in the cache folder, or any that ``CHATCAD_DATABASE`` names.

It knows pragmas, transactions, file modes and the schema's number; it knows nothing of conversations.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.orm import Session

from chatcad.config import Settings
from chatcad.errors import StoreUnusable

_BUSY_SECONDS = 10
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON")
_REMEDIES = {
    "SQLITE_FULL": "the disk is full: make room",
    "SQLITE_READONLY": "it is read-only: make it and its folder writable",
    "SQLITE_CANTOPEN": "it can't be opened: make it and its folder writable",
    "SQLITE_IOERR": "the disk gives an error: see whether it is full or failing",
    "SQLITE_BUSY": "another program holds it: end that one, or try again",
    "SQLITE_NOTADB": "it is damaged: start again, and a new one is begun",
    "SQLITE_CORRUPT": "it is damaged: start again, and a new one is begun",
}
_DAMAGED = ("SQLITE_NOTADB", "SQLITE_CORRUPT")


def sqlite_path(settings: Settings) -> Path:
    """Return where the conversations lie unless ``CHATCAD_DATABASE`` names a database."""
    return settings.cache / "sessions" / "chatcad.db"


def open_engine(settings: Settings) -> tuple[Engine, str]:
    """Open the database in the newest schema; return it, and what its user has to know of how that went.

    A damaged SQLite file is moved aside, and a new one begun.

    Raises
    ------
    StoreUnusable
        It can't be opened or written, or its schema is newer than this program.
    """
    if settings.database:
        return _opened(settings.database), ""
    path = sqlite_path(settings)
    try:
        return _opened(_file_url(path)), ""
    except StoreUnusable as error:
        if _name_of(error.__cause__) not in _DAMAGED:
            raise
        aside = _move_aside(path)
        return _opened(_file_url(path)), f"The stored conversations were damaged, and a new store is begun: see {aside}"


def _file_url(path: Path) -> str:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)
    except OSError as error:
        raise StoreUnusable(f"the conversations in {path} can't be opened: {error.strerror}") from error
    return f"sqlite:///{path}"


def _move_aside(path: Path) -> Path:
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%d-%H%M%S")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    for ending in ("", "-wal", "-shm"):
        part = Path(f"{path}{ending}")
        if part.exists():
            part.replace(f"{aside}{ending}")
    return aside


def _opened(url: str) -> Engine:
    try:
        # An error's text would show what was to be written.
        engine = create_engine(url, hide_parameters=True, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise StoreUnusable(
            f"CHATCAD_DATABASE can't be used ({error}): PostgreSQL's driver: pip install -r requirements/postgres.txt"
        ) from error
    if engine.dialect.name == "sqlite":
        _make_private(Path(engine.url.database or ""))
        _prepare_sqlite(engine)
    try:
        with writing(engine) as session:
            _migrate(session.connection())
    except StoreUnusable:
        engine.dispose()
        raise
    return engine


def _make_private(path: Path) -> None:
    """Let only the owner of this process read the file; SQLite gives its side files the same mode."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise StoreUnusable(f"the conversations in {path} can't be opened: {error.strerror}") from error


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: object) -> None:
        connection.isolation_level = None  # Python's driver would begin transactions late, and none around tables
        connection.execute(f"PRAGMA busy_timeout={1000 * _BUSY_SECONDS}")
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes its turn at once: one that reads first could find the database changed when it comes to write.
        kind = connection.get_execution_options().get("begin", "DEFERRED")
        if kind:
            connection.exec_driver_sql(f"BEGIN {kind}")


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """Read within one transaction: what is read belongs together.

    Raises
    ------
    StoreUnusable
        The database fails; the message says the remedy.
    """
    with _told_plainly(engine), Session(engine) as session, session.begin():
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """Write within one transaction: all of it is stored when this returns, or none of it.

    Raises
    ------
    StoreUnusable
        The database fails; the message says the remedy.
    """
    with _told_plainly(engine), Session(engine.execution_options(begin="IMMEDIATE")) as session, session.begin():
        yield session


@contextmanager
def _told_plainly(engine: Engine) -> Iterator[None]:
    try:
        yield
    except (DBAPIError, NoFreeConnection) as error:
        where = engine.url.database if engine.dialect.name == "sqlite" else engine.url.render_as_string()
        name = _name_of(error)
        remedies = [said for prefix, said in _REMEDIES.items() if name.startswith(prefix)]
        cause = remedies[0] if remedies else str(getattr(error, "orig", error)).partition("\n")[0]
        raise StoreUnusable(f"the conversations in {where} can't be kept or read: {cause}") from error


def _name_of(error: BaseException | None) -> str:
    """Return SQLite's name of an error, or ``""``."""
    return str(getattr(getattr(error, "orig", None), "sqlite_errorname", ""))


def shrink(engine: Engine) -> None:
    """Leave nothing on the disk of what was erased: the freed pages go, and so does the write-ahead log.

    Raises
    ------
    StoreUnusable
        The database fails; the message says the remedy.
    """
    if engine.dialect.name != "sqlite":
        return  # PostgreSQL frees by itself (autovacuum)
    alone = engine.execution_options(isolation_level="AUTOCOMMIT", begin="")
    with _told_plainly(engine), alone.connect() as connection:
        connection.exec_driver_sql("VACUUM")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _migrate(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(config)
    found = MigrationContext.configure(connection).get_current_revision()
    if found == scripts.get_current_head():
        return
    try:
        scripts.get_revisions(found or "base")
    except CommandError as error:
        raise StoreUnusable(
            f"the conversations have schema {found}, of a newer ChatCAD: start that one, or set CHATCAD_STORE=off"
        ) from error
    command.upgrade(config, "head")
