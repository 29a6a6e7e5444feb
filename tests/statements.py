"""What the databases are asked: counted where a stopwatch would depend on the machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import Engine, event


class Statement(NamedTuple):
    """A statement as a database was given it."""

    text: str
    parameters: Any


@contextmanager
def statements() -> Iterator[list[Statement]]:
    """Give the list in which everything is put that any database of this process executes."""
    executed: list[Statement] = []

    def note(_connection, _cursor, text, parameters, *_) -> None:
        executed.append(Statement(text, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield executed
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def rows_given(database, executed: list[Statement]) -> int:
    """Count the rows that questions bring when they are asked again."""
    with database.engine.connect() as connection:
        asked = (
            statement for statement in executed if statement.text.lstrip().startswith("SELECT")
        )
        return sum(len(connection.exec_driver_sql(*one).fetchall()) for one in asked)
