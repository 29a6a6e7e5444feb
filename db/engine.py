"""Engines for the two databases the program runs on; nothing connects here."""

import sqlite3

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.engine import URL

BUSY_SECONDS = 15
CONNECT_SECONDS = 10
SWITCH_ATTEMPTS = 20
BEGIN_OPTION = "sqlite_begin"


def parse_url(url: str) -> URL:
    """Read a database URL and name the driver; raise ValueError for other databases."""
    parsed = make_url(url)
    if parsed.drivername in ("postgres", "postgresql", "postgresql+psycopg2"):
        return parsed.set(drivername="postgresql+psycopg2")
    if parsed.drivername in ("sqlite", "sqlite+pysqlite") and parsed.database:
        return parsed
    raise ValueError("neither a SQLite file nor PostgreSQL")


def make_engine(url: str | URL) -> Engine:
    """Return an engine for a SQLite file or a PostgreSQL server."""
    parsed = parse_url(url) if isinstance(url, str) else url
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(
        parsed, pool_pre_ping=True, connect_args={"connect_timeout": CONNECT_SECONDS}
    )


def _prepare_sqlite(connection, _record) -> None:
    """Set up a fresh connection; FULL, because a confirmed chunk must outlive a power cut."""
    connection.isolation_level = None  # transactions are begun by _begin_sqlite alone
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    _use_wal(cursor)
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _use_wal(cursor: sqlite3.Cursor) -> None:
    """Turn on write-ahead logging.

    Of two connections that do so on a new file one is refused at once, whatever the busy timeout;
    it waits for the other by asking for the write lock, then finds the work done.
    """
    for _ in range(SWITCH_ATTEMPTS):
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("ROLLBACK")
        else:
            return


def _begin_sqlite(connection) -> None:
    """Begin explicitly, so that table changes and reading-then-writing are transactions too."""
    mode = connection.get_execution_options().get(BEGIN_OPTION, "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")
