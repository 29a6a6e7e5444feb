"""A saved run as plain data: what the JSON download holds and the other reports quote."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from services.backtest.trades import iso_time, trade_records
from services.metrics import METRICS_VERSION, drawdown_of

if TYPE_CHECKING:
    from services.runs import SavedRun

FORMAT_VERSION = 1
_PRICES = ("open", "high", "low", "close", "volume")


def report_json(run: "SavedRun") -> str:
    """Write everything that is kept of a run as one JSON object (fields: docs/run-json.md).

    Fractions, never percent; times in ISO 8601, UTC; null where a value is undefined.
    """
    return "".join(json_parts(run))


def json_parts(run: "SavedRun") -> Iterator[str]:
    """Write the same piece by piece: a column at a time, as a million bars are 200 MB of text."""
    yield _json(_head(run))[:-1]
    yield ',"trades":'
    yield _json(
        [{"number": n} | t for n, t in enumerate(trade_records(run.result.trades), start=1)]
    )
    yield ',"series":{'
    for place, (name, values) in enumerate(_series(run)):
        yield f"{',' if place else ''}{_json(name)}:{_json(values)}"
    yield '},"lines":['
    for place, line in enumerate(run.result.lines):
        values = numbers(line.values)
        about = {"label": line.label, "pane": line.pane, "levels": list(line.levels)}
        yield f"{',' if place else ''}{_json(about | {'values': values})}"
    yield "]}"


def _head(run: "SavedRun") -> dict[str, Any]:
    """Return what is not one value a bar or one object a trade."""
    result, asked = run.result, run.request
    return {
        "format_version": FORMAT_VERSION,
        "run": _about(run),
        "request": {
            name: getattr(asked, name)
            for name in ("symbol", "resolution", "strategy", "duration", "start", "end")
        },
        "params": dict(asked.params),
        "rule": result.strategy.rule,
        "costs": asked.settings.as_dict(),
        "warnings": list(run.warnings),
        "start": iso_time(result.start),
        "end": iso_time(result.end),
        "metrics": _defined(result.metrics),
        "benchmark_metrics": _defined(result.benchmark_metrics),
        "manifest": manifest_of(run),
    }


def manifest_of(run: "SavedRun") -> dict[str, Any]:
    """Return what a run was made with: versions, and digests of its bars and its code."""
    manifest = run.manifest
    if manifest is None:
        return {"metrics_version": METRICS_VERSION}
    return {
        "fingerprint": manifest.fingerprint,
        "bars_hash": manifest.bars_hash,
        **({"finer_hash": manifest.finer_hash} if manifest.finer_hash else {}),
        "code_hash": manifest.code_hash,
        "metrics_version": manifest.metrics_version,
        "versions": dict(manifest.versions),
    }


def numbers(values: np.ndarray) -> list[float | None]:
    """Return values as plain numbers, None where they are not finite."""
    array = np.asarray(values)
    plain = array.tolist()
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return plain
    return [value if math.isfinite(value) else None for value in plain]


def times(stamps: pd.Series) -> list[str]:
    """Write a column of times as ISO 8601 in UTC, to the second."""
    plain = stamps.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    return [f"{text}Z" for text in np.datetime_as_string(plain, unit="s").tolist()]


def _about(run: "SavedRun") -> dict[str, Any]:
    return {
        "id": run.id,
        "created_at": iso_time(run.created_at),
        "name": run.name,
        "notes": run.notes,
        "tags": list(run.tags),
        "bars_note": run.bars_note,
    }


def _series(run: "SavedRun") -> Iterator[tuple[str, list]]:
    result, cash = run.result, run.result.settings.cash
    equity, benchmark = result.equity.to_numpy(), result.benchmark_equity.to_numpy()
    yield "time", times(result.bars["ts"])
    for name in _PRICES:
        yield name, numbers(result.bars[name].to_numpy())
    yield "signal", numbers(result.signals)
    yield "position", numbers(result.position)
    yield "equity", numbers(equity)
    yield "benchmark_equity", numbers(benchmark)
    yield "drawdown", numbers(drawdown_of(equity, cash))
    yield "benchmark_drawdown", numbers(drawdown_of(benchmark, cash))


def _json(value: Any) -> str:
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def _defined(metrics: Mapping[str, float | None]) -> dict[str, float | None]:
    return {
        name: value if value is not None and math.isfinite(value) else None
        for name, value in metrics.items()
    }
