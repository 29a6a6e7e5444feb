"""Whether a bar takes a position out: by its stop, its target or its trailing stop."""

import numpy as np

import services.backtest.account as accounts
from services.backtest import ledger
from services.backtest.cached import compiled

NEVER = -1


@compiled()
def hold(i, bars, slippage, fees, realism, account, trades, row):
    """Take a position through a bar from its open on; return 1 if a stop or its target ended it.

    Stops fill at their level, or at an open beyond it, with slippage; the target is a limit
    order: at its level, or at an open beyond it, without. The trailing stop moves when a bar, or
    a piece of it, has closed, by its high (of a short: its low).
    """
    if account[accounts.HELD] == 0.0:
        return 0
    open_, high, low = bars[0][i], bars[1][i], bars[2][i]
    side, peak = np.sign(account[accounts.HELD]), account[accounts.PEAK]
    price, reason = _exit_in(i, bars, realism.pieces, side, realism, account)
    if reason == NEVER:
        accounts.see(account, low, high)
        account[accounts.PEAK] = max(peak, high) if side > 0.0 else min(peak, low)
        return 0
    # What else the bar, or the piece of it, showed before the exit or after it, nobody knows.
    accounts.see(account, open_, open_)
    slip = 0.0 if reason == ledger.BY_TARGET else slippage
    accounts.leave(account, trades, row, i, price, slip, fees, reason)
    return 1


@compiled()
def _exit_in(i, bars, pieces, side, realism, account):
    """Return the price at which bar i takes a position out, before slippage, and why.

    Of a bar in pieces the first one that touches a level decides; within one the stop comes first.
    The trailing stop then follows the pieces that are over, and the marks reach to them.
    """
    peak = account[accounts.PEAK]
    if pieces is None:
        open_, high, low = bars[0][i], bars[1][i], bars[2][i]
        return _touched(open_, high, low, side, peak, realism.target_first, realism, account)
    for j in range(pieces.starts[i], pieces.starts[i + 1]):
        open_, high, low = pieces.open[j], pieces.high[j], pieces.low[j]
        price, reason = _touched(open_, high, low, side, peak, False, realism, account)
        if reason != NEVER:
            accounts.see(account, open_, open_)
            return price, reason
        accounts.see(account, low, high)
        peak = max(peak, high) if side > 0.0 else min(peak, low)
    return 0.0, NEVER


@compiled()
def _touched(open_, high, low, side, peak, target_first, realism, account):
    """Return the same of one stretch of prices; `peak` is the best price before it."""
    stop, target = account[accounts.STOP], account[accounts.TARGET]
    away = accounts.distance(peak, realism.trail_fraction, realism.trail_atr, account[accounts.ATR])
    trail = peak - side * away
    is_trailing = side * (trail - stop) > 0.0
    level = trail if is_trailing else stop
    price, reason = _exit_within(open_, high, low, side, level, target, target_first)
    reason = ledger.BY_TRAILING if reason == ledger.BY_STOP and is_trailing else reason
    return price, reason


@compiled()
def _exit_within(open_, high, low, side, stop, target, target_first):
    """Return the price at which a bar takes a position out, before slippage, and why."""
    if side * (open_ - stop) <= 0.0:
        return open_, ledger.BY_STOP
    if side * (open_ - target) >= 0.0:
        return open_, ledger.BY_TARGET
    bad, good = (low, high) if side > 0.0 else (high, low)
    hits_stop = side * (bad - stop) <= 0.0
    if side * (good - target) >= 0.0 and (target_first or not hits_stop):
        return target, ledger.BY_TARGET
    return (stop, ledger.BY_STOP) if hits_stop else (0.0, NEVER)
