"""The address of the list of runs: what it asks for, as a filter and back as a query."""

from collections.abc import Iterable, Mapping
from typing import Any

from services.errors import InvalidParams
from services.runs import RunFilter

_YES = ("1", "true", "yes", "on")
_MOST_TAGS = 10
_LONGEST = 200


def filter_of(query: Mapping[str, Any]) -> RunFilter:
    """Return the filter that a query asks for; raise InvalidParams for an unknown order.

    Names: q, tag (may be given several times), favourite=1, symbol, strategy, sort, order=asc.
    """
    return RunFilter(
        text=_last(query, "q"),
        tags=tuple(_tags(query.get("tag"))),
        favourite=_last(query, "favourite").lower() in _YES,
        symbol=_last(query, "symbol").upper(),
        strategy=_last(query, "strategy"),
        sort=_last(query, "sort") or RunFilter.sort,
        descending=_last(query, "order") != "asc",
    )


def filter_or_default(query: Mapping[str, Any]) -> tuple[RunFilter, str]:
    """Return the filter of a query, newest first where its order is unknown, and a sentence."""
    try:
        return filter_of(query), ""
    except InvalidParams as error:
        plain = {name: value for name, value in query.items() if name not in ("sort", "order")}
        return filter_of(plain), f"{error} They are listed with the newest first."


def query_of(wanted: RunFilter) -> list[tuple[str, str]]:
    """Return a filter as the parts of a query, without what is the default."""
    parts = [("q", wanted.text), *(("tag", tag) for tag in wanted.tags)]
    parts += [("favourite", "1" if wanted.favourite else "")]
    parts += [("symbol", wanted.symbol), ("strategy", wanted.strategy)]
    if (wanted.sort, wanted.descending) != (RunFilter.sort, RunFilter.descending):
        parts += [("sort", wanted.sort), ("order", "" if wanted.descending else "asc")]
    return [(name, value) for name, value in parts if value]


def _tags(value: Any) -> Iterable[str]:
    texts = value if isinstance(value, list | tuple) else [value]
    words = [str(text or "").strip().lower()[:_LONGEST] for text in texts]
    return list(dict.fromkeys(word for word in words if word))[:_MOST_TAGS]


def _last(query: Mapping[str, Any], name: str) -> str:
    value = query.get(name)
    if isinstance(value, list | tuple):
        value = value[-1] if value else ""
    return str(value or "").strip()[:_LONGEST]
