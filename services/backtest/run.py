"""run_backtest: bars and a strategy in, a BacktestResult out."""

from collections.abc import Collection
from dataclasses import replace
from typing import Literal, Protocol

import numpy as np
import pandas as pd

import services.backtest.measure as measuring
import services.backtest.simulate as kernel
from services.backtest.finer import FinerBars, finer_bars_of
from services.backtest.finer_use import FinerUse, finer_use
from services.backtest.inputs import KernelInputs, inputs_of
from services.backtest.measured import measure_run
from services.backtest.realism import known_of
from services.backtest.result import BacktestResult, StrategyInfo
from services.backtest.settings import SimulationSettings
from services.backtest.trades import trades_table
from services.bars import BAR_COLUMNS
from services.errors import InvalidSignals, NoBars
from services.indicators import with_indicators
from services.indicators.lines import Line
from services.indicators.memory import read_once
from services.metric_specs import metrics_of_row


class Rule(Protocol):
    """What the engine asks of a strategy."""

    name: str
    rule: str

    def signals_from(self, df: pd.DataFrame, first: int) -> np.ndarray:
        """Return +1, -1 or 0 for each bar from `first` on."""

    def lines(self, df: pd.DataFrame) -> list[Line]:
        """List what to draw with the bars."""


def run_backtest(
    bars: pd.DataFrame,
    strategy: Rule,
    settings: SimulationSettings = SimulationSettings(),  # noqa: B008  (frozen)
    *,
    start: pd.Timestamp | None = None,
    end: pd.Timestamp | None = None,
    timezone: str = "UTC",
    finer: FinerBars | pd.DataFrame | None = None,
) -> BacktestResult:
    """Backtest a strategy on a frame of bars (see `services.bars`) and measure it.

    Indicator columns that the frame lacks are computed first: those of the rule's `columns_read`,
    all of a rule that does not say it. Only bars from `start` to `end`
    (both included) are traded; earlier ones serve as history, so that the first traded bar has
    its averages. `timezone` says where a day ends in the metrics of intraday bars. `finer`
    are bars in which exits are looked for where the settings say so (`settings.needs_finer`).
    Raises NoBars when no bar is left, InvalidBars for finer bars that are none, BarsDisagree for
    those of other bars.
    """
    known = getattr(strategy, "columns_read", None)
    needed = known | {"atr"} if known is not None and settings.needs_atr else known
    frame, first = window(bars, start, end, needed)
    finer = finer_bars_of(finer)
    with read_once(frame):
        given = inputs_of(frame, first, settings, timezone, finer)
        # What a rule's code changes in its frame changes neither prices nor the caller's bars.
        seen = frame.copy(deep=False) if known is None else frame
        signals = signals_of(strategy, seen, first)
        lines = _lines(strategy, seen, first)
    equity, position, rows = kernel.simulate(
        given.prices, signals, given.fill, given.money, given.realism
    )
    row = measure_run(given, equity, rows)
    held = measuring.measure_held(
        given.benchmark, given.benchmark_costs, given.cash, given.sampling
    )
    trades = trades_table(rows, given.times)
    index = pd.DatetimeIndex(given.times, name="ts", copy=False)
    return BacktestResult(
        bars=_traded(bars, first, len(frame)),
        signals=signals,
        equity=pd.Series(equity, index=index, name="equity", copy=False),
        benchmark_equity=pd.Series(
            given.benchmark, index=index, name="benchmark_equity", copy=False
        ),
        position=position,
        trades=trades,
        metrics=metrics_of_row(row),
        benchmark_metrics=metrics_of_row(held),
        lines=lines,
        strategy=_info(strategy),
        settings=settings,
        known=known_of(given.realism),
        pieces=given.realism and given.realism.pieces,
        finer=_finer_use(given, trades, finer),
    )


def _finer_use(
    given: KernelInputs, trades: pd.DataFrame, finer: FinerBars | None
) -> FinerUse | None:
    if given.fit is None:
        return None
    at_close = given.fill == kernel.FILL_CLOSE
    return finer_use(given.fit, trades, pd.Series(given.times), finer.resolution, at_close)


def window(
    bars: pd.DataFrame,
    start: pd.Timestamp | None,
    end: pd.Timestamp | None,
    names: Collection[str] | None = None,
) -> tuple[pd.DataFrame, int]:
    """Add indicators, cut what lies after `end`, and find the first bar to trade.

    The indicators are all, or those of `names`, as in `with_indicators`. Raises NoBars when no bar
    is left.
    """
    if len(bars) == 0:
        raise NoBars("There are no bars to test: load some first.")
    frame = with_indicators(_numbered(bars), names)
    if end is not None:
        frame = frame.iloc[: _place(frame["ts"], end, "right")]
    first = 0 if start is None else _place(frame["ts"], start, "left")
    if first >= len(frame):
        stored = f"{bars['ts'].iloc[0]:%Y-%m-%d} to {bars['ts'].iloc[-1]:%Y-%m-%d}"
        raise NoBars(f"No bars lie in that span: those at hand run from {stored}.")
    return frame, first


def _numbered(bars: pd.DataFrame) -> pd.DataFrame:
    """Return bars under their positions: a rule may look for bar i at `df.loc[i]`, in any part."""
    index = bars.index
    if isinstance(index, pd.RangeIndex) and index.start == 0 and index.step == 1:
        return bars
    return bars.reset_index(drop=True)


def _place(ts: pd.Series, moment: pd.Timestamp, side: Literal["left", "right"]) -> int:
    # In microseconds both: a moment that the bars' own unit cannot hold would raise.
    return int(ts.dt.as_unit("us").searchsorted(moment.as_unit("us"), side=side))


def signals_of(strategy: Rule, frame: pd.DataFrame, first: int) -> np.ndarray:
    """Ask a rule for the signals of the bars from `first` on; raise InvalidSignals."""
    signals = np.asarray(strategy.signals_from(frame, first))
    wanted = len(frame) - first
    if signals.shape != (wanted,) or not _are_signals(signals):
        raise InvalidSignals(
            f"{strategy.name}.signals must give one +1, 0 or -1 for each of {wanted} bars."
        )
    return signals.astype(np.int8)


def _are_signals(values: np.ndarray) -> bool:
    if values.dtype == np.int8:  # the usual case, ten times as fast as the general one
        return bool(((values >= -1) & (values <= 1)).all())
    return bool(np.isin(values, (-1, 0, 1)).all())


def _traded(bars: pd.DataFrame, first: int, stop: int) -> pd.DataFrame:
    """Return the tested bars on an index of their own; their values stay where they are."""
    has_others = list(bars.columns) != BAR_COLUMNS
    traded = (bars[BAR_COLUMNS] if has_others else bars).iloc[first:stop]
    traded.index = pd.RangeIndex(len(traded))
    return traded


def _lines(strategy: Rule, frame: pd.DataFrame, first: int) -> tuple[Line, ...]:
    """Return the lines of the tested bars as plain arrays: an author may give pandas columns."""
    return tuple(
        replace(
            line,
            values=np.asarray(line.values, dtype=np.float64)[first:],
            levels=tuple(float(level) for level in line.levels if np.isfinite(level)),
        )
        for line in strategy.lines(frame)
    )


def _info(strategy: Rule) -> StrategyInfo:
    params = getattr(strategy, "params", None)
    return StrategyInfo(strategy.name, params.model_dump() if params else {}, strategy.rule)
