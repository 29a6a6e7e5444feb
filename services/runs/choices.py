"""What the runs in sight offer to filter by."""

from dataclasses import dataclass

from sqlalchemy import select

from db.models import BacktestRun
from db.session import Database


@dataclass(frozen=True)
class RunChoices:
    """The symbols and the strategies of the runs in sight, in alphabetical order."""

    symbols: tuple[str, ...]
    strategies: tuple[str, ...]


def run_choices(database: Database) -> RunChoices:
    """Return what the runs that are not deleted are of."""
    query = (
        select(BacktestRun.symbol, BacktestRun.strategy)
        .where(BacktestRun.deleted_at.is_(None))
        .distinct()
    )
    with database.reading() as session:
        pairs = session.execute(query).all()
    symbols, strategies = ({pair[i] for pair in pairs} for i in (0, 1))
    return RunChoices(tuple(sorted(symbols)), tuple(sorted(strategies)))
