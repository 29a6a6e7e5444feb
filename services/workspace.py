"""What a page, a script or a worker needs to do its work: the settings and the database."""

from dataclasses import dataclass, field
from functools import cached_property

from db.session import Database
from services.charts.cache import ByteCache
from services.column_store import ColumnStore
from services.database import open_database
from services.runs.cache import RecentRuns
from services.settings import Settings, load_settings


@dataclass(frozen=True)
class Workspace:
    """The settings and the database opened with them; made once, then passed down."""

    settings: Settings
    database: Database
    recent_runs: RecentRuns = field(default_factory=RecentRuns)
    charts: ByteCache = field(default_factory=ByteCache)

    @cached_property
    def columns(self) -> ColumnStore:
        """The bars of stored series as columns, kept in files where they are many."""
        return ColumnStore(self.settings.data_dir / "cache" / "bars", self.database)


def open_workspace(settings: Settings | None = None) -> Workspace:
    """Read the settings if none are given and open the database; raises what they raise."""
    settings = settings or load_settings()
    return Workspace(settings, open_database(settings))
