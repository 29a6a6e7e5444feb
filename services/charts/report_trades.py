"""Figures of returns and trades: how they are spread, when they were made, how far they went."""

from typing import Literal

import numpy as np

from services.analysis.distribution import Distribution
from services.analysis.durations import Durations
from services.analysis.excursions import Excursions
from services.analysis.seasons import Season
from services.charts import report_layout as look
from services.charts.numbers import numbers
from services.charts.report_layout import Figure
from services.wording import grouped, percent_text

_EXTREMES = 50  # trades that went furthest, kept whatever else is left out


def distribution_figure(spread: Distribution, unit: str = "trades") -> Figure:
    """Draw the histogram of returns with mean and median; `unit` says what is counted.

    Returns of exactly zero, as of days out of the market, are counted in words: drawn, they would
    tower over all others.
    """
    moved = spread.count - spread.zeros
    if moved == 0:
        return look.empty(f"All {unit} returned 0 %." if spread.count else f"No {unit} to show.")
    edges = spread.edges
    counts = np.where(edges[:-1] == 0.0, spread.counts - spread.zeros, spread.counts).tolist()
    step = float(edges[1] - edges[0])
    texts = [
        f"{percent_text(a)} to {percent_text(b)}"
        for a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    ]
    middles = numbers(edges[:-1] + step / 2)
    columns = look.bars(
        unit.capitalize(),
        middles,
        counts,
        ["--down" if m < 0 else "--up" for m in middles],
        "%{customdata}: %{y:,} " + unit + "<extra></extra>",
        width=step * 0.92,
        customdata=texts,
    )
    # Over the columns, one line for each: beside them a tall column would hide the words.
    marks = [(spread.mean, "mean", "--text", 13), (spread.median, "median", "--muted", 0)]
    right = spread.mean is not None and spread.mean < edges.mean()
    notes = [
        look.beside(x, f"{name} {percent_text(x)}", colour, anchor="left" if right else "right")
        | {"yanchor": "bottom", "yshift": up}
        for x, name, colour, up in marks
        if x is not None
    ]
    if spread.zeros:
        left_out = f"without {grouped(spread.zeros, 0)} {unit} of 0 %"
        notes.append(look.title(left_out, 1.0) | {"yshift": 26})
    return look.figure(
        [columns],
        margin={"l": 12, "r": 64, "t": 46 if spread.zeros else 32, "b": 34, "pad": 0},
        xaxis=look.x_axis(tickformat=".3~%", nticks=6),
        yaxis=_count_axis(max(counts)),
        hovermode="closest",
        shapes=[look.upright(x, colour) for x, _, colour, _ in marks if x is not None],
        annotations=notes,
    )


def excursion_figure(measured: Excursions, kind: Literal["mae", "mfe"] = "mae") -> Figure:
    """Draw every trade's outcome against its worst (mae) or best (mfe) mark.

    `customdata` of a point is the trade's number. Of more than 500 winners or losers those that
    went furthest are drawn and an even choice of the rest.
    """
    if len(measured.number) == 0:
        return look.empty("No closed trade to show.")
    marks = measured.mae if kind == "mae" else measured.mfe
    won = measured.profit > 0
    traces = [
        _points(measured, marks, "Winners", won, "--up", "circle"),
        _points(measured, marks, "Losers", ~won, "--down", "diamond"),
    ]
    words = {
        "mae": "Deepest mark against the trade (MAE)",
        "mfe": "Best mark in its favour (MFE)",
    }
    edge = float(marks.min() if kind == "mae" else marks.max())
    diagonal = {
        "type": "line",
        "x0": 0,
        "y0": 0,
        "x1": edge,
        "y1": edge,
        "line": {"color": "--border-strong", "width": 1, "dash": "dot"},
        "layer": "below",
    }
    return look.figure(
        traces,
        margin={"l": 12, "r": 64, "t": 30, "b": 48, "pad": 0},
        xaxis=look.x_axis(
            tickformat=".3~%", title={"text": words[kind]}, showgrid=True, gridcolor="--grid"
        ),
        yaxis=look.y_axis(".3~%"),
        hovermode="closest",
        shapes=[look.level(0.0), diagonal],
    )


def _points(
    measured: Excursions, marks: np.ndarray, name: str, chosen: np.ndarray, colour: str, symbol: str
) -> Figure:
    kept = _choice(np.flatnonzero(chosen), marks)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": numbers(marks[kept]),
        "y": numbers(measured.returns[kept]),
        "customdata": measured.number[kept].tolist(),
        "marker": {"color": colour, "symbol": symbol, "size": 7, "opacity": 0.75},
        "hovertemplate": "trade %{customdata}: %{y:.2%}, went to %{x:.2%}<extra></extra>",
    }


def _choice(places: np.ndarray, marks: np.ndarray) -> np.ndarray:
    if len(places) <= look.MOST_POINTS:
        return places
    by_size = places[np.argsort(-np.abs(marks[places]), kind="stable")]
    rest = np.sort(by_size[_EXTREMES:])
    even = np.linspace(0, len(rest) - 1, look.MOST_POINTS - _EXTREMES).astype(np.int64)
    return np.sort(np.concatenate((by_size[:_EXTREMES], rest[even])))


def duration_figure(measured: Durations) -> Figure:
    """Draw how many bars the trades were held, winners and losers stacked."""
    if measured.all.count == 0:
        return look.empty("No closed trade to show.")
    step = int(measured.edges[1] - measured.edges[0])
    first = measured.edges[:-1]
    texts = [f"{a} bars" if step == 1 else f"{a} to {a + step - 1} bars" for a in first.tolist()]
    x = (first + (step - 1) / 2).tolist()
    traces = [
        look.bars(
            name,
            x,
            counts.tolist(),
            colour,
            "%{customdata}: %{y:,}",
            width=step * 0.92,
            customdata=texts,
        )
        for name, counts, colour in (
            ("Winners", measured.winners, "--up"),
            ("Losers", measured.losers, "--down"),
        )
    ]
    return look.figure(
        traces,
        barmode="stack",
        hovermode="closest",
        margin={"l": 12, "r": 64, "t": 30, "b": 48, "pad": 0},
        xaxis=look.x_axis(title={"text": "Bars held"}, tickformat=","),
        yaxis=_count_axis(int((measured.winners + measured.losers).max())),
    )


def _count_axis(most: int) -> Figure:
    """Return an axis of counts up to `most`, without half trades."""
    whole = {"dtick": 1} if most <= 5 else {}
    return look.y_axis(",", rangemode="tozero", **whole)


def season_figure(
    seasons: tuple[Season, ...], value: Literal["mean_return", "profit"] = "mean_return"
) -> Figure:
    """Draw the trades by weekday, month or hour of entry: their mean return, or their profit."""
    if not any(season.count for season in seasons):
        return look.empty("No closed trade to show.")
    y = [getattr(season, value) if season.count else None for season in seasons]
    form = "%{y:.2%}" if value == "mean_return" else "%{y:,.0f}"
    texts = [
        f"{season.count} {'trade' if season.count == 1 else 'trades'}"
        + (f", {percent_text(season.win_rate)} won" if season.count else "")
        for season in seasons
    ]
    columns = look.bars(
        "Trades",
        [season.label for season in seasons],
        y,
        look.signed(y),
        "%{x}: " + form + "<br>%{customdata}<extra></extra>",
        customdata=texts,
    )
    return look.figure(
        [columns],
        hovermode="closest",
        xaxis=look.x_axis(type="category", tickangle="auto"),
        yaxis=look.y_axis(".3~%" if value == "mean_return" else ",.3~s"),
        shapes=[look.level(0.0)],
    )
