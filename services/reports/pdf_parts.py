"""What the PDF report's pages share: where they begin, and their heading."""

from services.plots import look
from services.plots.page import Page, line_height

TOP = 0.95  # inches


def head(page: Page, title: str, note: str = "") -> None:
    """Write the heading of a page that is not the first."""
    y = look.MARGIN + 0.05
    page.text(look.MARGIN, y, title, look.TITLE, bold=True)
    width = page.width - 2 * look.MARGIN
    for n, line in enumerate(page.wrap(note, width, look.NORMAL, 2), start=1):
        page.text(
            look.MARGIN, y + 0.1 + n * line_height(look.NORMAL), line, look.NORMAL,
            colour=look.FAINT_INK,
        )  # fmt: skip
