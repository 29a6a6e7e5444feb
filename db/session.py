"""The one place where sessions are made."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, event
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from db.engine import BEGIN_OPTION, make_engine

Translate = Callable[[BaseException], Exception | None]


class Database:
    """A database and its sessions.

    `translate` may turn a driver's error into one that the caller understands; when it answers
    None the error stays as it is.
    """

    def __init__(self, url: str | URL, translate: Translate | None = None):
        self.engine = make_engine(url)
        # SQLite: taking the write lock at once, a session that reads and then writes can wait for
        # its turn instead of failing.
        self.writing_engine: Engine = self.engine.execution_options(**{BEGIN_OPTION: "IMMEDIATE"})
        self._reading_engine = self.engine
        if self.engine.dialect.name == "postgresql":
            # By default each statement there sees its own state; a page shall show one.
            self._reading_engine = self.engine.execution_options(isolation_level="REPEATABLE READ")
        self._translate = translate or (lambda _: None)
        event.listen(self.engine, "handle_error", self._on_error, retval=True)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session that sees one state of the database; nothing is saved."""
        with self._translated(), Session(self._reading_engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session that is saved at the end as a whole, or not at all on any exception."""
        with (
            self._translated(),
            Session(self.writing_engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def close(self) -> None:
        """Close every connection; the next session opens new ones."""
        self.engine.dispose()

    def _on_error(self, context) -> Exception | None:
        if context.is_pre_ping:
            return None  # a connection that broke while nobody used it is replaced, not reported
        return self._translate(context.original_exception)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Translate what the driver raises where SQLAlchemy does not stand between (COPY)."""
        try:
            yield
        except self.engine.dialect.dbapi.Error as error:
            raise self._translate(error) or error from error
