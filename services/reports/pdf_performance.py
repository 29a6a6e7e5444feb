"""The PDF report's pages of performance: months, spans below a peak, and the moving window."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from services.analysis.rolling import Rolling, rolling
from services.backtest.result import BacktestResult
from services.plots import look
from services.plots.page import Page
from services.plots.panel import DATE_LABELS, HEADER, Key, Span, add_panel
from services.plots.ticks import date_ticks
from services.reports.pdf_parts import TOP, head
from services.reports.performance import UNDERWATER_COLUMNS, monthly_table, underwater_rows

_ROW = 0.175
_MOST_YEARS, _YEARS_BESIDE = 38, 16
_UNDERWATER_WIDTH = 4.8
_UP, _DOWN = (0x1D, 0xB5, 0x84), (0xD5, 0x4B, 0x3A)
_COLUMN_RIGHTS = {"Depth": 0.87, "Days": 1.0}
_COLUMN_LEFTS = {"Peak": 0.0, "Lowest": 0.26, "Recovered": 0.52}


def performance_pages(result: BacktestResult, resolution: str, timezone: str) -> Iterator[Page]:
    """Compose one page, or two where the table of months is long."""
    page = Page()
    table = monthly_table(result, timezone)
    years = len(table["rows"])
    note = "Returns of the strategy by month in percent; * a month that the run covers in part."
    if years > _MOST_YEARS:
        note += f" The last {_MOST_YEARS} of {years} years."
    head(page, "Performance", note)
    end = _months(page, table, TOP)
    if years > _YEARS_BESIDE:
        yield page
        page = Page()
        head(page, "Performance, continued")
        end = TOP - 0.2
    bottom = page.height - look.MARGIN - 0.1
    _underwater(page, result, resolution, end + 0.35)
    left = look.MARGIN + _UNDERWATER_WIDTH + 0.8
    _rolling(page, rolling(result, timezone=timezone), left, end + 0.25, min(bottom, end + 4.6))
    yield page


def _months(page: Page, table: dict[str, Any], top: float) -> float:
    """Draw the table of months; return where it ends."""
    left, width = look.MARGIN, page.width - 2 * look.MARGIN
    column = width / 14
    rights = [left + (n + 2) * column for n in range(13)]
    for right, name in zip(rights, (*table["names"], "Year"), strict=True):
        page.text(right - 0.06, top, name, bold=True, align="right")
    page.stroke([left, left + width], [top + 0.1] * 2, color=look.INK, linewidth=0.8)
    y = top + 0.12 + _ROW / 2
    for row in table["rows"][-_MOST_YEARS:]:
        page.text(left, y, str(row["year"]), bold=True)
        for right, cell in zip(rights, (*row["cells"], row["total"]), strict=True):
            if cell["depth"]:
                ground = _tint(cell)
                page.box(right - column + 0.02, y - _ROW / 2, column - 0.02, _ROW - 0.015, ground)
            if cell["text"]:
                page.text(right - 0.06, y, cell["text"], align="right")
        y += _ROW
    return y


def _tint(cell: dict[str, Any]) -> str:
    part = cell["depth"] / 100
    colour = _UP if cell["tone"] == "up" else _DOWN
    return "#" + "".join(f"{round(255 + (tone - 255) * part):02X}" for tone in colour)


def _underwater(page: Page, result: BacktestResult, resolution: str, y: float) -> None:
    left = look.MARGIN
    page.text(left, y, "Deepest falls below a peak", look.NORMAL, bold=True)
    y += 0.24
    rows = [list(row.values()) for row in underwater_rows(result, resolution)]
    if not rows:
        page.text(left, y, "Equity never closed below a peak.")
        return
    for n, texts in enumerate([UNDERWATER_COLUMNS, *rows]):
        for name, words in zip(UNDERWATER_COLUMNS, texts, strict=True):
            at_right = name in _COLUMN_RIGHTS
            part = _COLUMN_RIGHTS[name] if at_right else _COLUMN_LEFTS[name]
            page.text(
                left + part * _UNDERWATER_WIDTH, y, words, bold=n == 0,
                align="right" if at_right else "left",
            )  # fmt: skip
        if n == 0:
            page.stroke([left, left + _UNDERWATER_WIDTH], [y + 0.1] * 2, color=look.INK, lw=0.8)
            y += 0.03
        y += _ROW


def _rolling(page: Page, window: Rolling, left: float, top: float, bottom: float) -> None:
    """Draw Sharpe and volatility of the moving window, against those of Buy & Hold."""
    if not np.isfinite(window.volatility).any():
        page.text(left, top + 0.1, f"Fewer than {window.window} closes: no moving window.")
        return
    width = page.width - look.MARGIN - left
    dates = date_ticks(window.ts, max(2, int(width / 0.8)))
    span = Span(page, left, width, len(window.ts), dates)
    height = (bottom - top - DATE_LABELS - 2 * HEADER - 0.08) / 2
    half = window.window / window.periods_a_year
    title = f"{window.window} closes" if half != 0.5 else "half a year"
    y = top + HEADER
    for name, own, other, suffix in (
        (f"Sharpe of {title}", window.sharpe, window.benchmark_sharpe, ""),
        (
            f"Volatility of {title}",
            window.volatility * 100,
            window.benchmark_volatility * 100,
            " %",
        ),
    ):
        panel = add_panel(span, y, height)
        both = np.concatenate([own, other])
        both = both[np.isfinite(both)]
        # Where nothing ever moved there is no Sharpe at all.
        ends = (float(both.min()), float(both.max())) if len(both) else (0.0, 0.0)
        panel.scale(*ends)
        panel.grid(suffix=suffix)
        panel.line(other, look.BENCHMARK, 0.9, zorder=2)
        panel.line(own, look.STRATEGY, 1.0, zorder=3)
        panel.header(
            name,
            [
                Key("Strategy", {"color": look.STRATEGY, "linewidth": 1.3}),
                Key("Buy & Hold", {"color": look.BENCHMARK, "linewidth": 1.2}),
            ],
        )
        y += height + HEADER + 0.08
    panel.date_labels()


def _percent(*curves: np.ndarray) -> list[np.ndarray]:
    return [curve * 100 for curve in curves]
