"""Bring the database to the tables of this version; what is stored stays."""

from scripts.cli.door import Parser, run_main


def main(argv: list[str] | None = None) -> int:
    """Run the command; return 0, or 1 after one line on standard error (2 for bad usage)."""
    Parser(prog="python -m scripts.migrate", description=__doc__).parse_args(argv)
    return run_main(_migrate)


def _migrate() -> int:
    from services.database import migrate_database
    from services.settings import load_settings

    before, after = migrate_database(load_settings())
    if before == after:
        print(f"The database is at revision {after} already: nothing to do.")
    else:
        print(f"The database went from revision {before or 'none'} to {after}.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
