"""Instruments: what is known about each symbol."""

import math
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from db import models
from db.session import Database
from services.errors import InvalidParams, UnknownSymbol, did_you_mean

# As exchanges and vendors write them: BRK.B, ^GSPC, EURUSD=X, ES1!, NASDAQ:AAPL, SP500_INDEX.
_SYMBOL = re.compile(r"\^?[A-Z0-9][A-Z0-9._\-^=/:&!+ ]{0,31}")
LONGEST_SYMBOL = 32


@dataclass(frozen=True)
class Instrument:
    """One instrument; None where nothing is known. `timezone` is its exchange's, IANA."""

    symbol: str
    name: str | None = None
    asset_class: str | None = None
    exchange: str | None = None
    currency: str | None = None
    timezone: str | None = None
    con_id: int | None = None
    tick_size: float | None = None
    sector: str | None = None
    industry: str | None = None
    contract_spec: dict | None = None


_FIELDS = tuple(Instrument.__dataclass_fields__)


def normalise_symbol(text: str) -> str:
    """Return the symbol in capitals; raise InvalidParams when no exchange would write it so."""
    symbol = str(text).strip().upper()
    is_path = ".." in symbol or symbol.endswith("/")  # it becomes part of file names and addresses
    if _SYMBOL.fullmatch(symbol) and len(symbol) <= LONGEST_SYMBOL and not is_path:
        return symbol
    raise InvalidParams(
        f'"{str(text)[:40]}" is not a symbol: write letters, digits and . _ - ^ = / : & ! + '
        f"only, no .. and no / at an end, at most {LONGEST_SYMBOL}, as in AAPL or BRK.B.",
        field="symbol",
    )


def check_timezone(name: str) -> str:
    """Return the name unchanged; raise InvalidParams when it is not an IANA time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidParams(
            f'"{name}" is not a time zone: write an IANA name, as in America/New_York.',
            field="timezone",
        ) from error
    return name


def add_instrument(database: Database, symbol: str, **fields) -> Instrument:
    """Store what is given about a symbol; what is not given, or None, stays as it was.

    The fields are those of Instrument. Raises InvalidParams.
    """
    symbol = normalise_symbol(symbol)
    known = {name: value for name, value in fields.items() if value is not None}
    if unknown := set(known) - set(_FIELDS):
        raise TypeError(f"an instrument has no {', '.join(sorted(unknown))}")
    if "timezone" in known:
        check_timezone(known["timezone"])
    if not 0 < known.get("tick_size", 1) < math.inf:
        raise InvalidParams("The tick size must be a number above zero.", field="tick_size")
    if not 0 < known.get("con_id", 1) < 2**31:
        raise InvalidParams("The contract id must be a positive whole number.", field="con_id")
    _check_lengths(known)
    with database.writing() as session:
        row = ensure_instrument(session, symbol)
        for name, value in known.items():
            setattr(row, name, value)
        return _from_row(row)


def ensure_instrument(session: Session, symbol: str, *, lock: bool = False) -> models.Instrument:
    """Return the row of a symbol, made bare when there is none.

    With `lock` other writers of this symbol wait until the session ends (SQLite's always do).
    """
    wanted = select(models.Instrument).where(models.Instrument.symbol == symbol)
    if lock:
        wanted = wanted.with_for_update()
    row = session.scalar(wanted)
    if row is None:
        _insert_unless_there(session, symbol)
        row = session.scalars(wanted).one()
    return row


def get_instrument(database: Database, symbol: str) -> Instrument:
    """Return one instrument; raise UnknownSymbol, with the closest one stored."""
    symbol = normalise_symbol(symbol)
    with database.reading() as session:
        row = session.scalar(select(models.Instrument).where(models.Instrument.symbol == symbol))
        if row is not None:
            return _from_row(row)
        raise unknown_symbol(session, symbol)


def stored_instrument(database: Database, symbol: str) -> Instrument | None:
    """Return what is stored of a symbol, None when nothing is."""
    with database.reading() as session:
        row = session.scalar(select(models.Instrument).where(models.Instrument.symbol == symbol))
        return None if row is None else _from_row(row)


def known_symbols(database: Database) -> list[str]:
    """Return every stored symbol."""
    with database.reading() as session:
        return list(session.scalars(select(models.Instrument.symbol)))


def unknown_symbol(session: Session, symbol: str) -> UnknownSymbol:
    """Return the error for a symbol that is not stored."""
    known = session.scalars(select(models.Instrument.symbol))
    return UnknownSymbol(
        f'No symbol "{symbol}" is stored.{did_you_mean(symbol, known)} Bring it in with: '
        f'python -m scripts.ingest -s "{symbol}" -r 1d --file prices.csv',
        field="symbol",
    )


def _insert_unless_there(session: Session, symbol: str) -> None:
    """Insert a bare row; another process that does the same at this moment is no error."""
    if session.get_bind().dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as pg_insert

        session.execute(pg_insert(models.Instrument).values(symbol=symbol).on_conflict_do_nothing())
    else:  # SQLite's writers take turns
        session.execute(insert(models.Instrument).values(symbol=symbol))


def _check_lengths(known: dict) -> None:
    for name, value in known.items():
        longest = getattr(models.Instrument.__table__.c[name].type, "length", None)
        if longest and len(value) > longest:
            raise InvalidParams(
                f"The {name.replace('_', ' ')} is longer than {longest} characters: shorten it.",
                field=name,
            )


def _from_row(row: models.Instrument) -> Instrument:
    return Instrument(**{name: getattr(row, name) for name in _FIELDS})
