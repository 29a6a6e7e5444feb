"""Reports of a saved run to keep: a page that opens without the server, a PDF, all its data."""

from services.reports.data import json_parts, report_json
from services.reports.html import report_html
from services.reports.pdf import report_pdf

__all__ = ["json_parts", "report_html", "report_json", "report_pdf"]
