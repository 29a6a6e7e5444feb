"""The address of the list of runs: what it asks for, as a filter and back as a query."""

from collections.abc import Iterable, Mapping
from typing import Any

from pages.list_query import LONGEST, last_of, order_of
from services.runs import RunFilter

_YES = ("1", "true", "yes", "on")
_MOST_TAGS = 10


def filter_of(query: Mapping[str, Any]) -> RunFilter:
    """Return the filter that a query asks for; raise InvalidParams for an unknown order.

    Names: q, tag (may be given several times), favourite=1, symbol, strategy, sort, order=asc.
    """
    return RunFilter(
        text=last_of(query, "q"),
        tags=tuple(_tags(query.get("tag"))),
        favourite=last_of(query, "favourite").lower() in _YES,
        symbol=last_of(query, "symbol").upper(),
        strategy=last_of(query, "strategy"),
        sort=last_of(query, "sort") or RunFilter.sort,
        descending=last_of(query, "order") != "asc",
    )


def query_of(wanted: RunFilter) -> list[tuple[str, str]]:
    """Return a filter as the parts of a query, without what is the default."""
    parts = [("q", wanted.text), *(("tag", tag) for tag in wanted.tags)]
    parts += [("favourite", "1" if wanted.favourite else "")]
    parts += [("symbol", wanted.symbol), ("strategy", wanted.strategy)]
    parts += order_of(wanted)
    return [(name, value) for name, value in parts if value]


def _tags(value: Any) -> Iterable[str]:
    texts = value if isinstance(value, list | tuple) else [value]
    words = [str(text or "").strip().lower()[:LONGEST] for text in texts]
    return list(dict.fromkeys(word for word in words if word))[:_MOST_TAGS]
