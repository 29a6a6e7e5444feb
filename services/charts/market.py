"""Where the charts of the dashboard come from: stored series with indicators, and saved runs."""

import time
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd

from services.charts.exchange import Exchange, exchange_of
from services.charts.source import ChartSource, Compared, source_of
from services.charts.zones import clock_of
from services.column_store import Columns
from services.errors import InvalidParams
from services.events import ChartEvent, events_of
from services.indicators.catalogue import (
    SESSION,
    ChosenIndicator,
    indicators_text,
    parse_indicators,
)
from services.instruments import normalise_symbol, stored_instrument
from services.runs import SavedRun
from services.timespan import is_session_based
from services.workspace import Workspace

_EVENTS_FOR = 15  # seconds: other programs write them, and nothing says when
_BAR_BYTES = 8 * 10  # what charts compute of each bar: Heikin-Ashi, volume, curves


def market_source(
    workspace: Workspace,
    symbol: str,
    resolution: str,
    indicators: str | Sequence[ChosenIndicator] = (),
    compare: str | None = None,
) -> ChartSource:
    """Return the chart of a stored series with indicators, and the closes of a second symbol.

    Each part is made once for each state of the series. Raises InvalidParams, UnknownSymbol or
    NoBars.
    """
    chosen = parse_indicators(indicators) if isinstance(indicators, str) else tuple(indicators)
    symbol = normalise_symbol(symbol)
    other = normalise_symbol(compare) if compare and compare.strip() else None
    if other == symbol:
        raise InvalidParams(f"{symbol} cannot be compared with itself.", field="compare")
    columns = workspace.columns.load(symbol, resolution)
    beside = workspace.columns.load(other, resolution) if other else None
    exchange = _exchange(workspace, symbol)
    events = _events(workspace, symbol, columns)

    def make() -> ChartSource:
        return ChartSource(
            columns.ts,
            columns.open,
            columns.high,
            columns.low,
            columns.close,
            columns.volume,
            lines=tuple(
                line
                for one in chosen
                for line in _lines(workspace, (symbol, resolution), columns, exchange, one)
            ),
            compared=beside and Compared(other, closes_at(columns.ts, beside)),
            events=events,
            timezone=exchange.timezone,
            lead=exchange.lead,
            session_based=is_session_based(resolution),
        )

    if not columns.state or (beside and not beside.state):
        return make()
    version = (columns.state, beside and beside.state, exchange, events)
    key = ("market", symbol, resolution, indicators_text(chosen), other)
    return workspace.charts.get(key, version, make, lambda source: len(source) * _BAR_BYTES)


def run_source(workspace: Workspace, run: SavedRun) -> ChartSource:
    """Return the chart of a saved run, with the events of its symbol and its exchange's zone."""
    symbol = run.request.symbol
    exchange = _exchange(workspace, symbol)
    bars = run.result.bars["ts"]
    events = _events_between(workspace, symbol, bars.iloc[0], bars.iloc[-1])
    # By the result itself, which the cache holds: a removed run's number can come again.
    _, source = workspace.charts.get(
        ("run", run.id),
        (id(run.result), exchange, events),
        lambda: (run.result, source_of(run.result, **asdict(exchange), events=events)),
        lambda made: len(made[1]) * _BAR_BYTES,
    )
    return source


def exchange_zone(workspace: Workspace, symbol: str) -> str:
    """Return the time zone of a symbol's exchange; UTC where it is not known."""
    return _exchange(workspace, symbol).timezone


def _exchange(workspace: Workspace, symbol: str) -> Exchange:
    return exchange_of(stored_instrument(workspace.database, symbol))


def closes_at(ts: np.ndarray, other: Columns) -> np.ndarray:
    """Return the other's last close up to each bar; NaN before its first and after its last."""
    at = np.searchsorted(other.ts, ts, side="right") - 1
    known = (at >= 0) & (ts <= other.ts[-1])
    return np.where(known, other.close[np.maximum(at, 0)], np.nan)


def _lines(
    workspace: Workspace,
    key: tuple[str, str],
    columns: Columns,
    exchange: Exchange,
    chosen: ChosenIndicator,
) -> list:
    def make() -> list:
        return chosen.lines(_frame(columns, key[1], exchange, chosen.spec.intraday_only))

    if not columns.state:
        return make()
    return workspace.charts.get(
        ("lines", *key, chosen.text),
        (columns.state, exchange),
        make,
        lambda lines: sum(line.values.nbytes for line in lines),
    )


def _frame(columns: Columns, resolution: str, exchange: Exchange, by_session: bool) -> pd.DataFrame:
    bars = {name: getattr(columns, name) for name in ("open", "high", "low", "close", "volume")}
    if by_session and not is_session_based(resolution):
        clock = clock_of(exchange.timezone, dated=False, lead=exchange.lead)
        bars[SESSION] = clock.days(columns.ts).astype(np.int64)
    return pd.DataFrame(bars, copy=False)


def _events(workspace: Workspace, symbol: str, columns: Columns) -> tuple[ChartEvent, ...]:
    first, last = (pd.Timestamp(moment) for moment in columns.ts[[0, -1]])
    return _events_between(workspace, symbol, first, last)


def _events_between(
    workspace: Workspace, symbol: str, first: pd.Timestamp, last: pd.Timestamp
) -> tuple[ChartEvent, ...]:
    # A day more to each side: days are those of the exchange, moments those of UTC.
    start, end = ((moment + pd.Timedelta(days=n)).date() for moment, n in ((first, -1), (last, 7)))
    return workspace.charts.get(
        ("events", symbol, start, end),
        int(time.monotonic() // _EVENTS_FOR),
        lambda: events_of(workspace.database, symbol, start, end),
        lambda events: 300 * len(events),
    )
