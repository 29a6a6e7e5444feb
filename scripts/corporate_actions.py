"""Bring splits and dividends of one or more symbols in from a file."""

import argparse
from pathlib import Path

from scripts.cli.door import Parser, run_main

EPILOG = """examples:
  python -m scripts.corporate_actions actions.csv
  python -m scripts.corporate_actions aapl_actions.csv -s AAPL

the file has the columns date, symbol, event (split or dividend) and value:
  2020-08-31,AAPL,split,4
  2020-11-06,AAPL,dividend,0.205"""
LISTED = 5  # refused rows shown one by one


def main(argv: list[str] | None = None) -> int:
    """Run the command; return 0, or 1 after one line on standard error (2 for bad usage)."""
    parser = Parser(
        prog="python -m scripts.corporate_actions",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, help="CSV file, plain or gzipped")
    parser.add_argument("-s", "--symbol", help="whose actions they are, if the file names none")
    args = parser.parse_args(argv)
    return run_main(lambda: _import(args))


def _import(args: argparse.Namespace) -> int:
    from services.corporate_actions import import_actions
    from services.workspace import open_workspace

    report = import_actions(open_workspace().database, args.file, args.symbol)
    print(
        f"{', '.join(report.symbols)}: {report.new:,} new, {report.changed:,} changed, "
        f"{report.unchanged:,} unchanged, {len(report.refused):,} refused."
    )
    for row in report.refused[:LISTED]:
        print(f"  row {row.row}: {row.reason}")
    if len(report.refused) > LISTED:
        print(f"  and {len(report.refused) - LISTED:,} more.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
