"""A gateway written by hand for tests: real bars on a shelf, a clock, and mishaps in a row."""

from dataclasses import dataclass, field

import pandas as pd

from services.bars import BAR_COLUMNS
from services.errors import EmptyAnswer, UnknownContract
from services.ibkr.contracts import Contract
from services.timespan import Duration

TESLA = Contract(
    con_id=76792991,
    symbol="TSLA",
    sec_type="STK",
    exchange="SMART",
    currency="USD",
    primary_exchange="NASDAQ",
    name="TESLA INC",
    industry="Consumer, Cyclical",
    category="Auto Manufacturers",
    timezone="America/New_York",
    trading_hours="20240102:0400-20240102:2000",
    min_tick=0.01,
)


@dataclass
class FakeGateway:
    """Answers as the adapter does; `mishaps` are raised by the next requests for history.

    None in `mishaps` stands for a request that is answered.
    """

    bars: pd.DataFrame
    now: pd.Timestamp
    contract_list: list[Contract] = field(default_factory=lambda: [TESLA])
    mishaps: list = field(default_factory=list)
    requests: list[tuple] = field(default_factory=list)
    edit: object = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def __call__(self, _settings, client_id=None):
        return self

    def connect(self):
        pass

    def server_time(self):
        return self.now

    def contracts(self, symbol, *, exchange=None, currency=None, sec_type="STK", con_id=None):
        found = [
            contract
            for contract in self.contract_list
            if (con_id == contract.con_id)
            or (
                con_id is None
                and (contract.symbol, contract.sec_type) == (symbol, sec_type)
                and currency in (None, contract.currency)
                and exchange in (None, contract.exchange, contract.primary_exchange)
            )
        ]
        if not found:
            raise UnknownContract(f"no {symbol}")
        return found

    def history(self, contract, resolution, end, duration, *, regular_hours=True, what="TRADES"):
        self.requests.append((resolution, end, duration, regular_hours, what))
        if self.mishaps and (mishap := self.mishaps.pop(0)):
            raise mishap
        until = end or self.now
        since = Duration.parse(duration).before(until)
        ts = self.bars["ts"]
        frame = self.bars.loc[(ts >= since) & (ts < until), BAR_COLUMNS].reset_index(drop=True)
        if frame.empty:
            raise EmptyAnswer("nothing")
        return self.edit(frame) if self.edit else frame
