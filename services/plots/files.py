"""The doors of the plots: a report as bytes, its file name, and the file itself."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from services.errors import InvalidParams, StorageError, did_you_mean
from services.timespan import check_resolution, utc_now

if TYPE_CHECKING:
    from services.backtest.result import BacktestResult

KINDS = ("full", "simple")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME = 60
_MOST_TWINS = 1000


def report_png(
    result: "BacktestResult",
    symbol: str,
    resolution: str,
    kind: str = "full",
    *,
    subtitle: str = "",
    cautions: Sequence[str] = (),
) -> bytes:
    """Draw a backtest on one A4 landscape page and return it as a PNG.

    `cautions` are shown above the numbers. Safe to call from several threads; equal input gives
    equal bytes. Raises InvalidParams for an unknown kind or resolution, NoBars without bars.
    """
    check_resolution(resolution)
    _check_kind(kind)
    from services.plots.report import draw_report

    page = draw_report(result, symbol, resolution, kind, subtitle=subtitle, cautions=cautions)
    return page.to_png()


def plot_path(plots_dir: Path, symbol: str, resolution: str, kind: str, now: pd.Timestamp) -> Path:
    """Name the file of a report: SYMBOL_RES_TIMESTAMP_KIND.png, `now` in UTC to the second.

    Characters of the symbol that do not belong in a file name become hyphens.
    """
    check_resolution(resolution)
    _check_kind(kind)
    safe = _UNSAFE.sub("-", symbol)[:_LONGEST_NAME].strip(".-_") or "symbol"
    return Path(plots_dir) / f"{safe}_{resolution}_{now:%Y%m%dT%H%M%S}_{kind}.png"


def save_report(
    result: "BacktestResult",
    symbol: str,
    resolution: str,
    kind: str,
    plots_dir: Path,
    *,
    subtitle: str = "",
    cautions: Sequence[str] = (),
) -> Path:
    """Draw a report, write it into `plots_dir` (made when it is missing) and return its path.

    A file that exists is never overwritten: the timestamp of the new one gets a counter. Raises
    what `report_png` raises, and StorageError when the folder cannot be written.
    """
    path = plot_path(plots_dir, symbol, resolution, kind, utc_now())
    png = report_png(result, symbol, resolution, kind, subtitle=subtitle, cautions=cautions)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _write_new(path, kind, png)
    except OSError as error:
        reason = error.strerror or error
        raise StorageError(
            f"The plot cannot be written to the folder {path.parent} ({reason}): make the folder "
            f"writable and free some space, or set DATA_DIR to another one."
        ) from error


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise InvalidParams(
            f'Unknown plot "{kind}": use {" or ".join(KINDS)}.{did_you_mean(kind, KINDS)}',
            field="plot",
        )


def _write_new(path: Path, kind: str, png: bytes) -> Path:
    stem = path.name.removesuffix(f"_{kind}.png")
    names = [path.name] + [f"{stem}-{i}_{kind}.png" for i in range(2, _MOST_TWINS)]
    for name in names:
        target = path.with_name(name)
        try:
            file = target.open("xb")
        except FileExistsError:
            continue
        try:
            with file:
                file.write(png)
        except OSError:
            target.unlink(missing_ok=True)  # half a picture is worse than none
            raise
        return target
    raise FileExistsError(f"{len(names)} plots of this second are there already")
