"""How good stored bars are: held against the exchange's calendar and against each other."""

from services.quality.coverage import store_coverage
from services.quality.examine import coverage_of, examine
from services.quality.findings import Finding, QualityReport, SessionMap
from services.quality.stored import (
    accept_finding,
    quality_report,
    unaccept_finding,
)

__all__ = [
    "Finding",
    "QualityReport",
    "SessionMap",
    "accept_finding",
    "coverage_of",
    "examine",
    "quality_report",
    "store_coverage",
    "unaccept_finding",
]
