"""What stands on the pages of the PDF report."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from services.plots import look
from services.plots.page import Page, line_height, printable
from services.plots.report import draw_report
from services.reports.manifest import manifest_rows
from services.reports.pdf_parts import TOP, head
from services.reports.pdf_performance import performance_pages
from services.reports.trades import trade_columns, trade_rows

if TYPE_CHECKING:
    from services.runs import SavedRun

# A page of rows takes half a second to draw, thousands of trades would take a minute.
ROWS_A_PAGE, MOST_TRADE_PAGES = 48, 3
_ROW = 0.143  # inches
_LARGEST, _LETTER = 8.6, 0.602  # points; width of a letter as a part of its size
_GAP = "   "


def pages_of(run: "SavedRun", timezone: str) -> Iterator[Page]:
    """Compose the pages one after another."""
    asked = run.request
    numbered = _Numbered(run)
    yield numbered.foot(
        draw_report(
            run.result,
            asked.symbol,
            asked.resolution,
            "full",
            subtitle=run.bars_note,
            cautions=run.cautions,
        )
    )
    for page in performance_pages(run.result, asked.resolution, timezone):
        yield numbered.foot(page)
    for page in trade_pages(run):
        yield numbered.foot(page)
    yield numbered.foot(manifest_page(run))


class _Numbered:
    """Writes the number of each page at its foot."""

    def __init__(self, run: "SavedRun"):
        self._words = f"Run {run.id} · {run.title}"
        self._count = 0

    def foot(self, page: Page) -> Page:
        self._count += 1
        y = page.height - 0.2
        right = page.width - look.MARGIN
        half = (page.width - 2 * look.MARGIN) / 2
        page.text(look.MARGIN, y, page.fit(self._words, half), colour=look.FAINT_INK)
        page.text(right, y, f"Page {self._count}", align="right", colour=look.FAINT_INK)
        return page


def trade_pages(run: "SavedRun") -> Iterator[Page]:
    """List the trades; of very many the first and the last."""
    resolution = run.request.resolution
    rows = trade_rows(run.result, resolution)
    if not rows:
        return
    columns = trade_columns(resolution)
    shown, note = _chosen(rows)
    heading = _line([c.title for c in columns], columns)
    letters = sum(c.width for c in columns) + len(_GAP) * (len(columns) - 1)
    for first in range(0, len(shown), ROWS_A_PAGE):
        page = Page()
        head(page, "Trades" if first == 0 else "Trades, continued", note)
        width = page.width - 2 * look.MARGIN
        size = min(_LARGEST, width * 72 / (_LETTER * letters))
        page.typed(look.MARGIN, TOP, heading, size, bold=True)
        page.stroke([look.MARGIN, look.MARGIN + width], [TOP + 0.06] * 2, color=look.INK, lw=0.8)
        for n, row in enumerate(shown[first : first + ROWS_A_PAGE], start=1):
            base = TOP + 0.05 + n * _ROW
            if n % 2 == 0:
                page.box(look.MARGIN, base - 0.102, width, _ROW, look.ZEBRA)
            page.typed(look.MARGIN, base, _line(row, columns), size)
        yield page


def _chosen(rows: list[list[str]]) -> tuple[list[list[str]], str]:
    most = ROWS_A_PAGE * MOST_TRADE_PAGES
    if len(rows) <= most:
        noun = "trade" if len(rows) == 1 else "trades"
        return rows, f"All {len(rows):,} {noun}. Prices include slippage; profit is net of costs."
    half = most // 2
    return (
        rows[:half] + rows[-half:],
        f"The first {half} and the last {half} of {len(rows):,} trades; all of them are in the "
        "HTML report and in the trades CSV. Prices include slippage; profit is net of costs.",
    )


def _line(texts: list[str], columns: tuple) -> str:
    cells = (
        text.rjust(column.width) if column.is_number else text.ljust(column.width)
        for text, column in zip(texts, columns, strict=True)
    )
    return _GAP.join(cells).rstrip()


def manifest_page(run: "SavedRun") -> Page:
    """Say what the run was made with, so that it can be made again."""
    page = Page()
    head(page, "Manifest", "What this run was made with. Equal digests mean equal bars and code.")
    width = page.width - 2 * look.MARGIN - 1.9
    y = TOP
    for label, words in manifest_rows(run):
        page.text(look.MARGIN, y, label, look.NORMAL, bold=True)
        for line in page.wrap(printable(words), width, look.NORMAL, 8):
            page.text(look.MARGIN + 1.9, y, line, look.NORMAL)
            y += line_height(look.NORMAL) + 0.02
        y += 0.07
    return page
