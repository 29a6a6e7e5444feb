"""A simulator in plain Python that shares no code with the engine: the oracle of its tests.

It walks the bars with dictionaries and finds the number of shares by bisection, where the engine
has a formula.
"""

FEES = {
    "ibkr_fixed": lambda shares, price: min(max(0.005 * shares, 1.0), 0.01 * shares * price),
    "ibkr_fixed:0.05": lambda shares, price: min(max(0.05 * shares, 1.0), 0.01 * shares * price),
    "ibkr_tiered": lambda shares, price: min(max(0.0035 * shares, 0.35), 0.01 * shares * price),
    "percent": lambda shares, price: shares * price * 0.001,
    "percent:0.25": lambda shares, price: shares * price * 0.0025,
    "none": lambda shares, price: 0.0,
}


def affordable_shares(cash, price, fee):
    """Halve the span between no shares and as many as the cash alone would buy."""
    enough, too_many = 0.0, cash / price
    if too_many * price + fee(too_many, price) <= cash:
        return too_many
    for _ in range(200):
        middle = (enough + too_many) / 2
        if middle * price + fee(middle, price) <= cash:
            enough = middle
        else:
            too_many = middle
    return enough


def slow_simulation(bars, signals, *, cash, commission, slippage_bps, fill):
    """Return equity and position at every close, and the trades as dictionaries."""
    fee = FEES[commission]
    slip = slippage_bps / 10_000
    rows = bars[["open", "high", "low", "close"]].to_dict("records")
    held, equity, position, trades = None, [], [], []
    for i, row in enumerate(rows):
        if fill == "next_open":
            order = signals[i - 1] if i else 0
            price = row["open"]
        else:
            order = signals[i]
            price = row["close"]
        carried = held
        if order == 1 and held is None:
            held = buy(i, price, slip, cash, fee)
            cash = 0.0
        elif order == -1 and held is not None:
            cash = sell(held, i, price, slip, fee)
            trades.append(held)
            held = None
        if carried is not None and (held is None) and fill == "next_open":
            carried["marks"] += [price]
        elif carried is not None or (held is not None and fill == "next_open"):
            (carried or held)["marks"] += [row["low"], row["high"]]
        equity.append(cash if held is None else held["shares"] * row["close"])
        position.append(0 if held is None else 1)
    if held is not None:
        held["gain"] = held["shares"] * rows[-1]["close"] - held["spent"]
        trades.append(held)
    return equity, position, trades


def buy(i, price, slip, cash, fee):
    """Spend all the cash at a price a little worse than the market's."""
    paid = price + price * slip
    shares = affordable_shares(cash, paid, fee)
    return {
        "entry_bar": i,
        "exit_bar": -1,
        "entry_price": paid,
        "exit_price": None,
        "shares": shares,
        "spent": cash,
        "commission": fee(shares, paid),
        "slippage": shares * (paid - price),
        "marks": [price],
    }


def sell(trade, i, price, slip, fee):
    """Sell everything; return the cash received and complete the trade."""
    got = price - price * slip
    paid_fee = fee(trade["shares"], got)
    received = trade["shares"] * got - paid_fee
    trade["exit_bar"] = i
    trade["exit_price"] = got
    trade["commission"] += paid_fee
    trade["slippage"] += trade["shares"] * (price - got)
    trade["gain"] = received - trade["spent"]
    return received


def slow_buy_and_hold(bars, *, cash, commission, slippage_bps):
    """Return equity at every close after buying at the first open, and what that cost."""
    fee = FEES[commission]
    price = bars["open"].iloc[0]
    held = buy(0, price, slippage_bps / 10_000, cash, fee)
    equity = [held["shares"] * close for close in bars["close"]]
    return equity, held["commission"] + held["slippage"]
