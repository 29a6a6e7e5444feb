"""The strategies by name: a line here puts one on the form and on the command line."""

from typing import Any

from services.errors import UnknownStrategy, did_you_mean
from strategies.ath_breakout import AthBreakout
from strategies.base import Strategy
from strategies.bollinger import Bollinger
from strategies.db_ma_cross import DbMaCross
from strategies.ma_cross import MaCross
from strategies.macd import Macd
from strategies.rsi import Rsi
from strategies.supertrend import Supertrend

STRATEGIES: dict[str, type[Strategy]] = {
    "ma_cross": MaCross,
    "db_ma_cross": DbMaCross,
    "rsi": Rsi,
    "bollinger": Bollinger,
    "macd": Macd,
    "supertrend": Supertrend,
    "ath_breakout": AthBreakout,
}


def strategy_class(name: str) -> type[Strategy]:
    """Return the class registered under a name; raise UnknownStrategy with the closest name."""
    if name in STRATEGIES:
        return STRATEGIES[name]
    raise UnknownStrategy(
        f'Unknown strategy "{name}": use one of {", ".join(STRATEGIES)}.'
        f"{did_you_mean(name, STRATEGIES)}",
        field="strategy",
    )


def load_strategy(name: str, **params: Any) -> Strategy:
    """Build a strategy by name; raise UnknownStrategy or InvalidParams."""
    kind = strategy_class(name)
    # Named before it is built, so that a refused parameter is told under the registered name.
    strategy = kind.__new__(kind)
    strategy.name = name
    strategy.__init__(**params)
    return strategy
