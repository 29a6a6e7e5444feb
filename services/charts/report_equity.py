"""Figures of the curve: equity against Buy & Hold with its falls, and rolling measures."""

import numpy as np

from services.analysis.rolling import Rolling
from services.analysis.sampling import bar_times, local_times
from services.analysis.underwater import UnderwaterPeriod, underwater_periods
from services.backtest.result import BacktestResult
from services.charts import report_layout as look
from services.charts.report_layout import Figure
from services.metrics import drawdown_of

_SHADED = 5  # of the deepest falls
_EQUITY, _DRAWDOWN, _EXPOSURE = (0.42, 1.0), (0.13, 0.36), (0.0, 0.06)


def equity_figure(result: BacktestResult, *, log: bool = False, timezone: str = "UTC") -> Figure:
    """Draw equity and Buy & Hold, their drawdowns, and when the run was in the market.

    The deepest underwater periods are shaded.
    """
    figure = _equity_figure(result, timezone)
    return {"data": figure["data"], "layout": on_log_scale(figure["layout"])} if log else figure


def on_log_scale(layout: Figure) -> Figure:
    """Return the layout of equity_figure with equity on a logarithmic scale; the data stay."""
    first, *others = layout["annotations"]
    return layout | {
        "yaxis": layout["yaxis"] | {"type": "log"},
        "annotations": [first | look.title("Equity, log scale", 1.0), *others],
    }


def _equity_figure(result: BacktestResult, timezone: str) -> Figure:
    equity, held = result.equity.to_numpy(), result.benchmark_equity.to_numpy()
    cash = result.settings.cash
    curves = (
        ("Strategy", equity, "--equity"),
        ("Buy & Hold", held, "--benchmark"),
    )
    traces = [
        _curve(result, timezone, name, values, colour, "%{y:,.0f}")
        for name, values, colour in curves
    ]
    traces += [
        _curve(
            result,
            timezone,
            f"{name} drawdown",
            drawdown_of(values, cash),
            "--down" if name == "Strategy" else colour,
            "%{y:.1%}",
            yaxis="y2",
            showlegend=False,
            **({"fill": "tozeroy", "fillcolor": "--drawdown"} if name == "Strategy" else {}),
        )
        for name, values, colour in curves
    ]
    traces.append(_in_market(result, timezone))
    periods = underwater_periods(result, _SHADED)
    stamps = bar_times(result)
    return look.figure(
        traces,
        xaxis=look.time_axis(anchor="y3"),
        yaxis=look.y_axis(",.3~s", domain=_EQUITY, type="linear"),
        yaxis2=look.y_axis(".0%", domain=_DRAWDOWN, nticks=3),
        yaxis3=look.y_axis("", domain=_EXPOSURE, range=[0, 1], visible=False),
        annotations=[
            look.title("Equity", 1.0),
            look.title("Drawdown", _DRAWDOWN[1]),
            look.title("In the market", _EXPOSURE[1]),
        ],
        shapes=[_shade(period, stamps, timezone) for period in periods],
    )


def _curve(
    result: BacktestResult,
    timezone: str,
    name: str,
    values: np.ndarray,
    colour: str,
    hover: str,
    **more,
) -> Figure:
    kept = look.thin(values)
    x = look.times_text(result, timezone, kept)
    return look.line(name, x, values[kept], colour, hover, **more)


def _in_market(result: BacktestResult, timezone: str) -> Figure:
    """Draw the share of bars in a position: of each bar, or of a few together in a long run."""
    held = (result.position != 0).astype(np.float64)
    size = -(-len(held) // (look.MOST_POINTS - 1))
    starts = np.arange(0, len(held), size)
    counts = np.diff(np.append(starts, len(held)))
    share = np.add.reduceat(held, starts) / counts
    kept = np.append(starts, len(held) - 1)
    return look.line(
        "In the market",
        look.times_text(result, timezone, kept),
        np.append(share, share[-1]),
        "--accent",
        "%{y:.0%}",
        yaxis="y3",
        showlegend=False,
        line={"shape": "hv", "width": 0},
        fill="tozeroy",
        fillcolor="--accent",
        opacity=0.7,
    )


def _shade(period: UnderwaterPeriod, stamps: np.ndarray, timezone: str) -> Figure:
    span = local_times(stamps[[period.peak_bar, period.end_bar]], timezone, stamps)
    begin, end = look.iso(span)
    return look.band(begin, end, "--drawdown", 0.45, _DRAWDOWN[0])


def rolling_figure(measured: Rolling) -> Figure:
    """Draw rolling Sharpe above rolling volatility, of the strategy and of Buy & Hold."""
    if not np.isfinite(measured.volatility).any():
        return look.empty(
            f"Needs at least {measured.window} returns: this run has {len(measured.ts)}."
        )
    traces = []
    for axis, hover, pairs in (
        ("y", "%{y:.2f}", (measured.sharpe, measured.benchmark_sharpe)),
        ("y2", "%{y:.1%}", (measured.volatility, measured.benchmark_volatility)),
    ):
        for name, colour, values in zip(
            ("Strategy", "Buy & Hold"), ("--equity", "--benchmark"), pairs, strict=True
        ):
            kept = look.thin(values)
            x = look.iso(measured.ts[kept].astype("datetime64[D]"))
            shown = {"yaxis": axis, "showlegend": axis == "y"}
            traces.append(look.line(name, x, values[kept], colour, hover, **shown))
    return look.figure(
        traces,
        xaxis=look.time_axis(anchor="y2"),
        yaxis=look.y_axis(".1f", domain=(0.55, 1.0)),
        yaxis2=look.y_axis(".0%", domain=(0.0, 0.42), rangemode="tozero"),
        annotations=[look.title("Sharpe", 1.0), look.title("Volatility", 0.42)],
        shapes=[look.level(0.0)],
    )
