"""Jumps between bars: splits that the bars show unadjusted, and moves that are the market's."""

from collections.abc import Iterable
from datetime import date

import numpy as np

from services.quality.findings import Finding
from services.quality.series import Series
from services.wording import price_text

# Old shares for new ones, as splits are made; smaller ones are no larger than a bad night.
_RATIOS = {1.5: "3:2", 2.5: "5:2"} | {
    float(n): f"{n}:1" for n in (2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40, 50)
}
_SMALLEST_JUMP = np.log(1.42)
_LARGE_MOVE = np.log(1.6)
_UNUSUAL = 6.0
_CLOSE_TO = 0.04  # log distance from a split's ratio: the night's own move
_CLOSE_TO_AND_QUIET = 0.06  # the same where the turnover says that nothing happened
_KNOWN_WITHIN = 0.05  # log distance of a jump from the ratio of a split that is known
_BUSY = 4.0  # times the usual turnover or range: a day on which something happened
_BEFORE = 20
_STAYS = 0.5  # of the jump must still be there some bars later
_LATER = 5


def jumps(series: Series, splits: Iterable[tuple[date, float]], skip: np.ndarray) -> list[Finding]:
    """Judge each large jump from one bar's close to the next one's open.

    `splits` are the known ones: date and new shares for one old. A split happens at the open,
    stays, has a round ratio, and neither range nor turnover of the day are unusual.
    """
    if len(series) < 2:
        return []
    known = {np.datetime64(day, "D"): float(ratio) for day, ratio in splits if ratio and ratio > 0}
    before = series.close[:-1]
    # A week's bar may hold the split inside: its own close shows it.
    after = series.close[1:] if series.resolution == "1w" else series.open[1:]
    gap = np.concatenate(([0.0], np.log(before / after)))
    move = np.concatenate(([0.0], np.log(before / series.close[1:])))
    gap[skip] = move[skip] = 0.0
    found = [_known(series, bar, gap[bar], ratio) for bar, ratio in _shown(series, gap, known)]
    explained = {finding.start for finding in found}
    size = np.maximum(np.abs(gap), np.abs(move))
    for bar in np.flatnonzero((size >= _SMALLEST_JUMP) & (size >= _UNUSUAL * series.scale)):
        finding = _judge(series, int(bar), float(gap[bar]), float(move[bar]))
        if finding is not None and finding.start not in explained:
            found.append(finding)
    return found


def _shown(series: Series, gap: np.ndarray, known: dict):
    """Give the bar and the ratio of each known split that the prices still show."""
    before, after = (6, 1) if series.resolution == "1w" else (1, 4)
    for day, ratio in known.items():
        size = np.log(ratio)
        window = [day - before, day + after]
        first, last = np.searchsorted(series.ts, np.array(window, dtype=series.ts.dtype))
        bars = np.arange(max(first, 1), last)
        near = np.maximum(_KNOWN_WITHIN, 2 * series.scale[bars])
        # A ratio too small to be told from a night's move proves nothing.
        hits = bars[(np.abs(gap[bars] - size) <= near) & (abs(size) >= 3 * near)]
        if len(hits):
            yield int(hits[np.abs(gap[hits] - size).argmin()]), ratio


def _known(series: Series, bar: int, gap: float, ratio: float) -> Finding:
    text = (
        f"{series.when(bar)}: the known split of {_spoken(ratio)} is in the bars unadjusted "
        f"({price_text(series.close[bar - 1])} to {price_text(series.open[bar])}): a backtest "
        f"would take it for a {'fall' if ratio > 1 else 'rise'} of the price."
    )
    return _finding("known_split_shown", series, bar, "warning", text, ratio, gap)


def _judge(series: Series, bar: int, gap: float, move: float) -> Finding | None:
    dev, ratio = _nearest_ratio(gap)
    later = series.close[min(bar + _LATER, len(series) - 1)]
    remains = np.log(series.close[bar - 1] / later)
    stays = remains * np.sign(gap) >= _STAYS * abs(gap)
    turnover = _times_usual(series, bar, series.close * series.volume)
    width = _times_usual(series, bar, np.log(series.high / series.low))
    quiet = not (turnover > _BUSY or width > _BUSY)
    near = _CLOSE_TO if np.isnan(turnover) else _CLOSE_TO_AND_QUIET
    plain = not np.isnan(turnover) or max(ratio, 1 / ratio) >= 2
    if dev <= near and stays and quiet and plain:
        text = (
            f"{series.when(bar)}: the price goes from {price_text(series.close[bar - 1])} to "
            f"{price_text(series.open[bar])} at the open and stays, as after a split of "
            f"{_spoken(ratio)} that the bars are not adjusted for."
        )
        return _finding("suspected_split", series, bar, "warning", text, ratio, gap)
    if abs(move) < _LARGE_MOVE:
        return None
    change = float(np.expm1(-move))
    text = (
        f"{series.when(bar)}: the price moves {change:+.1%} from one close to the next and no "
        "split explains it; large, but it may well be real."
    ).replace("%", " %")
    return _finding("large_move", series, bar, "info", text, None, gap)


def _nearest_ratio(gap: float) -> tuple[float, float]:
    """Return the log distance from the nearest split's ratio, and that ratio."""
    ratios = np.array(list(_RATIOS))
    distance = np.abs(abs(gap) - np.log(ratios))
    best = int(distance.argmin())
    return float(distance[best]), float(ratios[best] if gap > 0 else 1 / ratios[best])


def _times_usual(series: Series, bar: int, values: np.ndarray) -> float:
    """Return a bar's value as a multiple of the usual one before; NaN where it is not known.

    Intraday the bars of one day's length after the jump are held against those before.
    """
    width = 1
    if not series.by_session:
        width = max(int(np.timedelta64(1, "D") / series.step) // 2, 1)
    before = values[max(bar - _BEFORE * width, 0) : bar]
    now = values[bar : bar + width]
    before, now = before[np.isfinite(before)], now[np.isfinite(now)]
    if len(before) == 0 or len(now) == 0:
        return np.nan
    usual = float(np.median(before)) if width == 1 else float(before.mean())
    return float(now.mean()) / usual if usual > 0 else np.nan


def _spoken(ratio: float) -> str:
    if ratio >= 1:
        return _RATIOS.get(ratio, f"{ratio:g}:1")
    inverse = round(1 / ratio, 4)
    return ":".join(reversed(_RATIOS.get(inverse, f"{inverse:g}:1").split(":")))


def _finding(kind, series, bar, severity, text, ratio, gap) -> Finding:
    values = {
        "ratio": None if ratio is None else float(ratio),
        "close_before": float(series.close[bar - 1]),
        "open": float(series.open[bar]),
        "close": float(series.close[bar]),
    }
    moment = series.stamp(bar)
    actions = ("accept",) if kind == "large_move" else ("refetch", "accept")
    return Finding(kind, moment, moment, 1, severity, text, actions, values)
