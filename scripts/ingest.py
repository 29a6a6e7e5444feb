"""Bring price bars into the database and compute their indicators."""

import argparse
from pathlib import Path

from scripts.cli.door import Parser, progress_bar, run_main

EPILOG = """examples:
  python -m scripts.ingest -s AAPL -r 1d --duration "1 Y"        from Interactive Brokers
  python -m scripts.ingest AAPL 1d "1 Y"                         the same
  python -m scripts.ingest AAPL 1d                               what is new since the last time
  python -m scripts.ingest BARC 1d "5 Y" --exchange LSE --currency GBP
  python -m scripts.ingest -s EURUSD -r 1h --file eurusd.csv.gz --timezone Europe/Berlin
  python -m scripts.ingest --source sample"""
_ONLY_FOR = {
    "csv": ("file", "timezone", "adjustment"),
    "ibkr": ("exchange", "currency", "asset_class", "regular_hours", "name_as"),
}
LISTED = 5  # rejected rows shown one by one


def main(argv: list[str] | None = None) -> int:
    """Run the command; return 0, or 1 after one line on standard error (2 for bad usage)."""
    args = _arguments(argv)
    return run_main(lambda: _ingest(args))


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = Parser(
        prog="python -m scripts.ingest",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("positional", nargs="*", metavar="SYMBOL RESOLUTION DURATION", help="short for -s -r and "
        "--duration")  # fmt: skip
    add("-s", "--symbol", help="symbol, as in AAPL")
    add("-r", "--resolution", help="1m 5m 15m 30m 1h 4h 1d 1w")
    add("--duration", help='how far back, as in "1 Y" or "30 D"; S D W M Y')
    add("--source", help="ibkr, csv or sample (default: csv with --file, else ibkr)")
    _add_file_options(parser.add_argument_group("source csv"))
    _add_broker_options(parser.add_argument_group("source ibkr"))
    args = parser.parse_intermixed_args(argv)
    _place_positional(parser, args)
    args.source = args.source or ("csv" if args.file else "ibkr")
    for source, names in _ONLY_FOR.items():
        if args.source != source and (given := [n for n in names if getattr(args, n) is not None]):
            flag = "as" if given[0] == "name_as" else given[0].replace("_", "-")
            parser.error(f"--{flag} is for --source {source}, not for {args.source}")
    if args.source == "sample":
        args.resolution = args.resolution or "1d"
    elif not args.symbol or not args.resolution:
        parser.error("a symbol and a resolution are needed, as in: -s AAPL -r 1d")
    return args


def _add_file_options(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--file", type=Path, help="CSV file, plain or gzipped")
    add("--timezone", help="zone of times that name none, as in America/New_York (default: UTC)")
    add("--adjustment", help="what the prices are adjusted for: raw, split, full or none")


def _add_broker_options(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("-c", "--client-id", type=int, help="client id used with the gateway (IB_CLIENT_ID)")
    add("--exchange", help="where it is traded, when its symbol is ambiguous, as in LSE")
    add("--currency", help="in which currency, as in GBP")
    add("--asset-class", help="equity, crypto, forex, index or future")
    add("--regular-hours", action=argparse.BooleanOptionalAction,
        help="only the exchange's regular hours (default for shares)")  # fmt: skip
    add("--as", dest="name_as", metavar="NAME", help="the symbol under which it is stored here")


def _place_positional(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    names = ("symbol", "resolution", "duration")
    if len(args.positional) > len(names):
        parser.error(f"too many words: {' '.join(args.positional[len(names) :])}")
    for name, value in zip(names, args.positional, strict=False):
        if getattr(args, name) not in (None, value):
            parser.error(f"{name} is given twice: {value} and {getattr(args, name)}")
        setattr(args, name, value)


def _ingest(args: argparse.Namespace) -> int:
    from services.ingest import SAMPLES, IngestRequest, ingest_from
    from services.workspace import open_workspace

    symbols = [args.symbol] if args.symbol else list(SAMPLES)
    workspace = open_workspace()
    names = [name for name in IngestRequest.__dataclass_fields__ if name != "symbol"]
    asked = {name: getattr(args, name) for name in names}
    for symbol in symbols:
        with progress_bar() as report:
            result = ingest_from(workspace, args.source, IngestRequest(symbol, **asked), report)
        _print(result)
    return 0


def _print(result) -> None:
    clock = "" if result.resolution in ("1d", "1w") else " %H:%M UTC"
    print(
        f"{result.symbol} {result.resolution}: {result.received:,} rows read, "
        f"{result.stored_new:,} new, {result.changed:,} changed, {result.unchanged:,} unchanged, "
        f"{result.rejected_count:,} rejected; from {result.first:%Y-%m-%d{clock}} to "
        f"{result.last:%Y-%m-%d{clock}}."
    )
    if result.kept_out:
        print(f"  {result.kept_out:,} kept out: they were dropped by hand before.")
    if result.outside_duration:
        print(f"  {result.outside_duration:,} older than the duration were left out.")
    for note in result.notes:
        print(f"  {note}")
    for reason, count in result.reasons.items():
        print(f"  rejected {count:,}: {reason}")
    for row in result.rejected[:LISTED]:
        when = f"{row.ts:%Y-%m-%d %H:%M}" if row.ts is not None else "no time"
        print(f"    row {row.number}, {when}: {row.reason}")
    if result.rejected_count > LISTED:
        print(f"    and {result.rejected_count - LISTED:,} more.")


if __name__ == "__main__":
    raise SystemExit(main())
