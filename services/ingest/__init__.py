"""Brings bars in: from a file, from the samples; each source is checked at the same door."""

from services.ingest.csv_source import read_csv_bars
from services.ingest.missing import fetch_missing
from services.ingest.pipeline import IngestReport, RejectedRow, ingest
from services.ingest.sample_source import SAMPLES, ingest_sample, read_sample
from services.ingest.source import SourceBars
from services.ingest.sources import SOURCES, IngestRequest, ingest_from

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
    "ingest_sample",
    "read_csv_bars",
    "read_sample",
]
