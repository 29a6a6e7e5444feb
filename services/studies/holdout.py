"""The last bars of a study's span, kept back from the search; what its best make of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from db.session import Database
from services.backtest.request import BacktestRequest
from services.errors import InvalidParams, UserError
from services.finer_bars import load_finer_for
from services.instruments import get_instrument
from services.market_data import last_bar_time, load_bars
from services.optimise.front import front_places
from services.optimise.grid import combinations_from
from services.optimise.objective import Objective, ranking
from services.optimise.outcome import ERROR
from services.optimise.sweep import evaluate
from services.studies.request import StudyRequest
from services.studies.saved import SINCE, UNTIL, Study
from services.validation import UnseenSharpe
from services.wording import counted, metric_text

MOST_TRIED = 500  # of the best combinations
_CELLS, _CELLS_BAR_BY_BAR = 40_000_000, 100_000  # bars times combinations: about a second
_FEWEST_BARS = 2
_TOP = 10
_DATE, _MIDNIGHT, _MIDNIGHT_Z = 10, "T00:00:00+00:00", "T00:00:00Z"


@dataclass(frozen=True, eq=False)
class Unseen:
    """What the best combinations made of the bars that were kept back.

    `places` are their rows in the study's results, the best first; `frame` has their metrics on
    the span of `backtest`, in that order.
    """

    backtest: BacktestRequest
    places: np.ndarray
    frame: pd.DataFrame


def seen_by(database: Database, request: StudyRequest) -> BacktestRequest:
    """Return the backtest whose span a study searches: all that was asked but what is kept back."""
    return split_of(database, request)[0] if request.holdout else request.backtest


def split_of(database: Database, request: StudyRequest) -> tuple[BacktestRequest, BacktestRequest]:
    """Cut the span of a request in two by dates: to search on, and to keep back.

    The second holds the last `holdout` percent of the bars, from the first bar of a day (UTC) on.
    A time of day that was asked stays; a duration begins with the day that it reaches back into.
    Raises NoBars, and InvalidParams when too few bars are left for either.
    """
    asked = request.backtest
    bars = load_bars(database, asked.symbol, asked.resolution, with_indicators=False)
    start, end = asked.span(bars["ts"].iloc[-1])
    ts = bars["ts"]
    ts = ts if start is None else ts[ts >= start]
    ts = ts if end is None else ts[ts <= end]
    days = ts.dt.tz_localize(None).to_numpy().astype("datetime64[D]")
    cut = len(days) - round(len(days) * request.holdout / 100)
    if cut < len(days):
        cut = int(days.searchsorted(days[cut]))
    if min(cut, len(days) - cut) < _FEWEST_BARS:
        raise InvalidParams(
            f"Keeping {request.holdout} % of {counted(len(days), 'bar')} unseen leaves too few on "
            "one side: take a longer span or another share.",
            field="holdout",
        )
    first, last = str(days[0]), str(days[-1])
    if asked.start and f"{start:%Y-%m-%d}" == first:
        first = asked.start
    if asked.end and f"{end:%Y-%m-%d}" == last:
        last = asked.end
    spans = (first, str(days[cut - 1])), (str(days[cut]), last)
    seen, unseen = (replace(asked, duration="", start=a, end=b) for a, b in spans)
    return seen, unseen


def parts_of(database: Database, study: Study) -> tuple[BacktestRequest, BacktestRequest]:
    """Return what a study searched and what it kept back, to which later bars belong as well."""
    seen, unseen = split_of(database, study.request)
    since, until = (study.summary.get(name) for name in (SINCE, UNTIL))
    if since is None or until is None:
        return seen, unseen
    last = until[:_DATE]
    seen = replace(seen, start=since.removesuffix(_MIDNIGHT), end=last)
    return seen, replace(unseen, start=str(np.datetime64(last) + 1))


def searched_by(database: Database, study: Study) -> BacktestRequest:
    """Return the backtest whose span a study has searched; bars that came later are not in it."""
    if study.request.holdout:
        return parts_of(database, study)[0]
    asked, until = study.request.backtest, study.summary.get(UNTIL)
    stored = last_bar_time(database, asked.symbol, asked.resolution)
    if asked.end or until is None or stored is None or stored <= pd.Timestamp(until):
        return asked
    start = study.summary.get(SINCE, asked.start).removesuffix(_MIDNIGHT)
    return replace(asked, duration="", start=start, end=until.removesuffix(_MIDNIGHT_Z))


def unseen_of(
    database: Database, study: Study, strategy_class: Any, results: pd.DataFrame
) -> Unseen | None:
    """Try the best combinations of a study, and those on its front, on the bars it kept back.

    Each begins there without a position. None when nothing was kept back or no row qualifies.
    """
    request = study.request
    if not request.holdout or results.empty:
        return None
    bars = load_bars(database, request.backtest.symbol, request.backtest.resolution)
    at_once = strategy_class.says_all_at_once()
    most = max(1, (_CELLS if at_once else _CELLS_BAR_BY_BAR) // len(bars))
    places = _tried_of(results, request.objectives, min(most, MOST_TRIED))
    if not len(places):
        return None
    return _tried_on(bars, database, study, strategy_class, results, places)


def unseen_sharpe(
    database: Database, study: Study, strategy_class: Any, results: pd.DataFrame, place: int
) -> UnseenSharpe | None:
    """Return the Sharpe of one row of a study before and on the bars that it kept back.

    None when nothing was kept back. That of a rule that fails there, or of bars that cannot be
    traded, is not known.
    """
    asked = study.request.backtest
    if not study.request.holdout:
        return None
    before = _known(results["sharpe"].iloc[place])
    try:
        bars = load_bars(database, asked.symbol, asked.resolution)
        found = _tried_on(bars, database, study, strategy_class, results, np.array([place]))
    except UserError as error:
        return UnseenSharpe(before, None, f"they cannot be traded ({_inside(str(error))})")
    if ERROR in found.frame:
        return UnseenSharpe(before, None, f"the rule failed there ({found.frame[ERROR].iloc[0]})")
    row = found.frame.iloc[0]
    after = _known(row["sharpe"])
    return UnseenSharpe(before, after, _why(before, after, row))


def _inside(sentence: str) -> str:
    """Return a sentence as a part of another one; a symbol at its beginning stays as it is."""
    first = sentence[:1] if sentence[1:2].isupper() else sentence[:1].lower()
    return first + sentence[1:].removesuffix(".")


def _why(before: float | None, after: float | None, unseen: pd.Series) -> str:
    """Say why one of the Sharpe ratios is missing; nothing where both are there."""
    if before is None:
        return "the best has no Sharpe in-sample"
    if after is not None:
        return ""
    if not unseen["exposure"] and not unseen["trades"]:  # a stop may end a trade within its bar
        return "the best did not trade there"
    return "its returns there are too few, or do not vary"


def _tried_on(
    bars: pd.DataFrame,
    database: Database,
    study: Study,
    strategy_class: Any,
    results: pd.DataFrame,
    places: np.ndarray,
) -> Unseen:
    seen, unseen = parts_of(database, study)
    start, end = unseen.span(bars["ts"].iloc[-1])
    names = strategy_class.Params.model_fields
    tried = combinations_from(
        strategy_class, {name: results[name].iloc[places].tolist() for name in names}
    )
    timezone = get_instrument(database, seen.symbol).timezone or "UTC"
    finer = load_finer_for(database, unseen, bars, (start, end))
    span = {"start": start, "end": end, "timezone": timezone, "finer": finer}
    frame = evaluate(bars, strategy_class, tried, seen.settings, **span)
    return Unseen(unseen, places, frame)


def _tried_of(results: pd.DataFrame, objectives: Sequence[Objective], most: int) -> np.ndarray:
    """Return at most so many places: the very best, then the front of several, then the next."""
    ranked = ranking(results, objectives)
    if len(objectives) == 1 or len(ranked) <= most:
        return ranked[:most]
    front = np.isin(ranked, front_places(results, objectives))
    order = np.arange(len(ranked))
    first = np.lexsort((order, ~front, order >= _TOP))[:most]
    return ranked[np.sort(first)]


def values_of(
    frame: pd.DataFrame, found: Unseen, objective: Objective
) -> tuple[np.ndarray, np.ndarray]:
    """Return the objective in-sample and on the unseen bars, the best in-sample first."""
    name = objective.metric
    before = frame[name].to_numpy(np.float64, na_value=np.nan)[found.places]
    return before, found.frame[name].to_numpy(np.float64, na_value=np.nan)


def unseen_text(frame: pd.DataFrame, found: Unseen, objective: Objective) -> str:
    """Say what the best combination of a study made of the bars kept unseen, and the best ten."""
    spec = objective.spec
    before, after = values_of(frame, found, objective)
    top = min(_TOP, len(before))
    pairs = (before[0], after[0]), (_median(before[:top]), _median(after[:top]))
    best, middle = (_pair(spec.kind, *pair) for pair in pairs)
    return (
        f"On the bars kept unseen ({found.backtest.start} to {found.backtest.end}): {spec.label} "
        f"{best} for the best, {middle} in the median of the best {top}."
    )


def _pair(kind: str, before: float, after: float) -> str:
    return f"{_said(kind, after)} after {_said(kind, before)} in-sample"


def _said(kind: str, value: float) -> str:
    return metric_text(kind, _known(value))


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _median(values: np.ndarray) -> float:
    return float(pd.Series(values).median())
