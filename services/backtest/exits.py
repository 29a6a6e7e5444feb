"""Where a position leaves a bar: by its stop, its target or its trailing stop.

Stops fill at their level, or at an open beyond it, with slippage; the target is a limit order: at
its level, or at an open beyond it, without. The trailing stop moves when a bar, or a piece of it,
has closed, by its high (of a short: its low).
"""

import math
from typing import NamedTuple

import services.backtest.account as accounts
from services.backtest import ledger
from services.backtest.cached import compiled

NEVER = -1
CHUNK = 16  # bars


class Levels(NamedTuple):
    """Where a position is to be left; stop and target are infinitely far where not asked for."""

    side: float
    stop: float
    target: float
    atr: float
    trail_fraction: float
    trail_atr: float


@compiled(allocates=False)
def find(first, until, open_, high, low, rules, pieces, account):
    """Return the first bar from `first` on that takes the position out, at which price, and why.

    The price is before slippage. Where no bar before `until` does: `until` and NEVER.
    """
    side = 1.0 if account[accounts.HELD] > 0.0 else -1.0
    stop, target, peak = account[accounts.STOP], account[accounts.TARGET], account[accounts.PEAK]
    is_trailing = rules.trail_fraction > 0.0 or rules.trail_atr > 0.0
    has_level = is_trailing or not (math.isinf(stop) and math.isinf(target))
    atr = account[accounts.ATR]
    levels = Levels(side, stop, target, atr, rules.trail_fraction, rules.trail_atr)
    price, reason, i = 0.0, NEVER, first if has_level else until
    # What else the bar, or the piece of it, showed before the exit or after it, nobody knows.
    lowest, highest = math.inf, -math.inf
    while i < until and reason == NEVER:
        if not is_trailing:
            i = _untouched(i, until, open_, high, low, min(stop, target), max(stop, target))
        elif pieces is None:
            i, peak = _trailed(i, until, open_, high, low, peak, levels)
        if i < until:
            if pieces is None:
                at = open_[i], high[i], low[i]
                price, reason = _touched(*at, peak, levels, rules.target_first)
                lowest = highest = open_[i]
            else:
                price, reason, lowest, highest = _touched_within(i, pieces, peak, levels)
                lowest, highest = min(lowest, open_[i]), max(highest, open_[i])
            if reason == NEVER:
                peak = _better(peak, high[i], low[i], side)
                i += 1
    account[accounts.PEAK] = peak
    account[accounts.LOWEST], account[accounts.HIGHEST] = lowest, highest
    return i, price, reason


@compiled(allocates=False)
def _untouched(first, until, open_, high, low, lower, upper):
    """Return the first bar from `first` on that comes to one of two prices, or `until`.

    Whole chunks of bars are looked at without a branch in them.
    """
    i = first
    while i < until:
        stop, touches = min(i + CHUNK, until), 0
        for j in range(i, stop):
            touches |= _comes_to(open_[j], high[j], low[j], lower, upper)
        if touches:
            break
        i = stop
    while i < until and not _comes_to(open_[i], high[i], low[i], lower, upper):
        i += 1
    return i


@compiled(allocates=False)
def _comes_to(open_, high, low, lower, upper):
    """Tell whether a bar may touch one of two prices, without a branch."""
    return (low <= lower) | (high >= upper) | (open_ <= lower) | (open_ >= upper)


@compiled(allocates=False)
def _trailed(first, until, open_, high, low, peak, levels):
    """Return the same where a level moves, and the best price before that bar."""
    side, target, touches, i = levels.side, levels.target, False, first
    while i < until and not touches:
        level, _ = _stop_at(peak, levels)
        touches = (side * (low[i] - level) <= 0.0) | (side * (high[i] - level) <= 0.0)
        touches |= (side * (low[i] - target) >= 0.0) | (side * (high[i] - target) >= 0.0)
        touches |= (side * (open_[i] - level) <= 0.0) | (side * (open_[i] - target) >= 0.0)
        if not touches:
            peak = _better(peak, high[i], low[i], side)
            i += 1
    return i, peak


@compiled(allocates=False)
def _touched_within(i, pieces, peak, levels):
    """Return the price at which bar i takes a position out by its pieces, and why.

    The first one that touches a level decides; within one the stop comes first. The trailing stop
    then follows the pieces that are over. Also return the lowest and highest price up to it.
    """
    lowest, highest = math.inf, -math.inf
    for j in range(pieces.starts[i], pieces.starts[i + 1]):
        open_, high, low = pieces.open[j], pieces.high[j], pieces.low[j]
        price, reason = _touched(open_, high, low, peak, levels, False)
        if reason != NEVER:
            return price, reason, min(lowest, open_), max(highest, open_)
        lowest, highest = min(lowest, low), max(highest, high)
        peak = _better(peak, high, low, levels.side)
    return 0.0, NEVER, lowest, highest


@compiled(allocates=False)
def _better(peak, high, low, side):
    """Return the best price that a position has seen, after a stretch of prices."""
    return max(peak, high) if side > 0.0 else min(peak, low)


@compiled(allocates=False)
def _touched(open_, high, low, peak, levels, target_first):
    """Return the price at which a stretch of prices takes a position out, and why.

    The price is before slippage; `peak` is the best one before the stretch.
    """
    level, is_trailing = _stop_at(peak, levels)
    side, target = levels.side, levels.target
    price, reason = _exit_within(open_, high, low, side, level, target, target_first)
    reason = ledger.BY_TRAILING if reason == ledger.BY_STOP and is_trailing else reason
    return price, reason


@compiled(allocates=False)
def _stop_at(peak, levels):
    """Return the nearer one of the fixed and the trailing stop, and whether it is the latter."""
    away = accounts.distance(peak, levels.trail_fraction, levels.trail_atr, levels.atr)
    trail = peak - levels.side * away
    is_trailing = levels.side * (trail - levels.stop) > 0.0
    return trail if is_trailing else levels.stop, is_trailing


@compiled(allocates=False)
def _exit_within(open_, high, low, side, stop, target, target_first):
    """Return the same of two levels that stand."""
    if side * (open_ - stop) <= 0.0:
        return open_, ledger.BY_STOP
    if side * (open_ - target) >= 0.0:
        return open_, ledger.BY_TARGET
    bad, good = (low, high) if side > 0.0 else (high, low)
    hits_stop = side * (bad - stop) <= 0.0
    if side * (good - target) >= 0.0 and (target_first or not hits_stop):
        return target, ledger.BY_TARGET
    return (stop, ledger.BY_STOP) if hits_stop else (0.0, NEVER)
