"""How often a strategy was tried on a symbol: what luck has to be held against."""

import json
from dataclasses import dataclass

from sqlalchemy import select

from db.models import BacktestRun
from db.models import Study as Row
from db.session import Database
from services.studies.request import WALK_FORWARD
from services.studies.saved import Study


@dataclass(frozen=True)
class Trials:
    """How many combinations were tried: in `studies` studies and as saved `runs`.

    An upper bound: of studies that were asked the same only the one that got farthest counts,
    and runs with the same parameters, assumptions and span count once; but a combination that is
    in two different studies, or in a study and a run, counts twice. Deleted ones count, too.
    What was not saved is not known, but for the study in hand. `walks` of the studies are
    walk-forwards, with `in_walks` of the combinations.
    """

    studies: int
    in_studies: int
    runs: int
    walks: int = 0
    in_walks: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.in_studies + self.runs

    @property
    def beside_walks(self) -> int:
        """Those that were tried on all bars at once, not by a walk-forward."""
        return self.total - self.in_walks


def trials_for(database: Database, study: Study) -> Trials:
    """Count what was ever tried of a study's strategy on its series, in it even if not saved."""
    asked = study.request.backtest
    return trials_of(database, asked.symbol, asked.resolution, asked.strategy, study)


def trials_of(
    database: Database, symbol: str, resolution: str, strategy: str, unsaved: Study | None = None
) -> Trials:
    """Count what was ever tried of a strategy on a series, and in a study that is not saved."""
    of_studies = select(Row.asked, Row.done).where(
        Row.symbol == symbol, Row.resolution == resolution, Row.strategy == strategy
    )
    of_runs = select(BacktestRun.params, BacktestRun.request).where(
        BacktestRun.symbol == symbol,
        BacktestRun.resolution == resolution,
        BacktestRun.strategy == strategy,
    )
    with database.reading() as session:
        done: dict[str, int] = {}
        walks: set[str] = set()
        found = [(asked, count) for asked, count in session.execute(of_studies)]
        if unsaved is not None:
            found.append((unsaved.request.as_record(), unsaved.done))
        for asked, count in found:
            key = json.dumps(asked, sort_keys=True)
            done[key] = max(done.get(key, 0), count)
            if asked["method"] == WALK_FORWARD:
                walks.add(key)
        different = {
            json.dumps([params, request["asked"], request["settings"]], sort_keys=True)
            for params, request in session.execute(of_runs)
        }
    in_walks = sum(done[key] for key in walks)
    return Trials(len(done), sum(done.values()), len(different), len(walks), in_walks)
