"""Prices that are no market's: single bars far off their neighbours, and errors of a hundred."""

import numpy as np

from services.quality.findings import Finding
from services.quality.series import Series
from services.wording import counted, price_text

_AROUND = 3  # bars on each side that a price is held against
_LEAST = 8  # bars without which nothing can be said
# (log distance, multiple of the usual move): far off is what exceeds both of one pair.
# A day's or an hour's extreme can be real, however rare; its close among neighbours hardly.
_FAR = {True: ((0.20, 6.0), (0.10, 20.0)), False: ((0.03, 10.0), (0.02, 20.0))}
_FAR_CLOSE = {True: ((0.08, 5.0),), False: ((0.03, 10.0), (0.02, 20.0))}
_GRAVE = 0.20
_HUNDRED = np.log(100.0)
_HUNDRED_SLACK = np.log(1.4)
_HOUR = np.timedelta64(60, "m")


def hundredfold(series: Series) -> tuple[list[Finding], np.ndarray]:
    """Find stretches of prices a hundred times too high or low: pence for pounds.

    Returns them and a mark of their bars and of the bar after each.
    """
    touched = np.zeros(len(series), dtype=bool)
    if len(series) < 2:
        return [], touched
    level = np.log(series.close)
    step = np.concatenate(([0.0], np.diff(level)))
    jumps = np.flatnonzero(np.abs(np.abs(step) - _HUNDRED) <= _HUNDRED_SLACK)
    found = []
    for first, last, factor in _odd_stretches(jumps, np.sign(step[jumps]), len(series)):
        touched[first : last + 2] = True
        found.append(_hundredfold_finding(series, first, last, factor))
    return found, touched


def _odd_stretches(jumps: np.ndarray, signs: np.ndarray, bars: int):
    """Pair each jump with the one back; one without a way back parts off the shorter side."""
    position = 0
    while position < len(jumps):
        here, sign = int(jumps[position]), signs[position]
        if position + 1 < len(jumps) and signs[position + 1] == -sign:
            yield here, int(jumps[position + 1]) - 1, sign
            position += 2
            continue
        if here <= bars - here:
            yield 0, here - 1, -sign
        else:
            yield here, bars - 1, sign
        position += 1


def _hundredfold_finding(series: Series, first: int, last: int, sign: float) -> Finding:
    count = last - first + 1
    beside = series.close[first - 1] if first > 0 else series.close[last + 1]
    factor = float(np.exp(abs(np.log(series.close[first] / beside))))
    side = "above" if sign > 0 else "below"
    text = (
        f"{series.span(first, last)}: {counted(count, 'bar')} about {factor:,.0f} times {side} "
        f"the bars beside (close {price_text(series.close[first])} against "
        f"{price_text(beside)}), as when pence stand for pounds."
    )
    return Finding(
        "hundredfold",
        series.stamp(first),
        series.stamp(last),
        count,
        "error",
        text,
        ("refetch", "drop", "accept"),
        {"factor": factor if sign > 0 else 1 / factor, "close": float(series.close[first])},
    )


def off_market(series: Series, skip: np.ndarray) -> list[Finding]:
    """Find bars whose high, low or close lies far beyond all their neighbours, and comes back.

    `skip` marks bars that are explained already. The first and the last bars have neighbours on
    one side only: a move there may still be the market's.
    """
    if len(series) < _LEAST:
        return []
    highest = _of_neighbours(series.high, np.fmax)
    lowest = _of_neighbours(series.low, np.fmin)
    with np.errstate(invalid="ignore"):
        up = np.log(series.high / highest)
        down = np.log(lowest / series.low)
        close = np.maximum(np.log(series.close / highest), np.log(lowest / series.close))
    coarse = series.step >= _HOUR
    extreme = np.maximum(up, down)
    extreme[skip] = close[skip] = 0.0
    closes = _far(close, series.scale, _FAR_CLOSE[coarse])
    found = []
    for bar in np.flatnonzero(closes | _far(extreme, series.scale, _FAR[coarse])):
        if 0 < bar < len(series) - 1:
            above = up[bar] >= down[bar]
            bound = highest[bar] if above else lowest[bar]
            found.append(_off_market_finding(series, int(bar), bool(closes[bar]), above, bound))
    return found


def _of_neighbours(values: np.ndarray, extreme) -> np.ndarray:
    """Take an extreme of the bars before and after each bar, the bar itself left out."""
    count = len(values)
    padded = np.pad(values, _AROUND, constant_values=np.nan)
    out = np.full(count, np.nan)
    for shift in range(2 * _AROUND + 1):
        if shift != _AROUND:
            extreme(out, padded[shift : shift + count], out=out)
    return out


def _far(size: np.ndarray, scale: np.ndarray, pairs) -> np.ndarray:
    return np.logical_or.reduce([(size >= a) & (size >= z * scale) for a, z in pairs])


def _off_market_finding(series: Series, bar: int, by_close: bool, above: bool, bound: float):
    opened_far = series.open[bar] > bound if above else series.open[bar] < bound
    kind = "close_break" if by_close and not opened_far else "spike"
    price = series.close[bar] if by_close else (series.high if above else series.low)[bar]
    away = float(price / bound - 1 if above else 1 - price / bound)
    what = "closes at" if kind == "close_break" else "trades at"
    side = "above" if above else "below"
    text = (
        f"The bar of {series.when(bar)} {what} {price_text(price)}, {away:.1%} {side}"
        f" every price of the bars beside it ({price_text(bound)}), and the next bar is back."
    ).replace("%", " %")
    return Finding(
        kind,
        series.stamp(bar),
        series.stamp(bar),
        1,
        "error" if (by_close or opened_far) and away >= _GRAVE else "warning",
        text,
        ("refetch", "drop", "accept"),
        {
            "price": float(price),
            "beside": float(bound),
            "away": away,
            "usual_moves": float(abs(np.log(price / bound)) / series.scale[bar]),
        },
    )
