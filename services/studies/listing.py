"""Finds saved studies: by words and filters, sorted, a page at a time."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session

from db.models import Study as Row
from db.session import Database
from services.errors import InvalidParams, did_you_mean
from services.free_text import HIGHEST_ID, contains, number_in, storable, words_of
from services.studies.load import study_rows
from services.studies.request import METHODS
from services.studies.saved import INTERRUPTED, RUNNING, STATES, WAITING, Study, study_of
from services.timespan import RESOLUTIONS

MOST_ROWS = 1000
_OPEN = (WAITING, RUNNING, INTERRUPTED)  # as stored: in truth it may be another of them
_SORTS: dict[str, ColumnElement] = {
    "id": Row.id,
    "name": func.lower(Row.name),
    "symbol": Row.symbol,
    "resolution": case({n: i for i, n in enumerate(RESOLUTIONS)}, value=Row.resolution),
    "strategy": func.lower(Row.strategy),
    "method": Row.method,
    "objective": Row.asked["objective"].as_string(),
    "done": Row.done,
    "best": Row.best,
    "created_at": Row.created_at,
}
SORTS = tuple(_SORTS)


@dataclass(frozen=True)
class StudyFilter:
    """Which studies to find and in what order; raises InvalidParams for an unknown word.

    Every word of `text` must stand in number, symbol, resolution, strategy, method, objective,
    name or notes. `method` is a key of METHODS, `state` one of STATES. `deleted` finds the
    deleted ones instead. Values of different objectives are sorted as plain numbers.
    """

    text: str = ""
    symbol: str = ""
    strategy: str = ""
    method: str = ""
    state: str = ""
    sort: str = "id"
    descending: bool = True
    deleted: bool = False

    def __post_init__(self):
        for field, known in (("method", METHODS), ("state", STATES), ("sort", SORTS)):
            value = getattr(self, field)
            if value not in known and (value or field == "sort"):
                raise InvalidParams(
                    f'Studies have no {field} "{str(value)[:40]}": use one of {", ".join(known)}.'
                    f"{did_you_mean(str(value)[:40], known)}",
                    field=field,
                )


@dataclass(frozen=True)
class StudyPage:
    """Some of the studies that were found, and how many there are in all."""

    rows: list[Study]
    total: int


def find_studies(
    database: Database,
    filter: StudyFilter = StudyFilter(),  # noqa: A002, B008  (the field's own word; frozen)
    offset: int = 0,
    limit: int = 100,
) -> StudyPage:
    """Return the studies from `offset` on, at most `limit`; what is undefined comes last."""
    with database.reading() as session:
        conditions = _conditions(session, filter)
        count = select(func.count()).select_from(Row).where(*conditions)
        page = (
            study_rows()
            .where(*conditions)
            .order_by(*_order(filter))
            .offset(min(max(offset, 0), HIGHEST_ID))
            .limit(min(max(limit, 0), MOST_ROWS))
        )
        rows = [study_of(*found) for found in session.execute(page)]
        return StudyPage(rows, session.scalar(count))


def _order(wanted: StudyFilter) -> tuple[ColumnElement, ...]:
    key = _SORTS[wanted.sort]
    first = key.desc() if wanted.descending else key.asc()
    # The number decides among equals, so that no study is on two pages or on none.
    return (first.nulls_last(), Row.id.desc())


def _conditions(session: Session, wanted: StudyFilter) -> list[ColumnElement[bool]]:
    in_sight = Row.deleted_at
    conditions = [in_sight.is_not(None) if wanted.deleted else in_sight.is_(None)]
    if wanted.symbol:
        conditions.append(Row.symbol == storable(wanted.symbol).strip().upper())
    if wanted.strategy:
        conditions.append(Row.strategy == storable(wanted.strategy).strip())
    if wanted.method:
        conditions.append(Row.method == wanted.method)
    if wanted.state:
        conditions.append(_is_in_state(session, wanted.state))
    return conditions + [_holds(word) for word in words_of(wanted.text)]


def _is_in_state(session: Session, state: str) -> ColumnElement[bool]:
    """Match what is judged to be in a state, where the stored one does not decide it."""
    if state not in _OPEN:
        return Row.state == state
    judged = (
        study_of(*found) for found in session.execute(study_rows().where(Row.state.in_(_OPEN)))
    )
    return Row.id.in_([study.id for study in judged if study.state == state])


def _holds(word: str) -> ColumnElement[bool]:
    columns = (Row.symbol, Row.strategy, Row.method, _SORTS["objective"], Row.name, Row.notes)
    places = [contains(column, word) for column in columns]
    places.append(Row.resolution == word.lower())
    number = number_in(word)
    if number is not None:
        places.append(Row.id == number)
    return or_(*places)
