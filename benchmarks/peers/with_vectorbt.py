"""The benchmarks' rules for vectorbt."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
import vectorbt as vbt

from benchmarks.rules import CASH, FAST, SLOW

PORTFOLIO = {"init_cash": CASH, "freq": "1D"}
_STOPS = {"stop_loss": "sl_stop", "take_profit": "tp_stop"}
vbt.settings["returns"]["year_freq"] = "252 days"  # its own year has 365, ours 252


def run(bars: pd.DataFrame) -> tuple[vbt.Portfolio, pd.Series]:
    """Trade one crossover at the next open; return the portfolio and its statistics."""
    close, opens = (pd.Series(bars[name].to_numpy(), bars["ts"]) for name in ("close", "open"))
    fast, slow = vbt.MA.run(close, FAST), vbt.MA.run(close, SLOW)
    buy = fast.ma_crossed_above(slow).vbt.signals.fshift(1)
    sell = fast.ma_crossed_below(slow).vbt.signals.fshift(1)
    portfolio = vbt.Portfolio.from_signals(close, buy, sell, price=opens, **PORTFOLIO)
    return portfolio, portfolio.stats()


def trades_of(portfolio: vbt.Portfolio) -> np.ndarray:
    """Return bar and price of each entry and exit, a row a closed trade."""
    trades = portfolio.trades.closed.records
    return trades[["entry_idx", "entry_price", "exit_idx", "exit_price"]].to_numpy(np.float64)


def sweep(close: pd.Series, lengths: list[int], engine: str) -> np.ndarray:
    """Trade all pairs of lengths at the close; return four metrics, a row a pair."""
    vbt.settings["engine"] = engine
    fast, slow = vbt.MA.run_combs(close, window=lengths, r=2, short_names=["fast", "slow"])
    return _measured(close, fast, slow)


def sweep_by_rules(
    bars: pd.DataFrame, lengths: list[int], engine: str, how: Mapping[str, object]
) -> np.ndarray:
    """Do the same under some of our settings by name."""
    vbt.settings["engine"] = engine
    close = pd.Series(bars["close"].to_numpy(), bars["ts"])
    fast, slow = vbt.MA.run_combs(close, window=lengths, r=2, short_names=["fast", "slow"])
    return trade_by_rules(bars, fast.ma_crossed_above(slow), fast.ma_crossed_below(slow), how)


def trade_by_rules(bars: pd.DataFrame, buys, sells, how: Mapping[str, object]) -> np.ndarray:
    """Trade columns of signals at the close under some of our settings; return the metrics."""
    open_, high, low, close = (
        pd.Series(bars[name].to_numpy(), bars["ts"]) for name in ("open", "high", "low", "close")
    )
    said = {name: _fraction(how[ours]) for ours, name in _STOPS.items() if ours in how}
    if "sizing" in how:
        said |= {"size": _fraction(how["sizing"].partition(":")[2]), "size_type": "percent"}
    if how.get("side") == "both":
        said |= {"short_entries": sells, "upon_opposite_entry": "reverse"}
    else:
        said["exits"] = sells
    return _metrics(
        vbt.Portfolio.from_signals(close, buys, open=open_, high=high, low=low, **said, **PORTFOLIO)
    )


def _fraction(percent: str) -> float:
    return float(percent.rstrip("%")) / 100


def sweep_in_chunks(close: pd.Series, pairs: np.ndarray, columns: int, engine: str) -> np.ndarray:
    """Do the same in parts of so many columns, as its author advises where memory is short."""
    vbt.settings["engine"] = engine
    return np.vstack([_measured(close, *part) for part in _averages(close, pairs, columns)])


def averages_of(close: pd.Series, lengths: list[int], engine: str) -> np.ndarray:
    """Return its moving average of each length, a row a length."""
    vbt.settings["engine"] = engine
    return np.ascontiguousarray(vbt.MA.run(close, window=lengths).ma.to_numpy().T)


def _averages(close: pd.Series, pairs: np.ndarray, columns: int) -> Iterator[list[vbt.MA]]:
    for start in range(0, len(pairs), columns):
        part = pairs[start : start + columns]
        yield [
            vbt.MA.run(close, window=part[:, side].tolist(), short_name=name)
            for side, name in enumerate(("fast", "slow"))
        ]


def _measured(close: pd.Series, fast: vbt.MA, slow: vbt.MA) -> np.ndarray:
    return _metrics(
        vbt.Portfolio.from_signals(
            close, fast.ma_crossed_above(slow), fast.ma_crossed_below(slow), **PORTFOLIO
        )
    )


def _metrics(portfolio: vbt.Portfolio) -> np.ndarray:
    return np.column_stack(
        [
            portfolio.total_return(),
            portfolio.sharpe_ratio(),
            portfolio.max_drawdown(),
            portfolio.trades.closed.count(),
        ]
    )
