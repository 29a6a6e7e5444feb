"""Names that the parts of the page of data share."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from dash import set_props

from services.jobs.job import utc_now
from services.workspace import Workspace

URL, CHANGED, KEY, WATCH = "data-url", "data-changed", "data-key", "data-watch"
POLL, POLL_MS = "data-poll", 1_000
SEEN = "data-jobs-seen"  # when the tray saw a job begin or end
ADD, JOBS = "data-add", "data-jobs"
DETAIL, HEAD, QUALITY = "data-detail", "data-head", "data-quality"
ASK, ASK_TITLE, ASK_BODY, ASK_YES = "data-ask", "data-ask-title", "data-ask-body", "data-ask-yes"


@dataclass(frozen=True)
class Command:
    """What a button said: its attributes, the series it is about, and the jobs that are followed.

    `watch` holds the numbers of active jobs, and of ended ones whose failure is still shown.
    """

    said: dict[str, Any]
    series: tuple[str, str]
    watch: dict[str, list[int]]

    def watching(self, *ids: int) -> dict[str, list[int]]:
        """Return what is followed, with more jobs in it."""
        return watching(self.watch, ids)


# What a command does; it returns what the page shall follow, None when that stays the same.
Act = Callable[[Workspace, Command], dict | None]


def watching(watch: dict[str, list[int]], ids: Iterable[int]) -> dict[str, list[int]]:
    """Return what is followed with more jobs in it."""
    return {**watch, "active": sorted({*watch["active"], *ids})}


def query_of(query: Mapping[str, Any] | str | None) -> tuple[str, str]:
    """Return the symbol and the resolution that an address names; empty when it names none."""
    if not isinstance(query, Mapping):
        query = dict(parse_qsl((query or "").lstrip("?")))
    symbol, resolution = (_last(query.get(name)) for name in ("symbol", "resolution"))
    return (symbol.strip().upper(), resolution or "1d") if symbol else ("", "")


def tell_change() -> None:
    """Let the page read again what it shows; only within a callback."""
    set_props(CHANGED, {"data": utc_now().isoformat()})


def _last(value: Any) -> str:
    return str(value[-1] if isinstance(value, list) else value or "")
