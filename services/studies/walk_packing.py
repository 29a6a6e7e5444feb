"""Packs a walk-forward, whole or window by window, so that it can go on and be drawn again."""

from dataclasses import asdict, fields
from typing import Any

import numpy as np
import pandas as pd

from services.backtest.settings import SimulationSettings
from services.bars import BAR_COLUMNS
from services.optimise.objective import Objective
from services.optimise.stitch import Part, Stitched
from services.optimise.walk_forward import Step
from services.optimise.walked import Degradation, WalkForward, WalkForwardWindow
from services.studies.packing import pack_parts, unpack_parts

_TIMES = ("train_start", "train_end", "test_start", "test_end")


def pack_step(step: Step) -> bytes:
    """Return a window and its test as bytes."""
    part = step.part
    series = pd.DataFrame({"equity": part.equity, "position": part.position})
    return pack_parts(_window_record(step.window), {"series": series, "trades": part.trades})


def unpack_step(payload: bytes) -> Step:
    """Return what pack_step was given, to the last digit."""
    record, frames = unpack_parts(payload)
    series = frames["series"]
    equity, position = (series[name].to_numpy().copy() for name in ("equity", "position"))
    return Step(_window(record), Part(equity, position, frames["trades"]))


def pack_walk(walk: WalkForward) -> bytes:
    """Return a finished walk-forward as bytes: all that its page draws and says."""
    run = walk.run
    series = run.bars[list(BAR_COLUMNS)].assign(
        equity=run.equity.to_numpy(),
        position=run.position,
        benchmark_equity=run.benchmark_equity.to_numpy(),
    )
    record = {
        "windows": [_window_record(window) for window in walk.windows],
        "degradation": asdict(walk.degradation),
        "efficiency": walk.efficiency,
        "consistency": walk.consistency,
        "notes": walk.notes,
        "metrics": dict(run.metrics),
        "benchmark_metrics": dict(run.benchmark_metrics),
    }
    return pack_parts(record, {"series": series, "trades": run.trades})


def unpack_walk(payload: bytes, objective: Objective, settings: SimulationSettings) -> WalkForward:
    """Return what pack_walk was given; objective and settings are those of the study's request."""
    record, frames = unpack_parts(payload)
    series = frames["series"]
    times = pd.DatetimeIndex(series["ts"], name="ts")
    curves = {
        name: pd.Series(series[name].to_numpy(), index=times, name=name)
        for name in ("equity", "benchmark_equity")
    }
    run = Stitched(
        bars=series[list(BAR_COLUMNS)],
        **curves,
        position=series["position"].to_numpy().copy(),
        trades=frames["trades"],
        metrics=record["metrics"],
        benchmark_metrics=record["benchmark_metrics"],
    )
    return WalkForward(
        objective=objective,
        windows=tuple(_window(window) for window in record["windows"]),
        run=run,
        settings=settings,
        degradation=Degradation(**record["degradation"]),
        efficiency=record["efficiency"],
        consistency=record["consistency"],
        notes=tuple(record["notes"]),
    )


def _window_record(window: WalkForwardWindow) -> dict[str, Any]:
    record = {field.name: _plain(getattr(window, field.name)) for field in fields(window)}
    return record | {name: getattr(window, name).isoformat() for name in _TIMES}


def _window(record: dict[str, Any]) -> WalkForwardWindow:
    times = {name: pd.Timestamp(record[name]).tz_convert("UTC").as_unit("us") for name in _TIMES}
    return WalkForwardWindow(**record | times)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
