"""What a study works with: its bars, its strategy's class, its combinations."""

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from db.session import Database
from services.backtest.finer import FinerBars
from services.backtest.request import BacktestRequest
from services.errors import InvalidParams, StudyChanged
from services.finer_bars import load_finer_for, with_finer_named
from services.instruments import get_instrument
from services.market_data import load_bars
from services.metrics import METRICS_VERSION
from services.optimise.folds import windows_of
from services.optimise.grid import Combinations, combinations_from, combinations_of
from services.optimise.samples import random_combinations, sobol_combinations
from services.optimise.search import check_search
from services.runs.fingerprint import bars_hash, code_hash, finer_hash
from services.studies.holdout import seen_by
from services.studies.request import RANDOM, SEARCH, SOBOL, WALK_FORWARD, StudyRequest
from services.studies.saved import Extent, Study
from services.studies.store import create_study
from services.studies.versions import OPTIMISER, versions_for

# Cells (bars times combinations) in a chunk, by the way a rule is said: seconds of work, and of a
# rule that is asked bar by bar enough for several processes.
_DECLARED, _AT_ONCE, _BAR_BY_BAR = 200_000_000, 10_000_000, 5_000_000
_MOST_ROWS = 20_000
_HIGHEST_SEED = 2**32 - 1
_SAMPLERS = {RANDOM: random_combinations, SOBOL: sobol_combinations}


@dataclass(frozen=True, eq=False)
class Prepared:
    """A request with all that its work needs; `combinations` is None for a search.

    `bars` are all that the study may see; those from `start` to `end` are traded, looking into
    `finer` where the settings say so. `note` says why a sample is smaller than asked. A
    walk-forward tries the combinations in each of its `windows`.
    """

    request: StudyRequest
    strategy_class: Any
    bars: pd.DataFrame
    start: pd.Timestamp | None
    end: pd.Timestamp | None
    timezone: str
    finer: FinerBars | None
    combinations: Combinations | None
    note: str
    windows: int = 1

    @property
    def extent(self) -> Extent:
        """How much there is to do."""
        if self.combinations is None:
            return Extent(self.request.samples, 0, self.request.samples)
        count = len(self.combinations)
        whole = self.request.method == WALK_FORWARD
        rows = count if whole else min(count, self._rows_at_once())
        return Extent(count * self.windows, self.combinations.dropped, rows)

    def _rows_at_once(self) -> int:
        cells = _BAR_BY_BAR
        if self.strategy_class.is_declared():
            cells = _DECLARED
        elif self.strategy_class.says_all_at_once():
            cells = _AT_ONCE
        return min(max(cells // len(self.bars), 1), _MOST_ROWS)


def prepare_study(database: Database, request: StudyRequest, strategy_class: Any) -> Prepared:
    """Gather what a study needs; raise InvalidParams, UnknownSymbol or NoBars."""
    combinations, note = _combinations(request, strategy_class)
    request = replace(request, backtest=with_finer_named(database, request.backtest))
    traded = traded_bars(database, seen_by(database, request))
    prepared = Prepared(request, strategy_class, *traded, combinations, note)
    return replace(prepared, windows=_windows(prepared))


def traded_bars(
    database: Database, backtest: BacktestRequest
) -> tuple[pd.DataFrame, pd.Timestamp | None, pd.Timestamp | None, str, FinerBars | None]:
    """Return the bars that a request may see, the ends of its span, its time zone, finer bars."""
    bars = load_bars(database, backtest.symbol, backtest.resolution)
    start, end = backtest.span(bars["ts"].iloc[-1])
    seen = bars if end is None else bars[bars["ts"] <= end]
    timezone = get_instrument(database, backtest.symbol).timezone or "UTC"
    return seen, start, end, timezone, load_finer_for(database, backtest, bars, (start, end))


def create_prepared(database: Database, prepared: Prepared) -> Study:
    """Store a study of what was prepared; an equal one is shared."""
    digests = digest_of(prepared.bars, prepared.finer), code_hash(prepared.strategy_class)
    return create_study(database, prepared.request, prepared.extent, *digests)


def digest_of(bars: pd.DataFrame, finer: FinerBars | None) -> str:
    """Return one digest of bars, and of the finer bars if there are any."""
    one, other = bars_hash(bars), finer_hash(finer)
    return hashlib.blake2b(f"{one} {other}".encode(), digest_size=32).hexdigest() if other else one


def check_unchanged(study: Study, prepared: Prepared) -> None:
    """Raise StudyChanged when going on would mix results that cannot be compared."""
    changed = [
        name
        for name, same in (
            ("bars", digest_of(prepared.bars, prepared.finer) == study.bars_hash),
            ("strategy's code", code_hash(prepared.strategy_class) == study.code_hash),
            ("metrics' definitions", study.metrics_version == METRICS_VERSION),
            *_optimiser(study),
        )
        if not same
    ]
    if changed:
        raise StudyChanged(
            f"Study {study.id} cannot go on: its {' and '.join(changed)} changed since it began. "
            "Ask for it again as a new study."
        )


def _optimiser(study: Study) -> list[tuple[str, bool]]:
    """Name the optimiser of a search: another version would propose other combinations."""
    now = versions_for(study.request.method).get(OPTIMISER)
    then = study.versions.get(OPTIMISER)
    return [(f"Optuna ({then or 'unknown'} then, {now} now)", then == now)]


def _windows(prepared: Prepared) -> int:
    request, ts, start = prepared.request, prepared.bars["ts"], prepared.start
    if request.method != WALK_FORWARD:
        return 1
    first = 0 if start is None else int((ts < start).sum())
    how = {"anchored": request.anchored, "embargo": request.embargo, "first": first}
    return len(windows_of(ts, request.train, request.test, **how).windows)


def _combinations(request: StudyRequest, strategy_class: Any) -> tuple[Combinations | None, str]:
    if request.draws:
        _check_seed(request.seed)
    if request.method == SEARCH:
        check_search(strategy_class, request.space, request.samples)
        return None, ""
    if request.method not in _SAMPLERS:
        return combinations_of(strategy_class, request.space), ""
    draw = _SAMPLERS[request.method]
    sample = draw(strategy_class, request.space, request.samples, request.seed)
    return combinations_from(strategy_class, sample.columns), sample.note


def _check_seed(seed: int) -> None:
    """Refuse a seed that nothing can be drawn by; a study may have been stored with one."""
    if not 0 <= seed <= _HIGHEST_SEED:
        raise InvalidParams(f"The seed must be 0 to {_HIGHEST_SEED:,}, not {seed:,}.", field="seed")
