"""Returns by month and the spans below a peak, as the reports write them."""

import math
from typing import Any

from services.analysis.monthly import monthly_returns
from services.analysis.underwater import underwater_periods
from services.backtest.result import BacktestResult
from services.timespan import is_session_based
from services.wording import percent_text

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
UNDERWATER_COLUMNS = ("Peak", "Lowest", "Recovered", "Depth", "Days")
_DEEPEST_TINT = 42  # percent of the colour: text stays readable on it in both themes


def monthly_table(result: BacktestResult, timezone: str = "UTC") -> dict[str, Any]:
    """Return a row a year: its months and its total as cells (text, tone, depth of the tint)."""
    months = monthly_returns(result, timezone)
    return {
        "names": MONTHS,
        "rows": [
            {
                "year": year,
                "cells": [
                    _cell(value, months.scale, (year, month) in months.partial)
                    for month, value in months.table[year].items()
                ],
                "total": _cell(months.totals.get(year), None),
            }
            for year in months.years
        ],
    }


def underwater_rows(
    result: BacktestResult, resolution: str, most: int = 10
) -> list[dict[str, str]]:
    """Return the deepest spans below a peak in words, deepest first."""
    form = "%Y-%m-%d" if is_session_based(resolution) else "%Y-%m-%d %H:%M"
    return [
        {
            "peak": f"{span.peak:{form}}",
            "trough": f"{span.trough:{form}}",
            "recovery": f"{span.recovery:{form}}" if span.recovery else "not yet",
            "depth": percent_text(span.depth),
            "days": f"{span.days:,.0f}",
        }
        for span in underwater_periods(result, most)
    ]


def _cell(value: float | None, scale: float | None, is_partial: bool = False) -> dict[str, Any]:
    if value is None or not math.isfinite(value):
        return {"text": "", "tone": "", "depth": 0}
    text = percent_text(value) if scale is None else _tenths(value * 100)
    return {
        "text": text + ("*" if is_partial else ""),
        "tone": "up" if value > 0 else "down" if value < 0 else "",
        "depth": round(_DEEPEST_TINT * min(abs(value) / scale, 1)) if scale else 0,
    }


def _tenths(percent: float) -> str:
    text = f"{percent:.1f}"
    return "0.0" if text == "-0.0" else text.replace("-", "\N{MINUS SIGN}")
