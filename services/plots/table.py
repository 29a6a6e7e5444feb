"""The numbers on the page: the performance table and the five headline figures."""

from services.backtest.result import BacktestResult
from services.metrics import METRIC_SPECS, METRICS
from services.plots import look
from services.plots.page import Page
from services.wording import metric_text

_TALLEST_ROW = 0.27
_INSET = 0.06
_CARD_GAP = 0.12


def draw_table(
    page: Page, result: BacktestResult, left: float, top: float, width: float, height: float
) -> None:
    """Draw every metric of the strategy beside that of Buy & Hold."""
    row_height = min(_TALLEST_ROW, height / (len(METRICS) + 1))
    columns = (left + width * 0.66, left + width - _INSET)
    y = top + row_height / 2
    page.text(left + _INSET, y, "Performance", look.NORMAL, bold=True)
    for x, title in zip(columns, ("Strategy", "Buy & Hold"), strict=True):
        page.text(x, y, title, look.SMALL, bold=True, align="right")
    page.stroke(
        [left, left + width], [top + row_height] * 2, color=look.INK, linewidth=0.8, zorder=1
    )
    for i, spec in enumerate(METRICS, start=1):
        y = top + (i + 0.5) * row_height
        if i % 2 == 0:
            page.box(left, y - row_height / 2, width, row_height, look.ZEBRA)
        page.text(left + _INSET, y, spec.label)
        both = (result.metrics, result.benchmark_metrics)
        for x, metrics in zip(columns, both, strict=True):
            value = metrics.get(spec.name)
            colour = look.FAINT_INK if value is None else look.INK
            page.text(x, y, metric_text(spec.kind, value), align="right", colour=colour)


def draw_cards(
    page: Page, result: BacktestResult, left: float, top: float, width: float, height: float
) -> None:
    """Draw the five figures that are always shown, large, those of Buy & Hold beneath."""
    own, other = result.metrics, result.benchmark_metrics
    cards = [
        ("Strategy return", _text("total_return", own), ""),
        ("Buy & Hold return", _text("total_return", other), ""),
        ("CAGR", _text("cagr", own), _text("cagr", other)),
        ("Sharpe", _text("sharpe", own), _text("sharpe", other)),
        ("Max drawdown", _text("max_drawdown", own), _text("max_drawdown", other)),
    ]
    card_width = (width - _CARD_GAP * (len(cards) - 1)) / len(cards)
    for i, (label, value, beneath) in enumerate(cards):
        x = left + i * (card_width + _CARD_GAP)
        page.box(x, top, card_width, height, look.ZEBRA)
        page.text(x + 0.1, top + 0.14, label, look.NORMAL, colour=look.FAINT_INK)
        page.text(x + 0.1, top + 0.37, value, look.TITLE, bold=True)
        if beneath:
            page.text(x + 0.1, top + 0.59, f"Buy & Hold {beneath}")


def _text(name: str, metrics: dict) -> str:
    return metric_text(METRIC_SPECS[name].kind, metrics.get(name))
