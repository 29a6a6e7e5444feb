"""How good stored bars are: held against the exchange's calendar and against each other."""

from services.quality.findings import Finding, QualityReport, SessionMap

__all__ = ["Finding", "QualityReport", "SessionMap"]
