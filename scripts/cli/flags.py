"""The flags that several commands have, and what was asked by them."""

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from services.backtest import BacktestRequest

RISK_FLAGS = (
    ("--side", "SIDE", "long (default), short or both"),
    ("--stop-loss", "DISTANCE", "as in 5%% or 2ATR, from the price of the entry"),
    ("--take-profit", "DISTANCE", "as in 10%% or 4ATR"),
    ("--trailing-stop", "DISTANCE", "as in 8%% or 3ATR, from the best price of closed bars"),
    ("--intrabar", "ORDER", "where a bar touches both: stop_first (default), target_first, or "
                            "finer_bars[:RESOLUTION] for what stored finer bars show"),
    ("--sizing", "MODEL[:X]", "all_in (default), percent:50, cash:10000, shares:100 or "
                              "volatility:10 (percent a year)"),
    ("--max-exposure", "PART", "largest part of the equity in a position (1)"),
)  # fmt: skip


def add_series_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags that say which strategy is tested on which series."""
    add = parser.add_argument
    add("-s", "--symbol", help="symbol of a stored instrument, as in AAPL")
    add("-r", "--resolution", default="1d", help="1m 5m 15m 30m 1h 4h 1d 1w (default: 1d)")
    add("--strategy", help="name of a strategy: see python -m scripts.backtest --list-strategies")


def add_span_flags(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Add the flags that say which bars are traded."""
    span = parser.add_argument_group("span (default: all stored bars)")
    span.add_argument("--fetch-duration", default="", metavar="SPAN", help='as in "5 Y" or "6 M"')
    span.add_argument("--start", default="", metavar="DATE", help="first date, as in 2010-01-31")
    span.add_argument("--end", default="", metavar="DATE", help="last date, included")
    return span


def add_simulation_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags that say how a backtest trades."""
    costs = parser.add_argument_group("simulation")
    costs.add_argument("--cash", default=100_000.0, metavar="N", help="starting cash (100000)")
    costs.add_argument("--commission", default="ibkr_fixed", metavar="MODEL[:X]",
                       help="ibkr_fixed[:USD a share], ibkr_tiered[:USD a share], "
                            "percent[:percent] or none")  # fmt: skip
    costs.add_argument("--slippage", default=1.0, metavar="BPS",
                       help="basis points against you (1)")  # fmt: skip
    costs.add_argument("--fill", default="next_open", help="next_open (default) or close")
    _add_risk_flags(parser)


def _add_risk_flags(parser: argparse.ArgumentParser) -> None:
    risk = parser.add_argument_group("risk and sizing (default: long, all in, out by signals)")
    for flag, metavar, words in RISK_FLAGS:
        risk.add_argument(flag, metavar=metavar, help=words)
    risk.add_argument("--interest", dest="cash_interest", metavar="PERCENT",
                      help="a year, on idle cash (0)")  # fmt: skip
    risk.add_argument("--borrow", dest="borrow_rate", metavar="PERCENT",
                      help="a year, for the loan of a short's shares (0)")  # fmt: skip
    risk.add_argument("--whole-shares", dest="fractional", action="store_const", const=False,
                      help="round shares down to whole ones")  # fmt: skip


def request_of(args: argparse.Namespace) -> "BacktestRequest":
    """Return what these flags ask for; raise InvalidParams."""
    from services.backtest import BacktestRequest, SimulationSettings

    return BacktestRequest(
        symbol=args.symbol,
        resolution=args.resolution,
        strategy=args.strategy,
        duration=args.fetch_duration,
        start=args.start,
        end=args.end,
        settings=SimulationSettings(
            args.cash, args.commission, args.slippage, args.fill, **_risk_of(args)
        ),
    )


def _risk_of(args: argparse.Namespace) -> dict[str, Any]:
    """Return what was said of risk and sizing; the settings know the rest."""
    from services.backtest.request import RISK_NAMES

    said = {name: getattr(args, name) for name in RISK_NAMES}
    return {name: value for name, value in said.items() if value is not None}


def pairs_of(uses: list[list[str]]) -> dict[str, str]:
    """Read "name=value" texts, a list for each use of an option: a later use takes over names.

    Raises InvalidParams for a text that is none, and for a name twice in one use.
    """
    found = {}
    for pairs in uses:
        found |= _pairs_of_one(pairs)
    return found


def _pairs_of_one(pairs: list[str]) -> dict[str, str]:
    from services.errors import InvalidParams

    found = {}
    for pair in pairs:
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not equals or not name:
            raise InvalidParams(f'"{pair}" is not a parameter: write it as name=value.')
        if name in found:
            raise InvalidParams(f'"{name}" is given twice: say once what it is.')
        found[name] = value
    return found
