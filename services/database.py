"""Opens the database that the settings name, and turns its failures into sentences."""

from pathlib import Path

from sqlalchemy.exc import ArgumentError

from db import migrate
from db.engine import parse_url
from db.session import Database
from services.errors import DatabaseNotMigrated, DatabaseUnavailable, InvalidParams, StorageError
from services.settings import Settings

# What a driver's message says, in lower case, and the sentence it becomes. The first match counts.
_STORAGE = {
    "disk is full": "The disk is full: free some space, then try again.",
    "no space left": "The disk is full: free some space, then try again.",
    "disk full": "The disk is full: free some space, then try again.",
    "readonly database": "The database {where} is read-only: give yourself the right to write it.",
    "read-only": "The database {where} is read-only: give yourself the right to write it.",
    "unable to open database file": (
        "The database file {where} cannot be opened: check its folder and your rights to it."
    ),
    "disk i/o error": "The disk failed while using {where}: check the disk, then try again.",
}
_UNAVAILABLE = {
    "not a database": (
        "{where} is not a SQLite database: point DATABASE_URL or DATA_DIR somewhere else."
    ),
    "malformed": "The database {where} is damaged: restore it from a copy.",
    "database is locked": (
        "The database {where} is busy with another program's work: try again in a moment."
    ),
    "password authentication failed": (
        "The database {where} refuses the user or the password: check DATABASE_URL."
    ),
    "does not exist": (
        "The database {where}, or the user for it, does not exist: check DATABASE_URL."
    ),
}
_NOT_MIGRATED = (
    "The database's tables are not those of this version: run: python -m scripts.migrate"
)


def open_database(settings: Settings) -> Database:
    """Return the database, ready to use; a completely empty one gets its tables now.

    Raises StorageError (folder), DatabaseUnavailable or DatabaseNotMigrated.
    """
    database = connect(settings)
    revision = migrate.current_revision(database)
    if revision is None and migrate.is_empty(database):
        migrate.upgrade(database)
    elif revision != migrate.head_revision():
        if revision is not None and revision not in migrate.known_revisions():
            raise _made_by_newer_version()
        raise DatabaseNotMigrated(_NOT_MIGRATED)
    return database


def connect(settings: Settings) -> Database:
    """Return the database without looking at its tables; the folder of a file is made."""
    try:
        url = parse_url(settings.url)
    except (ArgumentError, ValueError) as error:
        raise InvalidParams(
            "DATABASE_URL is not the address of a SQLite file or of PostgreSQL: write "
            "sqlite:///data/research.db or postgresql://user:password@host/database.",
            field="database_url",
        ) from error
    if url.get_backend_name() == "sqlite":
        _make_folder(Path(url.database).parent)
        where = url.database
    else:
        where = f"{url.database} on {url.host or 'this machine'}:{url.port or 5432}"
    return Database(url, lambda error: translate(error, where))


def migrate_database(settings: Settings) -> tuple[str | None, str]:
    """Bring the database to this version's tables; return the revision before and after."""
    database = connect(settings)
    before = migrate.current_revision(database)
    if before is not None and before not in migrate.known_revisions():
        raise _made_by_newer_version()
    if before is None and migrate.has_core_tables(database):
        raise DatabaseNotMigrated(
            "The database holds tables that no migration made: point DATABASE_URL or DATA_DIR "
            "at an empty database."
        )
    migrate.upgrade(database)
    return before, migrate.head_revision()


def translate(error: BaseException, where: str) -> Exception | None:
    """Return the sentence for a driver's error, None when it is a defect of the program's."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    text = str(error).lower()
    if "no such table" in text or "UndefinedTable" in kinds or "UndefinedColumn" in kinds:
        return DatabaseNotMigrated(_NOT_MIGRATED)
    if not kinds & {"OperationalError", "InterfaceError", "DatabaseError"} or kinds & {
        "IntegrityError",
        "ProgrammingError",
        "DataError",
        "NotSupportedError",
        "InternalError",
    }:
        return None
    for phrase, sentence in _STORAGE.items():
        if phrase in text:
            return StorageError(sentence.format(where=where))
    for phrase, sentence in _UNAVAILABLE.items():
        if phrase in text:
            return DatabaseUnavailable(sentence.format(where=where))
    return DatabaseUnavailable(
        f"The database {where} does not answer: check that it runs and that DATABASE_URL is right."
    )


def _made_by_newer_version() -> DatabaseNotMigrated:
    return DatabaseNotMigrated(
        "The database was made by a newer version of this program: update the program."
    )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"The folder {folder} cannot be made ({error.strerror}): set DATA_DIR to one that can."
        ) from error
