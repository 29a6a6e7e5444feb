"""What a form would try: how many combinations, which are dropped and why, how long it takes."""

from collections.abc import Mapping
from dataclasses import dataclass

from pages.optimise_query import request_of
from services.errors import InvalidParams, UserError
from services.market_data import catalogue
from services.optimise.estimate import seconds_in_all, span_text, thinking_seconds
from services.optimise.grid import MOST_COMBINATIONS, combinations_of, grid_size
from services.parameters import orders_of
from services.studies import StudyRequest
from services.studies.request import SEARCH, WALK_FORWARD
from services.timespan import Duration
from services.wording import counted
from services.workspace import Workspace
from strategies.registry import STRATEGIES

_DAYS = {"S": 1 / 86_400, "D": 1, "W": 7, "M": 30.4, "Y": 365.25}


@dataclass(frozen=True)
class Count:
    """What to say of a form: a sentence, the field that is wrong, and whether it can start."""

    text: str = ""
    error: str = ""
    field: str = ""
    too_many: bool = False

    @property
    def can_start(self) -> bool:
        """Tell whether nothing keeps it from starting."""
        return not self.error


def count_of(workspace: Workspace, query: Mapping[str, str]) -> Count:
    """Count what a query asks for; the trouble with it is a sentence, never an exception."""
    try:
        request = request_of(query)
        return _counted(workspace, request)
    except UserError as error:
        field = getattr(error, "field", None) or ""
        return Count(error=str(error), field=field)


def _counted(workspace: Workspace, request: StudyRequest) -> Count:
    strategy = STRATEGIES[request.backtest.strategy]
    stored, settings = _stored(workspace, request), request.backtest.settings
    if request.draws:
        thinking = _thinking(strategy, request)
        seconds = seconds_in_all(
            strategy, request.samples, stored.bars, settings, thinking=thinking
        )
        return Count(f"{counted(request.samples, 'sample')}, {span_text(seconds)}.{_kept(request)}")
    size = grid_size(request.space)
    if size > MOST_COMBINATIONS:
        return Count(
            error=f"{size:,} combinations are too many to try all: the most is "
            f"{MOST_COMBINATIONS:,}. Give fewer values, or draw a sample of them.",
            too_many=True,
        )
    found = combinations_of(strategy, request.space)
    walks = request.method == WALK_FORWARD
    windows, share = _windows(request, stored) if walks else (1.0, 1.0)
    tried = len(found) * windows * share
    seconds = seconds_in_all(strategy, tried, stored.bars, settings, walks=walks)
    valid = counted(len(found), "combination")
    if found.dropped:
        valid = f"{len(found):,} of {size:,}: {_dropped(found.dropped, strategy)}"
    if walks:
        valid += f", in each of about {counted(max(1, round(windows)), 'window')}"
    return Count(f"{valid}. {span_text(seconds).capitalize()}.{_kept(request)}")


def _thinking(strategy: type, request: StudyRequest) -> float:
    if request.method != SEARCH:
        return 0.0
    return thinking_seconds(strategy, request.space, request.samples, len(request.objectives))


def _kept(request: StudyRequest) -> str:
    return f" The last {request.holdout} % of the bars stay unseen." if request.holdout else ""


def _dropped(count: int, strategy: type) -> str:
    orders = orders_of(strategy.Params)
    why = " and ".join(f"{lower} must be below {upper}" for lower, upper in orders)
    verb = "is" if count == 1 else "are"
    return f"{count:,} {verb} dropped as {why}" if why else f"{count:,} {verb} not valid"


@dataclass(frozen=True)
class _Stored:
    """A stored series: how many of its bars belong to the span, and how many make a day."""

    bars: int
    a_day: float

    def length(self, text: str) -> float:
        """Return a window's length in bars, given in bars or as a duration."""
        if text.isascii() and text.isdecimal():
            return max(1.0, float(text))
        return max(1.0, _days(text) * self.a_day)


def _stored(workspace: Workspace, request: StudyRequest) -> _Stored:
    """Estimate the bars of the span; raise InvalidParams when none are stored."""
    asked = request.backtest
    for entry in catalogue(workspace.database):
        if (entry.symbol, entry.resolution) == (asked.symbol, asked.resolution):
            days = max((entry.last - entry.first).total_seconds() / 86_400, 1.0)
            share = min(1.0, _days(asked.duration) / days) if asked.duration else 1.0
            share *= 1 - request.holdout / 100
            return _Stored(max(1, round(entry.bars * share)), entry.bars / days)
    raise InvalidParams(
        f"No {asked.resolution} bars of {asked.symbol[:20]} are stored: get them on the page Data "
        "first.",
        field="symbol",
    )


def _windows(request: StudyRequest, stored: _Stored) -> tuple[float, float]:
    """Return about how many windows there are, and the share of the bars that each trains on."""
    train, test = stored.length(request.train), stored.length(request.test)
    windows = max(1.0, (stored.bars - train) / test)
    # Anchored windows grow from the first length to all bars.
    longest = stored.bars if request.anchored else train
    return windows, min(1.0, (train + longest) / 2 / stored.bars)


def _days(text: str) -> float:
    span = Duration.parse(text)
    return span.count * _DAYS[span.unit]
