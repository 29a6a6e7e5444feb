"""Trades long positions of all the cash that are left by signal only: the usual backtest."""

from services.backtest import ledger, orders
from services.backtest.cached import compiled


@compiled()
def trade(prices, signals, at_close, money, equity, position, trades):
    """Fill every signal at its close or at the next open; return the number of trades."""
    open_, high, low, close = prices
    cash, per_share, minimum, cap, rate, slippage = money
    n = len(close)
    count = 0
    shares = 0.0
    # The marks of the trade that is on: a local number costs less than a cell of the table.
    worst = best = 0.0
    for i in range(n):
        holding = shares > 0.0
        if holding and at_close:
            worst, best = min(worst, low[i]), max(best, high[i])

        signal = 0
        if at_close:
            signal = signals[i]
        elif i > 0:
            signal = signals[i - 1]
        if signal > 0 and not holding:
            price = close[i] if at_close else open_[i]
            paid = price * (1.0 + slippage)
            wanted = orders.shares_for(cash, paid, per_share, minimum, cap, rate)
            if wanted > 0.0:
                shares = wanted
                fee = orders.commission_of(shares, paid, per_share, minimum, cap, rate)
                slipped = shares * (paid - price)
                ledger.open_trade(trades[count], i, paid, shares, fee, slipped, 1.0)
                worst = best = price
                cash = 0.0
        elif signal < 0 and holding:
            price = close[i] if at_close else open_[i]
            got = price * (1.0 - slippage)
            fee = orders.commission_of(shares, got, per_share, minimum, cap, rate)
            cash = shares * got - fee
            worst, best = min(worst, price), max(best, price)
            slipped = shares * (price - got)
            ledger.close_trade(trades[count], i, got, fee, slipped, worst, best, ledger.BY_SIGNAL)
            count += 1
            shares = 0.0

        holding = shares > 0.0
        if holding and not at_close:
            worst, best = min(worst, low[i]), max(best, high[i])
        position[i] = holding
        equity[i] = cash + shares * close[i]

    if shares > 0.0:
        ledger.mark_trade(trades[count], close[n - 1], worst, best)
        count += 1
    return count
