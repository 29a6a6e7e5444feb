"""What the addresses of lists have in common: the order, and values of any kind and length."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from services.errors import InvalidParams

LONGEST = 200
_Filter = TypeVar("_Filter")


def last_of(query: Mapping[str, Any], name: str) -> str:
    """Return the last value that a query has under a name, shortened; empty where it has none."""
    value = query.get(name)
    if isinstance(value, list | tuple):
        value = value[-1] if value else ""
    return str(value or "").strip()[:LONGEST]


def filter_or_default(
    filter_of: Callable[[Mapping[str, Any]], _Filter], query: Mapping[str, Any]
) -> tuple[_Filter, str]:
    """Return the filter of a query, newest first where its order is unknown, and a sentence."""
    try:
        return filter_of(query), ""
    except InvalidParams as error:
        plain = {name: value for name, value in query.items() if name not in ("sort", "order")}
        return filter_of(plain), f"{error} They are listed with the newest first."


def order_of(wanted: Any) -> list[tuple[str, str]]:
    """Return the order of a filter as the parts of a query; none where it is the usual one."""
    usual = type(wanted)
    if (wanted.sort, wanted.descending) == (usual.sort, usual.descending):
        return []
    return [("sort", wanted.sort), ("order", "" if wanted.descending else "asc")]
