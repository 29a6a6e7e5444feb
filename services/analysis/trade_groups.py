"""The trades of a run in groups: all of them, the winners and the losers."""

from dataclasses import dataclass

import numpy as np

from services.analysis.numbers import highest_of, lowest_of, mean_of, median_of, share_of
from services.analysis.trades import Trades, closed_trades, open_trades
from services.backtest.result import BacktestResult
from services.metrics import METRIC_SPECS, MetricSpec, trade_metrics

Values = dict[str, float | None]

GROUP_ROWS: tuple[MetricSpec, ...] = (
    MetricSpec("count", "Trades", "count", "Trades in this group."),
    MetricSpec("share", "Share of trades", "percent", "Part of all closed trades."),
    METRIC_SPECS["win_rate"],
    MetricSpec("profit", "Net profit", "money", "Profit after costs, summed."),
    METRIC_SPECS["profit_factor"],
    METRIC_SPECS["payoff_ratio"],
    METRIC_SPECS["sqn"],
    MetricSpec("mean_profit", "Mean profit", "money", "Mean net profit of a trade."),
    MetricSpec("median_profit", "Median profit", "money", "Half of the trades made less."),
    MetricSpec("mean_return", "Mean return", "percent", "Mean of net profit over entry value."),
    MetricSpec("median_return", "Median return", "percent", "Half of the trades returned less."),
    MetricSpec("best_return", "Best", "percent", "Highest net profit over entry value."),
    MetricSpec("worst_return", "Worst", "percent", "Lowest net profit over entry value."),
    MetricSpec("best_profit", "Best profit", "money", "Largest net profit of a trade."),
    MetricSpec("worst_profit", "Worst profit", "money", "Lowest net profit of a trade."),
    MetricSpec("mean_bars", "Mean bars held", "ratio", "Bars from entry to exit, mean."),
    MetricSpec("median_bars", "Median bars held", "ratio", "Half of the trades were shorter."),
    MetricSpec("mean_days", "Mean days held", "days", "Calendar days from entry to exit, mean."),
    MetricSpec("mean_mae", "Mean MAE", "percent", "Mean of the worst mark within a trade."),
    MetricSpec("mean_mfe", "Mean MFE", "percent", "Mean of the best mark within a trade."),
    MetricSpec("costs", "Costs", "money", "Commission and slippage of these trades."),
    MetricSpec("mean_costs", "Costs a trade", "money", "Mean of commission and slippage."),
    METRIC_SPECS["costs_of_gross_profit"],
)
_NEEDS_BOTH = ("win_rate", "profit_factor", "payoff_ratio", "sqn")


@dataclass(frozen=True)
class TradeGroup:
    """A group of trades; `values` is keyed by the names of GROUP_ROWS, None where undefined."""

    name: str
    values: Values


def trade_groups(result: BacktestResult) -> tuple[TradeGroup, ...]:
    """Measure the closed trades: All, Winners, Losers; Long and Short once a trade is short.

    A trade that ended at exactly nothing is neither winner nor loser. A trade still open is
    in a group of its own, "Open", with its marks: the costs of All and Open are those of the run.
    """
    closed, still_open = closed_trades(result), open_trades(result)
    n = len(closed)
    groups = [
        TradeGroup("All", _values(closed, n)),
        TradeGroup("Winners", _one_sided(closed.where(closed.profit > 0), n)),
        TradeGroup("Losers", _one_sided(closed.where(closed.profit < 0), n)),
    ]
    if (closed.quantity < 0).any():
        groups += [
            TradeGroup("Long", _values(closed.where(closed.quantity > 0), n)),
            TradeGroup("Short", _values(closed.where(closed.quantity < 0), n)),
        ]
    if len(still_open):
        groups.append(TradeGroup("Open", _one_sided(still_open, None)))
    return tuple(groups)


def _values(trades: Trades, total: int | None) -> Values:
    """Measure a group; `total` is the number of closed trades, None for open ones."""
    never = np.zeros(len(trades), dtype=bool)
    whole = trade_metrics(trades.profit, trades.entry_value, trades.costs, never)
    measured = {
        "count": len(trades),
        "share": None if total is None else share_of(len(trades), total),
        "profit": float(trades.profit.sum()),
        "mean_profit": mean_of(trades.profit),
        "median_profit": median_of(trades.profit),
        "mean_return": mean_of(trades.returns),
        "median_return": median_of(trades.returns),
        "best_return": highest_of(trades.returns),
        "worst_return": lowest_of(trades.returns),
        "best_profit": highest_of(trades.profit),
        "worst_profit": lowest_of(trades.profit),
        "mean_bars": mean_of(trades.bars),
        "median_bars": median_of(trades.bars),
        "mean_days": mean_of(trades.days),
        "mean_mae": mean_of(trades.mae),
        "mean_mfe": mean_of(trades.mfe),
        "mean_costs": mean_of(trades.costs),
    }
    return {row.name: (whole | measured)[row.name] for row in GROUP_ROWS}


def _one_sided(trades: Trades, total: int | None) -> Values:
    """Measure a group in which winners and losers are not weighed against each other."""
    return _values(trades, total) | dict.fromkeys(_NEEDS_BOTH)
