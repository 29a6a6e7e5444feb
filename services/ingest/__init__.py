"""Brings bars in: from the broker, a file or the samples, all checked at the same door."""

from services.ingest.csv_source import read_csv_bars
from services.ingest.ibkr_source import ingest_ibkr, refetch, update_series
from services.ingest.missing import fetch_missing
from services.ingest.pipeline import IngestReport, RejectedRow, ingest
from services.ingest.request import IngestRequest
from services.ingest.sample_source import SAMPLES, ingest_sample, read_sample
from services.ingest.source import SourceBars
from services.ingest.sources import SOURCES, ingest_from

__all__ = [
    "SAMPLES",
    "SOURCES",
    "IngestReport",
    "IngestRequest",
    "RejectedRow",
    "SourceBars",
    "fetch_missing",
    "ingest",
    "ingest_from",
    "ingest_ibkr",
    "ingest_sample",
    "read_csv_bars",
    "read_sample",
    "refetch",
    "update_series",
]
