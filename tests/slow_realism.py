"""Sides, stops, sizes and rates in plain Python, sharing no code with the engine: an oracle.

Beside tests/slow_simulator.py, whose fees and search for shares it uses.
"""

import statistics

from slow_simulator import FEES, affordable_shares

ATR_BARS, VOLATILITY_BARS = 14, 20


def slow_realism(bars, signals, said, bars_a_year=365, finer=None):
    """Return equity and position at every close, and the trades, under settings by name.

    `finer` has for each bar the rows that it is made of, None where they are not to be used.
    """
    return _Walk(bars, signals, said, bars_a_year, finer or {}).run()


class _Walk:
    def __init__(self, bars, signals, said, bars_a_year, finer):
        self.rows = bars.to_dict("records")
        self.signals, self.said, self.bars_a_year = signals, said, bars_a_year
        self.finer = finer
        self.fee = FEES[said["commission"]]
        self.slip = said["slippage_bps"] / 10_000
        self.cash, self.trade, self.trades = said["cash"], None, []
        self.atr = _average_true_range(self.rows)

    def run(self):
        equity, position = [], []
        for i, row in enumerate(self.rows):
            self.pay_for_the_nights(i)
            if self.said["fill"] == "next_open":
                self.obey(i, self.signals[i - 1] if i else 0, row["open"])
                self.live_through(i, row)
            else:
                self.live_through(i, row)
                self.obey(i, self.signals[i], row["close"])
            if self.trade and self.worth(row["close"]) <= 0:
                self.get_out(i, row["close"], self.slip, "ruin")
            equity.append(self.worth(row["close"]))
            position.append(0 if not self.trade else self.trade["side"])
        if self.trade:
            last = self.rows[-1]["close"]
            self.trade["gain"] = self.gross(last) - self.trade["commission"]
            self.trades.append(self.trade)
        return equity, position, self.trades

    def worth(self, price):
        held = self.trade["side"] * self.trade["shares"] if self.trade else 0.0
        return self.cash + held * price

    def gross(self, price):
        trade = self.trade
        return trade["side"] * trade["shares"] * (price - trade["entry_price"])

    def pay_for_the_nights(self, i):
        if i == 0:
            return
        nights = (self.rows[i]["ts"] - self.rows[i - 1]["ts"]).total_seconds() / 86_400
        is_short = self.trade and self.trade["side"] < 0
        from_sale = self.trade["shares"] * self.trade["entry_price"] if is_short else 0.0
        loan = 0.0
        if is_short:
            value = self.trade["shares"] * self.rows[i - 1]["close"]
            loan = value * self.said["borrow_rate"] / 100 * nights / 365
            self.trade["commission"] += loan
        own = max(0.0, self.cash - from_sale)
        self.cash += own * self.said["cash_interest"] / 100 * nights / 365 - loan

    def obey(self, i, signal, price):
        if self.trade and signal == -self.trade["side"]:
            self.get_out(i, price, self.slip, "signal")
        allowed = {"long": [1], "short": [-1], "both": [1, -1]}[self.said["side"]]
        if signal in allowed and self.trade is None and self.cash > 0:
            self.get_in(i, signal, price)

    def get_in(self, i, side, price):
        paid = price + side * price * self.slip
        shares = self.size(i, paid)
        needs_atr = "ATR" in "".join(self.said[n] for n in STOPS)
        known = self.atr[i - 1] if i else None
        if shares <= 0 or (needs_atr and known is None):
            return
        away = {name: _away(self.said[name], paid, known) for name in STOPS}
        self.trade = {
            "side": side, "entry_bar": i, "entry_price": paid, "shares": shares, "exit_bar": -1,
            "exit_price": None, "exit_reason": "open", "commission": self.fee(shares, paid),
            "slippage": shares * side * (paid - price), "marks": [price], "atr": known,
            "stop": None if away["stop_loss"] is None else paid - side * away["stop_loss"],
            "target": None if away["take_profit"] is None else paid + side * away["take_profit"],
            "seen": [paid],
        }  # fmt: skip
        self.cash -= side * shares * paid + self.fee(shares, paid)

    def size(self, i, price):
        model, _, number = self.said["sizing"].partition(":")
        most = self.cash * self.said["max_exposure"]
        budget, at_most = most, None
        if model == "percent":
            budget = self.cash * float(number) / 100
        elif model == "cash":
            budget = float(number)
        elif model == "shares":
            at_most = float(number)
        elif model == "volatility":
            closes = [row["close"] for row in self.rows[max(0, i - VOLATILITY_BARS - 1) : i]]
            if len(closes) <= VOLATILITY_BARS:
                return 0.0
            moves = [b / a - 1 for a, b in zip(closes, closes[1:], strict=False)]
            yearly = statistics.stdev(moves) * self.bars_a_year**0.5
            budget = self.cash * float(number) / 100 / yearly if yearly else most
        budget = min(budget, most)
        shares = affordable_shares(budget, price, self.fee)
        shares = shares if at_most is None else min(shares, at_most)
        return shares if self.said["fractional"] else _whole(shares, budget, price, self.fee)

    def live_through(self, i, row):
        if self.trade is None:
            return
        for part in self.finer.get(i) or [row]:
            if self.ends_in(part, i):
                return

    def ends_in(self, row, i):
        trade, side = self.trade, self.trade["side"]
        best_seen = max(trade["seen"]) if side > 0 else min(trade["seen"])
        away = _away(self.said["trailing_stop"], best_seen, trade["atr"])
        levels = [] if trade["stop"] is None else [(trade["stop"], "stop")]
        levels += [] if away is None else [(best_seen - side * away, "trailing")]
        # The level that is met first; of two at the same price the fixed one.
        stop, name = max(levels, key=lambda at: side * at[0], default=(None, ""))
        price, reason = self.first_met(row, side, stop, name, trade["target"])
        if reason is None:
            trade["seen"].append(row["high"] if side > 0 else row["low"])
            trade["marks"] += [row["low"], row["high"]]
            return False
        trade["marks"].append(row["open"])
        self.get_out(i, price, 0.0 if reason == "target" else self.slip, reason)
        return True

    def first_met(self, row, side, stop, name, target):
        def is_beyond(price, level, way):
            return level is not None and (price >= level if way > 0 else price <= level)

        if is_beyond(row["open"], stop, -side):
            return row["open"], name
        if is_beyond(row["open"], target, side):
            return row["open"], "target"
        met = []
        if is_beyond(row["low"] if side > 0 else row["high"], stop, -side):
            met.append((stop, name))
        if is_beyond(row["high"] if side > 0 else row["low"], target, side):
            met.append((target, "target"))
        if not met:
            return None, None
        return met[-1] if self.said["intrabar"] == "target_first" else met[0]

    def get_out(self, i, price, slip, reason):
        trade = self.trade
        got = price - trade["side"] * price * slip
        paid_fee = self.fee(trade["shares"], got)
        trade["exit_bar"], trade["exit_price"], trade["exit_reason"] = i, got, reason
        trade["commission"] += paid_fee
        trade["slippage"] += trade["shares"] * trade["side"] * (price - got)
        trade["marks"].append(price)
        trade["gain"] = self.gross(got) - trade["commission"]
        self.cash += trade["side"] * trade["shares"] * got - paid_fee
        self.trades.append(trade)
        self.trade = None


STOPS = ("stop_loss", "take_profit", "trailing_stop")


def _away(text, price, atr):
    if not text:
        return None
    return float(text[:-3]) * atr if text.endswith("ATR") else float(text[:-1]) / 100 * price


def _whole(shares, budget, price, fee):
    count = int(shares) + 2
    while count > 0 and (
        count > shares + 0.5 or count * price + fee(count, price) > budget * (1 + 1e-12)
    ):
        count -= 1
    return float(count)


def _average_true_range(rows):
    """Return Wilder's average of the true ranges, None where it is not known yet."""
    ranges = [
        max(row["high"], before["close"]) - min(row["low"], before["close"])
        for before, row in zip(rows, rows[1:], strict=False)
    ]
    known = [None] * min(ATR_BARS, len(rows))
    for i in range(ATR_BARS, len(rows)):
        if i == ATR_BARS:
            known.append(sum(ranges[:ATR_BARS]) / ATR_BARS)
        else:
            known.append((known[-1] * (ATR_BARS - 1) + ranges[i - 1]) / ATR_BARS)
    return known
