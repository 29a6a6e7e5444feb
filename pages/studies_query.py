"""The address of the list of studies: what it asks for, as a filter and back as a query.

It stands on the page Optimise beside what the form of a study says.
"""

from collections.abc import Mapping
from typing import Any

from pages.list_query import last_of, order_of
from services.studies import StudyFilter

NAMES = ("q", "sort", "order")


def filter_of(query: Mapping[str, Any]) -> StudyFilter:
    """Return the filter that a query asks for; raise InvalidParams for an unknown order."""
    return StudyFilter(
        text=last_of(query, "q"),
        sort=last_of(query, "sort") or StudyFilter.sort,
        descending=last_of(query, "order") != "asc",
    )


def query_of(wanted: StudyFilter) -> list[tuple[str, str]]:
    """Return a filter as the parts of a query, without what is the default."""
    return [(name, value) for name, value in [("q", wanted.text), *order_of(wanted)] if value]
