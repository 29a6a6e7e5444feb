"""The two reports, full and simple: what stands where on the page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from services.backtest.result import BacktestResult
from services.errors import NoBars
from services.indicators.lines import PRICE_PANE, Line
from services.plots import look
from services.plots.money import draw_drawdown, draw_equity
from services.plots.page import Page, line_height
from services.plots.panel import DATE_LABELS, HEADER, Key, Panel, Span, add_panel
from services.plots.price import draw_lines, draw_price, draw_volume, has_volume
from services.plots.table import draw_cards, draw_table
from services.plots.ticks import date_ticks
from services.plots.words import assumptions_text, span_text
from services.wording import params_text, result_warnings

_VALUE_LABELS = 0.62  # inches left of the panels
_TABLE_WIDTH = 2.78
_TABLE_GAP = 0.3
_INCHES_A_DATE = 0.75
_MOST_PANES = 3
_PANEL_GAP = 0.07
_CARDS_HEIGHT = 0.72


@dataclass(frozen=True)
class Row:
    """A panel in the making: its share of the height, and what draws it.

    A row without a header clings to the one above it.
    """

    share: float
    draw: Callable[[Panel], None]
    has_header: bool = True


def draw_report(
    result: BacktestResult,
    symbol: str,
    resolution: str,
    kind: str,
    *,
    subtitle: str = "",
    cautions: Sequence[str] = (),
) -> Page:
    """Compose the page of a report; raise NoBars when there is nothing to draw."""
    if len(result.bars) == 0:
        raise NoBars("There are no bars to plot: choose a span that holds some.")
    page = Page()
    top = _heading(page, result, symbol, resolution, subtitle)
    for caution in (*cautions, *result_warnings(result)):
        top = _warning(page, caution, top)
    bottom = _footer(page, result)
    left, width = look.MARGIN, page.width - 2 * look.MARGIN
    if kind == "full":
        table_left = left + width - _TABLE_WIDTH
        draw_table(page, result, table_left, top, _TABLE_WIDTH, bottom - top)
        width -= _TABLE_WIDTH + _TABLE_GAP
    else:
        draw_cards(page, result, left, top, width, _CARDS_HEIGHT)
        top += _CARDS_HEIGHT + 0.1
    span = _span(page, result, left + _VALUE_LABELS, width - _VALUE_LABELS)
    _stack(span, _rows(result, kind), top, bottom - DATE_LABELS)
    return page


def _heading(
    page: Page, result: BacktestResult, symbol: str, resolution: str, subtitle: str
) -> float:
    """Write the lines above everything else; return where they end."""
    width = page.width - 2 * look.MARGIN
    params = params_text(result.strategy.params)
    symbol = page.fit(symbol, width * 0.4, look.TITLE, bold=True)
    name = page.fit(result.strategy.name, width * 0.45, look.TITLE, bold=True)
    title = f"{symbol} · {resolution} · {name}"
    with_params = f"{title} ({params})" if params else title
    lines = []
    if page.text_width(with_params, look.TITLE, bold=True) <= width:
        title = with_params
    else:
        lines = page.wrap(f"Parameters: {params}", width, look.NORMAL, 2) if params else []
    spans = span_text(result, resolution)
    lines += page.wrap(f"{spans} · {subtitle}" if subtitle else spans, width, look.NORMAL, 1)
    rule = page.wrap(result.strategy.rule, width, look.NORMAL, 1)

    y = look.MARGIN + 0.02
    page.text(look.MARGIN, y, title, look.TITLE, bold=True)
    y += 0.1
    for words, colour in [(w, look.INK) for w in lines] + [(w, look.FAINT_INK) for w in rule]:
        y += line_height(look.NORMAL)
        page.text(look.MARGIN, y, words, look.NORMAL, colour=colour)
    return y + 0.14


def _warning(page: Page, words: str, y: float) -> float:
    """Write a caution that no reader of the numbers may miss; return where it ends."""
    width = page.width - 2 * look.MARGIN
    lines = page.wrap(words, width - 0.2, look.NORMAL, 2)
    step = line_height(look.NORMAL)
    height = step * len(lines) + 0.08
    page.box(look.MARGIN, y, width, height, look.WARNING_GROUND, look.WARNING_INK)
    for i, line in enumerate(lines):
        middle = y + 0.04 + (i + 0.5) * step
        page.text(look.MARGIN + 0.1, middle, line, look.NORMAL, colour=look.WARNING_INK)
    return y + height + 0.09


def _footer(page: Page, result: BacktestResult) -> float:
    """Write the assumptions at the foot of the page; return where they begin."""
    hidden = len(_panes(result)) - _MOST_PANES
    words = assumptions_text(result)
    if hidden > 0:
        words += f" Not drawn for lack of room: {hidden} more indicator panes."
    lines = page.wrap(words, page.width - 2 * look.MARGIN, look.SMALL, 3)
    step = line_height(look.SMALL)
    top = page.height - look.MARGIN - step * len(lines)
    for i, line in enumerate(lines):
        y = top + (i + 0.5) * step
        page.text(look.MARGIN, y, line, look.SMALL, colour=look.FAINT_INK)
    return top - 0.08


def _span(page: Page, result: BacktestResult, left: float, width: float) -> Span:
    stamps = result.bars["ts"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    dates = date_ticks(stamps, int(width / _INCHES_A_DATE))
    return Span(page, left, width, len(stamps), dates)


def _rows(result: BacktestResult, kind: str) -> list[Row]:
    price = Row(5.0, lambda panel: draw_price(panel, result))
    equity = Row(2.6, lambda panel: draw_equity(panel, result))
    if kind == "simple":
        return [price, equity]
    rows = [price]
    if has_volume(result.bars):
        volume = result.bars["volume"]
        rows.append(Row(0.55, lambda panel: draw_volume(panel, volume), has_header=False))
    rows += [_pane_row(*pane) for pane in list(_panes(result).items())[:_MOST_PANES]]
    return [*rows, equity, Row(1.2, lambda panel: draw_drawdown(panel, result))]


def _panes(result: BacktestResult) -> dict[str, list[Line]]:
    panes: dict[str, list[Line]] = {}
    for line in result.lines:
        if line.pane != PRICE_PANE:
            panes.setdefault(line.pane, []).append(line)
    return panes


def _pane_row(name: str, lines: list[Line]) -> Row:
    return Row(1.3, lambda panel: _draw_pane(panel, name, lines))


def _draw_pane(panel: Panel, name: str, lines: list[Line]) -> None:
    levels = [level for line in lines for level in line.levels]
    values = np.concatenate([levels, *(line.values for line in lines)])
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    panel.scale(low, high, pad=0.16)
    panel.grid(levels=levels)
    for level in levels:
        panel.axes.axhline(
            level, color=look.FAINT_INK, linewidth=0.7, linestyle=(0, (4, 2)), zorder=1
        )
    keys: list[Key] = draw_lines(panel, lines)
    panel.header(name, keys if len(lines) > 1 or lines[0].label != name else [])


def _stack(span: Span, rows: list[Row], top: float, bottom: float) -> None:
    """Share the height among the rows, draw them, and date the last."""
    headers = sum(HEADER for row in rows if row.has_header)
    gaps = _PANEL_GAP * (len(rows) - 1)
    unit = (bottom - top - headers - gaps) / sum(row.share for row in rows)
    y = top
    for row in rows:
        y += HEADER if row.has_header else 0.0
        panel = add_panel(span, y, unit * row.share)
        row.draw(panel)
        y += unit * row.share + _PANEL_GAP
    panel.date_labels()
