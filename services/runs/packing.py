"""Packs the series of a result into bytes, and unpacks them again without running any code."""

import io
import json
import zlib
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from services.backtest.pieces import Pieces
from services.backtest.result import BacktestResult
from services.bars import BAR_COLUMNS
from services.indicators.lines import Line

_KNOWN = "known_"
_PIECES, _MOST_PIECES = "pieces_", 200_000  # a megabyte or two
_FAST = 1  # zlib's quickest level: three quarters of the gain for a tenth of the time


def as_kept(result: BacktestResult) -> BacktestResult:
    """Return a result as it is after it was packed: without finer bars that are too many."""
    too_many = result.pieces is not None and len(result.pieces.open) > _MOST_PIECES
    return replace(result, pieces=None) if too_many else result


def pack_series(result: BacktestResult) -> bytes:
    """Return the bars, signals, position, equity curves and lines of a result as bytes."""
    arrays = {name: result.bars[name].to_numpy() for name in BAR_COLUMNS[1:]}
    arrays["ts"] = result.bars["ts"].dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    arrays |= {
        "signals": result.signals,
        "position": result.position,
        "equity": result.equity.to_numpy(),
        "benchmark_equity": result.benchmark_equity.to_numpy(),
    }
    arrays |= {f"line_{n}": line.values for n, line in enumerate(result.lines)}
    arrays |= {f"{_KNOWN}{name}": values for name, values in result.known.items()}
    arrays |= _pieces_of(result)
    about = [{"label": x.label, "pane": x.pane, "levels": list(x.levels)} for x in result.lines]
    arrays["lines"] = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return zlib.compress(buffer.getvalue(), _FAST)


def unpack_series(payload: bytes) -> dict:
    """Return what pack_series was given, as the keyword arguments of a BacktestResult."""
    with np.load(io.BytesIO(zlib.decompress(payload)), allow_pickle=False) as arrays:
        ts = pd.Series(arrays["ts"]).dt.tz_localize("UTC")
        bars = pd.DataFrame({"ts": ts, **{name: arrays[name] for name in BAR_COLUMNS[1:]}})
        about = json.loads(arrays["lines"].tobytes())
        lines = tuple(
            Line(line["label"], arrays[f"line_{n}"], line["pane"], tuple(line["levels"]))
            for n, line in enumerate(about)
        )
        times = pd.DatetimeIndex(ts, name="ts")
        return {
            "bars": bars,
            "signals": arrays["signals"],
            "position": arrays["position"],
            "equity": pd.Series(arrays["equity"], index=times, name="equity"),
            "benchmark_equity": pd.Series(
                arrays["benchmark_equity"], index=times, name="benchmark_equity"
            ),
            "lines": lines,
            "known": {
                name.removeprefix(_KNOWN): arrays[name]
                for name in arrays.files
                if name.startswith(_KNOWN)
            },
            "pieces": _pieces_from(arrays),
        }


def _pieces_of(result: BacktestResult) -> dict[str, np.ndarray]:
    pieces = as_kept(result).pieces
    if pieces is None:
        return {}
    return {f"{_PIECES}{name}": values for name, values in pieces._asdict().items()}


def _pieces_from(arrays: Mapping[str, np.ndarray]) -> Pieces | None:
    names = [f"{_PIECES}{name}" for name in Pieces._fields]
    return Pieces(*(arrays[name] for name in names)) if names[0] in arrays else None
