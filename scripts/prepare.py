"""Make all ready for the dashboard: tables, sample bars, compiled code; what is there stays."""

from scripts.cli.door import Parser, progress_bar, run_main


def main(argv: list[str] | None = None) -> int:
    """Run the command; return 0, or 1 after one line on standard error (2 for bad usage)."""
    Parser(prog="python -m scripts.prepare", description=__doc__).parse_args(argv)
    return run_main(_prepare)


def _prepare() -> int:
    from services.database import migrate_database
    from services.settings import load_settings
    from services.workspace import open_workspace

    settings = load_settings()
    before, after = migrate_database(settings)
    print(f"Database: revision {after}{'' if before == after else ', made ready just now'}.")
    _load_samples(open_workspace(settings).database)
    _compile()
    return 0


def _load_samples(database) -> None:
    from services.ingest import SAMPLES, ingest_sample
    from services.market_data import catalogue

    stored = {entry.symbol: entry for entry in catalogue(database) if entry.resolution == "1d"}
    for symbol in SAMPLES:
        if symbol in stored:
            print(f"Sample {symbol}: {stored[symbol].bars:,} bars, stored already.")
            continue
        with progress_bar() as report:
            result = ingest_sample(database, symbol, report=report)
        print(f"Sample {symbol}: {result.stored_new:,} bars loaded.")


def _compile() -> None:
    from services.warm_up import warm_up, warm_up_sweeps
    from strategies.registry import STRATEGIES, load_strategy

    warm_up(load_strategy(name) for name in STRATEGIES)
    print("Backtests: compiled.", flush=True)
    warm_up_sweeps(STRATEGIES.values())
    print("Sweeps: compiled.")


if __name__ == "__main__":
    raise SystemExit(main())
