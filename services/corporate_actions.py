"""Splits and dividends from a file, into `symbol_events`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
from sqlalchemy import select

from db.models import SymbolEvent
from db.session import Database
from services.errors import InvalidFile
from services.ingest.text_table import read_table
from services.ingest.times import read_times
from services.instruments import InvalidParams, normalise_symbol

SPLIT, DIVIDEND = "split", "dividend"
# Headers in plain letters; of several present the first listed counts.
SPELLINGS = {
    "date": ["date", "exdate", "ts", "effectivedate", "day"],
    "symbol": ["symbol", "ticker"],
    "event": ["event", "eventtype", "type", "action"],
    "value": ["value", "amount"],
    SPLIT: ["splitratio", "stocksplits", "factorratio", "ratio", "factor", "split", "splits"],
    DIVIDEND: ["exdividend", "dividends", "dividend", "implieddividend"],
}
_RATIO = re.compile(
    r"(\d+(?:\.\d+)?)\s*(?::|/|-?for-?|\s+for\s+|-)\s*(\d+(?:\.\d+)?)", re.IGNORECASE
)
_KINDS = {"split": SPLIT, "stocksplit": SPLIT, "dividend": DIVIDEND, "cashdividend": DIVIDEND}
_NOTHING = re.compile(r"|-|0+(\.0*)?|n/a|nan|none|null", re.IGNORECASE)
_HIGHEST_RATIO = 10_000.0


@dataclass(frozen=True)
class Action:
    """One split (`value`: new shares for one old) or dividend (`value`: money a share)."""

    symbol: str
    date: date
    kind: str
    value: float


@dataclass(frozen=True)
class RefusedAction:
    """A row that is no split and no dividend; `row` counts the rows below the headers from 1."""

    row: int
    reason: str


@dataclass(frozen=True)
class ActionsFile:
    """What a file of corporate actions holds."""

    actions: list[Action]
    refused: list[RefusedAction]
    columns: dict[str, str]


@dataclass(frozen=True)
class ActionsReport:
    """What became of the actions of a file."""

    symbols: list[str]
    new: int
    changed: int
    unchanged: int
    refused: list[RefusedAction]


def read_actions(path: Path, symbol: str | None = None) -> ActionsFile:
    """Read splits and dividends; `symbol` is for a file that names none.

    A split may be written 2, 2:1, 2/1 or 2-for-1. Raises InvalidFile when the file has no column
    for the date or for what happened, or when the symbol is not known.
    """
    table, _ = read_table(path)
    columns = find_action_columns(list(table.columns))
    if not is_actions(columns):
        raise InvalidFile(
            f"{path.name} is no list of splits and dividends: give it the columns date, symbol, "
            "event (split or dividend) and value, as in 2020-08-31,AAPL,split,4."
        )
    if "symbol" not in columns and not symbol:
        raise InvalidFile(f"{path.name} does not say whose actions it lists: name the symbol.")
    days = read_times(table[columns["date"]], "1d", None, path.name).own
    actions, refused = [], []
    for row, (cells, day) in enumerate(zip(_rows(table, columns), days, strict=True), start=1):
        try:
            actions += _actions(cells, day, symbol)
        except (ValueError, InvalidParams) as error:
            refused.append(RefusedAction(row, str(error)))
    return ActionsFile(actions, refused, columns)


def find_action_columns(headers: Iterable[str]) -> dict[str, str]:
    """Map our names of columns to a file's headers."""
    plain = {re.sub(r"[^a-z]", "", header.lower()): header for header in headers}
    found = {}
    for name, spellings in SPELLINGS.items():
        if known := next((plain[spelling] for spelling in spellings if spelling in plain), None):
            found[name] = known
    return found


def is_actions(columns: dict[str, str]) -> bool:
    """Tell whether such columns say when what happened."""
    happened = {SPLIT, DIVIDEND} & set(columns) or {"event", "value"} <= set(columns)
    return "date" in columns and bool(happened)


def import_actions(database: Database, path: Path, symbol: str | None = None) -> ActionsReport:
    """Store a file's splits and dividends; the same again changes nothing. Raises InvalidFile."""
    file = read_actions(Path(path), symbol)
    if not file.actions:
        raise InvalidFile(
            f"{Path(path).name} holds no split and no dividend"
            + (f" (row {file.refused[0].row}: {file.refused[0].reason})." if file.refused else ".")
        )
    actions = list({(a.symbol, a.date, a.kind): a for a in file.actions}.values())
    with database.writing() as session:
        stored = _stored(session, {action.symbol for action in actions})
        counts = {"new": 0, "changed": 0, "unchanged": 0}
        for action in actions:
            counts[_store(session, stored, action, Path(path).name)] += 1
    return ActionsReport(sorted({a.symbol for a in actions}), **counts, refused=file.refused)


def _store(session, stored: dict, action: Action, file: str) -> str:
    event = stored.get((action.symbol, action.date, action.kind))
    if event is None:
        session.add(
            SymbolEvent(
                symbol=action.symbol,
                date=action.date,
                event_type=action.kind,
                value=action.value,
                details={"source": file},
            )
        )
        return "new"
    if event.value == action.value:
        return "unchanged"
    event.value, event.details = action.value, {"source": file}
    return "changed"


def _stored(session, symbols: set[str]) -> dict[tuple, SymbolEvent]:
    events = session.scalars(select(SymbolEvent).where(SymbolEvent.symbol.in_(sorted(symbols))))
    return {(event.symbol, event.date, event.event_type): event for event in events}


def _rows(table: pd.DataFrame, columns: dict[str, str]) -> Iterable[dict[str, str]]:
    return (
        {name: row[header] for name, header in columns.items()}
        for row in table.to_dict(orient="records")
    )


def _actions(cells: dict[str, str], day: pd.Timestamp, symbol: str | None) -> list[Action]:
    """Return what one row says happened; raise ValueError when it makes no sense."""
    if pd.isna(day):
        raise ValueError(f'the date "{cells["date"][:30]}" cannot be read')
    name = normalise_symbol(cells.get("symbol") or symbol or "")
    found = [(kind, cells[column]) for kind, column in _values(cells)]
    return [
        Action(name, day.date(), kind, value)
        for kind, text in found
        if (value := _value(kind, text)) is not None
    ]


def _values(cells: dict[str, str]) -> list[tuple[str, str]]:
    """Return each kind of action that a row may hold, with the column of its value."""
    if "event" not in cells:
        return [(kind, kind) for kind in (SPLIT, DIVIDEND) if kind in cells]
    written = re.sub(r"[^a-z]", "", cells["event"].lower())
    kind = _KINDS.get(written)
    if kind is None:
        raise ValueError(f'"{cells["event"][:30]}" is no split and no dividend')
    column = "value" if "value" in cells else kind
    if column not in cells or _NOTHING.fullmatch(cells[column].strip()):
        raise ValueError(f"the {kind} has no value")
    return [(kind, column)]


def _value(kind: str, text: str) -> float | None:
    """Return the value of a cell, None when it says that nothing happened."""
    text = text.strip().lower()
    if _NOTHING.fullmatch(text):
        return None
    match = _RATIO.fullmatch(text) if kind == SPLIT else None
    try:
        value = float(match[1]) / float(match[2]) if match else float(text.lstrip("$"))
    except (ValueError, ZeroDivisionError):
        raise ValueError(f'"{text[:30]}" is no value of a {kind}') from None
    if not 0 < value < _HIGHEST_RATIO:
        raise ValueError(f'"{text[:30]}" is no value of a {kind}')
    return None if kind == SPLIT and value == 1 else value
