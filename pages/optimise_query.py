"""The address of the page Optimise: what it says of a study, and how a study is written in it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from pages import studies_query
from services.backtest import BacktestRequest
from services.backtest.request import QUERY_NAMES
from services.errors import InvalidParams, did_you_mean
from services.optimise.grid_text import space_of, text_of
from services.optimise.objective import DEFAULT_OBJECTIVE, Objective
from services.parameters import ParameterSpec, parameter_specs
from services.studies import StudyRequest
from services.studies.request import DEFAULT_SAMPLES, FURTHER_FIELDS, NO_OBJECTIVE, WALK_FORWARD
from strategies.registry import STRATEGIES

GRID_PREFIX = "g."
STUDY, JOB = "study", "job"
DRAWING = ("random", "sobol", "search")
HOW = ("method", "samples", "seed", "objective", *FURTHER_FIELDS, "minimum_trades", "holdout")
WINDOWS = ("train", "test", "anchored", "embargo")
_READABLE = ":,"  # which a query may hold as they are
_MOST_SAMPLES, _MOST_WHOLE = 1_000_000, 1_000_000_000


def query_of_search(search: str | None) -> dict[str, str]:
    """Read the search of an address."""
    return dict(parse_qsl((search or "").lstrip("?")))


def request_of(query: Mapping[str, str]) -> StudyRequest:
    """Read what a query asks for; raise InvalidParams, with the field to mend."""
    backtest = BacktestRequest.from_query({k: v for k, v in query.items() if k in QUERY_NAMES})
    specs = specs_of(backtest.strategy)
    method = query.get("method") or "grid"
    texts = {spec.name: query.get(GRID_PREFIX + spec.name, "") for spec in specs}
    space = space_of(specs, texts, draws=method in DRAWING)
    if not space:
        raise InvalidParams(
            f"{backtest.strategy} has no values to try by itself: give at least one parameter "
            "some, as in 5:50:5."
        )
    objective = Objective.parse(
        query.get("objective") or DEFAULT_OBJECTIVE, whole(query, "minimum_trades", 0)
    )
    further = (query.get(name, "").strip().lower() for name in FURTHER_FIELDS)
    further = (name for name in further if name != NO_OBJECTIVE)
    return StudyRequest(
        backtest,
        space,
        method,
        objective,
        samples=whole(query, "samples", DEFAULT_SAMPLES, 1, _MOST_SAMPLES),
        seed=whole(query, "seed", 0),
        train=query.get("train", "").strip(),
        test=query.get("test", "").strip(),
        anchored=query.get("anchored", "").lower() in ("true", "yes", "on", "1"),
        embargo=whole(query, "embargo", 0),
        holdout=whole(query, "holdout", 0),
        further=tuple(filter(None, further)),
    )


def query_of(request: StudyRequest) -> dict[str, str]:
    """Write a study as the query that asks for it."""
    query = dict(request.backtest.as_query())
    query |= {GRID_PREFIX + name: text_of(values) for name, values in request.space.items()}
    query |= {"method": request.method, "objective": request.objective.metric}
    query |= dict(zip(FURTHER_FIELDS, request.further, strict=False))
    if request.objective.minimum_trades:
        query["minimum_trades"] = str(request.objective.minimum_trades)
    if request.holdout:
        query["holdout"] = str(request.holdout)
    if request.draws:
        query |= {"samples": str(request.samples)}
        query |= {"seed": str(request.seed)} if request.seed else {}
    if request.method == WALK_FORWARD:
        query |= {"train": request.train, "test": request.test}
        query |= {"anchored": "true"} if request.anchored else {}
        query |= {"embargo": str(request.embargo)} if request.embargo else {}
    return query


def written(query: Mapping[str, str]) -> dict[str, str]:
    """Write what a query asks for as an address, values as they were typed where that is short.

    Raises InvalidParams as request_of does.
    """
    found = query_of(request_of(query))
    for name in filter(_is_of_grid, found):
        typed = query.get(name, "").strip()
        if typed and len(typed) <= len(found[name]):
            found[name] = typed
    return found


def asks_alike(query: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Tell whether two queries ask for the same study; what cannot be read asks for none."""
    try:
        return request_of(query).as_record() == request_of(other).as_record()
    except InvalidParams:
        return False


def _is_of_grid(name: str) -> bool:
    return name.startswith(GRID_PREFIX)


def search_of(query: Mapping[str, Any]) -> str:
    """Return a query as the search of an address."""
    return "?" + urlencode(query, safe=_READABLE)


def specs_of(strategy: str) -> tuple[ParameterSpec, ...]:
    """Return a strategy's parameters; raise InvalidParams when there is no such strategy."""
    if strategy not in STRATEGIES:
        short = str(strategy)[:40]
        raise InvalidParams(
            f'There is no strategy "{short}": choose one of {", ".join(STRATEGIES)}.'
            f"{did_you_mean(short, STRATEGIES)}",
            field="strategy",
        )
    return parameter_specs(STRATEGIES[strategy].Params)


def unknown_names(query: Mapping[str, str]) -> list[str]:
    """Return the names that mean nothing to this page."""
    known = {*QUERY_NAMES, *HOW, *WINDOWS, *studies_query.NAMES, STUDY, JOB}
    strategy = STRATEGIES.get(query.get("strategy", ""))
    if strategy:
        known |= {GRID_PREFIX + name for name in strategy.Params.model_fields}
    return [name for name in query if name not in known]


def whole(
    query: Mapping[str, str], name: str, default: int, low: int = 0, high: int = _MOST_WHOLE
) -> int:
    """Read a whole number; raise InvalidParams when it is none or out of range."""
    text = str(query.get(name) or "").strip().replace(",", "")
    if not text:
        return default
    called = name.replace("_", " ")
    if not (text.isascii() and text.isdecimal() and len(text) < 12):
        raise InvalidParams(f'The {called} must be a whole number, not "{text[:40]}".', field=name)
    if not low <= int(text) <= high:
        raise InvalidParams(f"The {called} must be {low:,} to {high:,}, not {text}.", field=name)
    return int(text)
