"""Lists of many rows, read a page at a time in any order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

MOST_ROWS = 1000
_FURTHEST = 2**31
_Row = TypeVar("_Row")


@dataclass(frozen=True)
class Page(Generic[_Row]):
    """Some of the rows that were found, and how many there are in all."""

    rows: list[_Row]
    total: int


def numbers_of_page(
    session: Session,
    number: ColumnElement[int],
    conditions: Sequence[ColumnElement[bool]],
    key: ColumnElement,
    descending: bool,
    offset: int,
    limit: int,
) -> tuple[list[int], int]:
    """Return the numbers of the rows from `offset` on, and how many rows meet the conditions.

    What has no `key` comes last. At most MOST_ROWS are returned, whatever `limit` says.
    """
    first = key.desc() if descending else key.asc()
    # Counted in the same pass: another would read every row once more.
    page = (
        select(number, func.count().over())
        .where(*conditions)
        # The number decides among equals, so that no row is on two pages or on none.
        .order_by(first.nulls_last(), number.desc())
        .offset(min(max(offset, 0), _FURTHEST))
        .limit(min(max(limit, 0), MOST_ROWS))
    )
    found = session.execute(page).all()
    if found:
        return [row[0] for row in found], found[0][1]
    return [], session.scalar(select(func.count(number)).where(*conditions))
