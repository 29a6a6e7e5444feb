"""The door of every command: known errors become one line, unknown ones a log entry."""

import argparse
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from services.errors import UserError
from services.progress import Progress, Report, silent

if TYPE_CHECKING:
    from services.backtest import BacktestRequest

BAD_USAGE = 2
CHUNKS = "{desc}|{bar}| {n:.0f} of {total:.0f} chunks{postfix}, {remaining} left"
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
INTERRUPTED = 130  # what a shell expects of a program that Ctrl-C ended


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong with the words in one line, not after all of the usage."""

    def error(self, message: str) -> NoReturn:
        """End the program with status 2."""
        self.exit(BAD_USAGE, _one_line(f"error: {message}; see {self.prog} --help"))


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


def run_main(work: Callable[[], int | None]) -> int:
    """Run a command's work and return its exit status.

    A UserError is one line on standard error and 1; anything unforeseen is logged with its
    traceback and answered with one line and 1.
    """
    try:
        _set_up_logging()
        return work() or 0
    except UserError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        _fail("Interrupted: what was confirmed is kept.")
        return INTERRUPTED
    except BrokenPipeError:
        # Who read our output has left; keep Python from failing again when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception:  # noqa: BLE001 - the outermost door
        return _fail(_logged())


@contextmanager
def progress_bar(enabled: bool = True) -> Iterator[Report]:
    """Give a report that draws a bar on standard error, if that is a terminal and `enabled`."""
    if not enabled or not sys.stderr.isatty():
        yield silent
        return
    from tqdm import tqdm

    with tqdm(file=sys.stderr, leave=False, unit_scale=True) as bar:

        def show(progress: Progress) -> None:
            bar.total = progress.total or None
            bar.n = progress.done
            bar.set_description(progress.message, refresh=False)
            if progress.bars is not None:
                bar.bar_format = CHUNKS
                bar.set_postfix_str(f"{progress.bars:,} bars", refresh=False)
            bar.refresh()

        yield show


def _fail(sentence: str) -> int:
    sys.stderr.write(_one_line(sentence))
    return 1


def _one_line(text: str) -> str:
    """Leave out what would move a terminal's cursor: the text may quote what the user typed."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable()) + "\n"


def _set_up_logging() -> None:
    from services.logs import configure_logging
    from services.settings import load_settings

    configure_logging(load_settings())


def _logged() -> str:
    from services.logs import SHOWN, log_file

    logging.getLogger(__name__).error("Unexpected error", exc_info=True, extra=SHOWN)
    file = log_file()
    return f"Unexpected error, see {file}." if file else "Unexpected error."
