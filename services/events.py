"""Dated facts beside the prices, as a chart shows them: earnings, dividends, splits, macro."""

import math
import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import String, select, type_coerce
from sqlalchemy.orm import Session

from db.models import MarketEvent, SymbolEvent
from db.session import Database
from services.instruments import normalise_symbol

EARNINGS, DIVIDEND, SPLIT, MACRO, OTHER = "earnings", "dividend", "split", "macro", "other"
LETTERS = {EARNINGS: "E", DIVIDEND: "D", SPLIT: "S", MACRO: "M", OTHER: "•"}
MOST_EVENTS = 20_000  # of each table: a chart counts what it cannot show
_LONGEST = 120  # characters of a text
# What a type must contain, small and without signs, to be of a kind; the first match counts.
_SIGNS = (
    (EARNINGS, ("earning", "eps", "quarterlyresult")),
    (DIVIDEND, ("dividend", "distribution")),
    (SPLIT, ("split",)),
)


@dataclass(frozen=True)
class ChartEvent:
    """One flag on the time axis; `date` is the day of the exchange on which it happened."""

    date: date
    kind: str
    letter: str
    text: str


def events_of(
    database: Database,
    symbol: str,
    start: date | pd.Timestamp | None = None,
    end: date | pd.Timestamp | None = None,
) -> tuple[ChartEvent, ...]:
    """Return the events of a symbol and of the whole market from `start` to `end`, by date.

    Both days are included. Other programs write these tables: what they call an event is shown in
    their words, and a row whose date cannot be read is left out.
    """
    symbol = normalise_symbol(symbol)
    of_symbol = SymbolEvent.symbol == symbol
    with database.reading() as session:
        rows = [
            *_rows(session, SymbolEvent, None, start, end, of_symbol),
            *_rows(session, MarketEvent, MarketEvent.description, start, end),
        ]
    events = {event for row in rows if (event := _event(*row))}
    return tuple(sorted(events, key=lambda e: (e.date, list(LETTERS).index(e.kind), e.text)))


def _rows(
    session: Session, model: type, description: Any, start: Any, end: Any, *where: Any
) -> list[tuple]:
    # As text: SQLite gives whatever another program stored there, which no date type would take.
    day = type_coerce(model.date, String)
    query = select(
        day, model.event_type, model.value, *([] if description is None else [description])
    )
    if start is not None:
        where = (*where, model.date >= _day(start))
    if end is not None:
        where = (*where, model.date <= _day(end))
    query = query.where(*where).order_by(model.date.desc()).limit(MOST_EVENTS)
    is_market = model is MarketEvent
    return [(is_market, *row) for row in session.execute(query)]


def _event(
    is_market: bool, day: Any, written: Any, value: Any, description: Any = None
) -> ChartEvent | None:
    try:
        when = date.fromisoformat(str(day)[:10])
    except ValueError:
        return None
    kind = MACRO if is_market else _kind(written)
    return ChartEvent(when, kind, LETTERS[kind], _text(kind, written, value, description))


def _kind(written: Any) -> str:
    plain = re.sub(r"[^a-z]", "", str(written).lower())
    return next((kind for kind, signs in _SIGNS if any(sign in plain for sign in signs)), OTHER)


def _text(kind: str, written: Any, value: Any, description: Any) -> str:
    number = _number(value)
    if kind == SPLIT and number is not None and number > 0:
        # A split of 0.1 is ten old shares for one new.
        return f"Split {number:g}:1" if number >= 1 else f"Split 1:{1 / number:.6g}"
    words = re.sub(r"[\s_]+", " ", str(written)).strip()
    name = f"{words[:1].upper()}{words[1:]}" or kind.capitalize()
    parts = [name, "" if number is None else f"{number:,.6g}", _plain(description)]
    return " ".join(part for part in parts if part)[:_LONGEST]


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _plain(description: Any) -> str:
    return "" if description is None else f"· {' '.join(str(description).split())}"


def _day(moment: date | pd.Timestamp) -> date:
    return moment.date() if hasattr(moment, "date") else moment
