"""The PDF report of a run: A4 pages drawn by matplotlib, their text selectable."""

from io import BytesIO
from typing import TYPE_CHECKING

from services.version import VERSION

if TYPE_CHECKING:
    from services.runs import SavedRun


def report_pdf(run: "SavedRun", timezone: str = "UTC") -> bytes:
    """Draw a run on A4 pages: summary, performance, trades, manifest.

    `timezone` says where a day, and so a month, ends.
    Equal runs give equal bytes; safe to call from several threads. Raises NoBars without bars.
    """
    # matplotlib is loaded only by who draws.
    from matplotlib.backends.backend_pdf import PdfPages

    from services.reports.pdf_pages import pages_of

    file = BytesIO()
    with PdfPages(file, metadata=_metadata(run)) as pdf:
        for page in pages_of(run, timezone):
            pdf.savefig(page.figure)
    return file.getvalue()


def _metadata(run: "SavedRun") -> dict:
    saved = run.created_at.to_pydatetime()
    return {
        "Title": f"Run {run.id}: {run.title}",
        "Author": None,
        "Creator": f"Trading Research {VERSION}",
        "Producer": "matplotlib",
        # The date of the run, not of the download: the same run is the same file.
        "CreationDate": saved,
        "ModDate": saved,
    }
