"""Add an instrument to the database, or complete what is known of it."""

import argparse

from scripts.cli.door import Parser, run_main

EPILOG = """example:
  python -m scripts.add_instrument AAPL --name "Apple Inc." --asset-class equity \\
      --exchange SMART --currency USD --timezone America/New_York"""


def main(argv: list[str] | None = None) -> int:
    """Run the command; return 0, or 1 after one line on standard error (2 for bad usage)."""
    args = vars(_parser().parse_args(argv))
    return run_main(lambda: _add(**args))


def _parser() -> Parser:
    parser = Parser(
        prog="python -m scripts.add_instrument",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("symbol", help="symbol, as in AAPL")
    add("--name", help='as in "Apple Inc."')
    add("--asset-class", help="equity, index, future, forex, crypto …")
    add("--exchange", help="as in SMART or NASDAQ")
    add("--currency", help="as in USD")
    add("--timezone", help="of the exchange, as in America/New_York")
    add("--con-id", type=int, help="the broker's number of the contract")
    add("--tick-size", type=float, help="smallest step of the price, as in 0.01")
    add("--sector", help="as in Technology")
    add("--industry", help="as in Computers")
    return parser


def _add(symbol: str, **fields) -> int:
    from services.instruments import add_instrument
    from services.workspace import open_workspace

    instrument = add_instrument(open_workspace().database, symbol, **fields)
    known = ", ".join(f"{name} {value}" for name, value in vars(instrument).items() if value)
    print(f"Stored: {known}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
