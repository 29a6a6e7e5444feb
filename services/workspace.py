"""What a page, a script or a worker needs to do its work: the settings and the database."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from db.session import Database
from services.byte_cache import ByteCache
from services.column_store import ColumnStore
from services.database import open_database
from services.errors import UnknownStrategy
from services.runs.cache import RecentRuns
from services.settings import Settings, load_settings

StrategyFinder = Callable[[str], Any]


def no_strategies(name: str) -> Any:
    """Know no strategy: where a program does without them."""
    raise UnknownStrategy(f'"{name}" cannot be run here: this program knows no strategies.')


@dataclass(frozen=True)
class Workspace:
    """The settings and the database opened with them; made once, then passed down.

    `strategy_class` finds a strategy's class by its name. Services know none themselves.
    """

    settings: Settings
    database: Database
    recent_runs: RecentRuns = field(default_factory=RecentRuns)
    charts: ByteCache = field(default_factory=ByteCache)
    strategy_class: StrategyFinder = no_strategies

    @cached_property
    def columns(self) -> ColumnStore:
        """The bars of stored series as columns, kept in files where they are many."""
        return ColumnStore(self.settings.data_dir / "cache" / "bars", self.database)


def open_workspace(
    settings: Settings | None = None, strategy_class: StrategyFinder = no_strategies
) -> Workspace:
    """Read the settings if none are given and open the database; raises what they raise."""
    settings = settings or load_settings()
    return Workspace(settings, open_database(settings), strategy_class=strategy_class)
