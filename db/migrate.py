"""Brings a database to the tables of this version, and tells which version it has."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from db.session import Database

HEAD = "0006"
_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 7_309_001  # any number, as long as every process that migrates takes the same


def head_revision() -> str:
    """Return the revision that this version of the program needs."""
    return HEAD


def current_revision(database: Database) -> str | None:
    """Return the revision of the database, None when it has no record of one."""
    with database.engine.connect() as connection:
        return _revision(connection)


def is_empty(database: Database) -> bool:
    """Tell whether the database has no table at all."""
    with database.engine.connect() as connection:
        return not inspect(connection).get_table_names()


def has_core_tables(database: Database) -> bool:
    """Tell whether a table of that name stands where the first migration would make its own."""
    with database.engine.connect() as connection:
        return inspect(connection).has_table("instruments")


def known_revisions() -> set[str]:
    """Return every revision that this version of the program knows."""
    return {path.name.split("_")[0] for path in (_FOLDER / "versions").glob("[0-9]*.py")}


def upgrade(database: Database, revision: str = "head") -> None:
    """Create or change the tables up to `revision`; wait for another process that does it."""
    _run("upgrade", database, revision)


def downgrade(database: Database, revision: str) -> None:
    """Take the tables back to `revision` ("base" removes them with all they hold)."""
    _run("downgrade", database, revision)


def _run(command: str, database: Database, revision: str) -> None:
    # Alembic takes a third of a second to import and is needed only here.
    from alembic import command as alembic_command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    with database.writing_engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        # The revision is read by Alembic under the lock: who waited finds the work done.
        config.attributes["connection"] = connection
        getattr(alembic_command, command)(config, revision)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.scalar(text("SELECT version_num FROM alembic_version"))
