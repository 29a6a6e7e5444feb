"""Finds saved runs: by words, tags and filters, sorted by anything, a page at a time."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Text, case, cast, func, or_, select
from sqlalchemy.orm import Session

from db.models import BacktestRun, RunTag
from db.session import Database
from services.errors import InvalidParams, did_you_mean
from services.free_text import contains, number_in, storable, words_of
from services.metrics import METRIC_SPECS
from services.paging import Page, numbers_of_page
from services.runs.remarks import REMARK_COLUMNS, remarks, tags_of
from services.runs.saved import RunSummary
from services.timespan import RESOLUTIONS

_COLUMNS = ("created_at", "symbol", "resolution", "strategy", "params", "start", "end", "bars")
_PARAMS_TEXT = func.replace(cast(BacktestRun.params, Text), '"', "")
_SORTS: dict[str, ColumnElement] = {
    "id": BacktestRun.id,
    "name": func.lower(BacktestRun.name),
    "symbol": BacktestRun.symbol,
    "resolution": case({n: i for i, n in enumerate(RESOLUTIONS)}, value=BacktestRun.resolution),
    "strategy": func.lower(BacktestRun.strategy),
    "params": _PARAMS_TEXT,
    "start": BacktestRun.start,
    "end": BacktestRun.end,
    "bars": BacktestRun.bars,
    "created_at": BacktestRun.created_at,
    "favourite": BacktestRun.favourite,
    "notes": func.lower(BacktestRun.notes),
    "tags": select(func.min(RunTag.tag)).where(RunTag.run_id == BacktestRun.id).scalar_subquery(),
    "look_ahead": BacktestRun.look_ahead["status"].as_string(),
}
SORTS = (*_SORTS, *METRIC_SPECS)


@dataclass(frozen=True)
class RunFilter:
    """Which runs to find and in what order; raises InvalidParams for an unknown `sort`.

    Every word of `text` must stand in number, symbol, resolution, strategy, parameters, name,
    notes or tags; of `tags` a run must have all. `deleted` finds the deleted ones instead.
    """

    text: str = ""
    tags: tuple[str, ...] = ()
    favourite: bool = False
    symbol: str = ""
    strategy: str = ""
    sort: str = "id"
    descending: bool = True
    deleted: bool = False

    def __post_init__(self):
        if self.sort not in SORTS:
            raise InvalidParams(
                f'Runs cannot be sorted by "{str(self.sort)[:40]}".'
                f"{did_you_mean(self.sort, SORTS)}",
                field="sort",
            )


def find_runs(
    database: Database,
    filter: RunFilter = RunFilter(),  # noqa: A002, B008  (the field's own word; frozen)
    offset: int = 0,
    limit: int = 100,
) -> Page[RunSummary]:
    """Return the runs from `offset` on, at most `limit`; what is undefined comes last."""
    with database.reading() as session:
        ids, total = numbers_of_page(
            session,
            BacktestRun.id,
            _conditions(filter),
            _key(filter.sort),
            filter.descending,
            offset,
            limit,
        )
        return Page(summaries(session, ids), total)


def latest_runs(database: Database, limit: int) -> list[RunSummary]:
    """Return the newest runs first, at most `limit`."""
    newest = BacktestRun.id.desc()
    query = select(BacktestRun.id).where(BacktestRun.deleted_at.is_(None)).order_by(newest)
    with database.reading() as session:
        return summaries(session, list(session.scalars(query.limit(limit))))


def all_tags(database: Database) -> tuple[str, ...]:
    """Return every tag of the runs in sight, in alphabetical order."""
    # The few that are out of sight are looked up, not the many that are in sight.
    deleted = select(BacktestRun.id).where(BacktestRun.deleted_at.is_not(None))
    query = select(RunTag.tag).where(RunTag.run_id.not_in(deleted)).distinct()
    with database.reading() as session:
        return tuple(sorted(session.scalars(query)))


def summaries(session: Session, ids: list[int]) -> list[RunSummary]:
    """Return the runs of those numbers, in that order."""
    columns = (getattr(BacktestRun, name) for name in (*_COLUMNS, "metrics"))
    query = select(*columns, *REMARK_COLUMNS).where(BacktestRun.id.in_(ids))
    tags = tags_of(session, ids)
    found = {row.id: row for row in session.execute(query)}
    return [_summary(found[run_id], tags) for run_id in ids if run_id in found]


def _summary(row: Any, tags: dict[int, tuple[str, ...]]) -> RunSummary:
    times = {name: pd.Timestamp(getattr(row, name)) for name in ("created_at", "start", "end")}
    plain = {name: getattr(row, name) for name in (*_COLUMNS, "metrics") if name not in times}
    return RunSummary(id=row.id, **plain, **times, **remarks(row, tags))


def _key(sort: str) -> ColumnElement:
    stored = _SORTS.get(sort)
    return BacktestRun.metrics[sort].as_float() if stored is None else stored


def _conditions(wanted: RunFilter) -> list[ColumnElement[bool]]:
    in_sight = BacktestRun.deleted_at
    conditions = [in_sight.is_not(None) if wanted.deleted else in_sight.is_(None)]
    if wanted.favourite:
        conditions.append(BacktestRun.favourite.is_(True))
    if wanted.symbol:
        conditions.append(BacktestRun.symbol == storable(wanted.symbol).strip().upper())
    if wanted.strategy:
        conditions.append(BacktestRun.strategy == storable(wanted.strategy).strip())
    for tag in wanted.tags:
        tagged = select(RunTag.run_id).where(RunTag.tag == storable(tag).strip().lower())
        conditions.append(BacktestRun.id.in_(tagged))
    return conditions + [_holds(word) for word in words_of(wanted.text)]


def _holds(word: str) -> ColumnElement[bool]:
    tagged = select(RunTag.run_id).where(contains(RunTag.tag, word))
    places = [
        *(contains(column, word) for column in (BacktestRun.symbol, BacktestRun.strategy)),
        BacktestRun.resolution == word.lower(),
        # "fast=5" finds what is stored as fast: 5.
        contains(_PARAMS_TEXT, word.replace("=", ": ")),
        contains(BacktestRun.name, word),
        contains(BacktestRun.notes, word),
        BacktestRun.id.in_(tagged),
    ]
    number = number_in(word)
    if number is not None:
        places.append(BacktestRun.id == number)
    return or_(*places)
