"""Finds saved studies: by words and filters, sorted, a page at a time."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, or_
from sqlalchemy.orm import Session

from db.models import Study as Row
from db.session import Database
from services.errors import InvalidParams, did_you_mean
from services.free_text import contains, number_in, storable, words_of
from services.paging import Page, numbers_of_page
from services.studies.load import study_rows
from services.studies.request import METHODS
from services.studies.saved import INTERRUPTED, RUNNING, STATES, WAITING, Study, study_of
from services.timespan import RESOLUTIONS

_OPEN = (WAITING, RUNNING)  # as stored: in truth it may be interrupted
_SORTS: dict[str, ColumnElement] = {
    "id": Row.id,
    "name": func.lower(Row.name),
    "symbol": Row.symbol,
    "resolution": case({n: i for i, n in enumerate(RESOLUTIONS)}, value=Row.resolution),
    "strategy": func.lower(Row.strategy),
    "method": Row.method,
    "objective": Row.asked["objective"].as_string(),
    "combinations": Row.combinations,
    "done": Row.done,
    "best": Row.best,
    "created_at": Row.created_at,
}
SORTS = (*_SORTS, "state")


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


def find_studies(
    database: Database,
    filter: StudyFilter = StudyFilter(),  # noqa: A002, B008  (the field's own word; frozen)
    offset: int = 0,
    limit: int = 100,
) -> Page[Study]:
    """Return the studies from `offset` on, at most `limit`; what is undefined comes last."""
    with database.reading() as session:
        ids, total = numbers_of_page(
            session,
            Row.id,
            _conditions(session, filter),
            _key(session, filter.sort),
            filter.descending,
            offset,
            limit,
        )
        found = session.execute(study_rows().where(Row.id.in_(ids)))
        studies = {study.id: study for study in (study_of(*one) for one in found)}
        return Page([studies[number] for number in ids], total)


def _key(session: Session, sort: str) -> ColumnElement:
    if sort == "state":
        return case({name: i for i, name in enumerate(STATES)}, value=_state(session))
    return _SORTS[sort]


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
        conditions.append(_state(session) == wanted.state)
    return conditions + [_holds(word) for word in words_of(wanted.text)]


def _state(session: Session) -> ColumnElement[str]:
    """Give the state that readers see: some that are stored as open were interrupted."""
    open_ones = session.execute(study_rows().where(Row.state.in_(_OPEN)))
    judged = (study_of(*found) for found in open_ones)
    interrupted = [study.id for study in judged if study.state == INTERRUPTED]
    return case((Row.id.in_(interrupted), INTERRUPTED), else_=Row.state)


def _holds(word: str) -> ColumnElement[bool]:
    columns = (Row.symbol, Row.strategy, Row.method, _SORTS["objective"], Row.name, Row.notes)
    places = [contains(column, word) for column in columns]
    places.append(Row.resolution == word.lower())
    number = number_in(word)
    if number is not None:
        places.append(Row.id == number)
    return or_(*places)
