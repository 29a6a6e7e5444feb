"""The address of the chart page: what it asks for, and what of it cannot be meant."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote

from services.charts import figure_for_query
from services.charts.source import ChartSource
from services.errors import InvalidParams
from services.indicators.catalogue import ChosenIndicator, indicators_text, parse_indicators
from services.timespan import RESOLUTIONS, is_session_based

# The names in the address, and those that the chart's own query has for them.
_OF_VIEW = {"start": "from", "end": "to", "style": "style", "log": "log", "zone": "zone"}
_KNOWN = ("symbol", "resolution", "ind", "compare", *_OF_VIEW)
_LONGEST = 200
DEFAULT_RESOLUTION = "1d"


@dataclass(frozen=True)
class ChartQuery:
    """What an address asks for; `view` are its values for the chart's own query."""

    symbol: str
    resolution: str
    chosen: tuple[ChosenIndicator, ...]
    compare: str
    view: dict[str, str]
    notes: tuple[str, ...]

    @property
    def data_url(self) -> str:
        """The address of the chart's data."""
        return "/api/chart?" + query_text(
            {
                "symbol": self.symbol,
                "resolution": self.resolution,
                "ind": indicators_text(self.chosen),
                "compare": self.compare,
            }
        )


def query_values(raw: Mapping[str, Any] | str | None) -> dict[str, str]:
    """Return the values of an address as texts, the last of each name."""
    if not isinstance(raw, Mapping):
        raw = dict(parse_qsl((raw or "").lstrip("?")))
    last = {name: value[-1] if isinstance(value, list) else value for name, value in raw.items()}
    return {name: str(value or "").strip()[:_LONGEST] for name, value in last.items()}


def read_query(raw: Mapping[str, Any] | str | None, symbol: str = "") -> ChartQuery:
    """Read an address; `symbol` is shown when it names none. What cannot be read is noted."""
    query = query_values(raw)
    resolution = query.get("resolution") or DEFAULT_RESOLUTION
    chosen, notes = _indicators(query.get("ind", ""), resolution)
    unknown = [f'"{name[:40]}"' for name in query if name not in _KNOWN][:5]
    if unknown:
        names = ", ".join(unknown)
        notes.append(f"The address holds what this page does not know: {names}.")
    return ChartQuery(
        symbol=(query.get("symbol") or symbol).upper(),
        resolution=resolution,
        chosen=chosen,
        compare=query.get("compare", "").upper(),
        view={own: query[name] for name, own in _OF_VIEW.items() if query.get(name)},
        notes=tuple(notes),
    )


def first_figure(
    source: ChartSource, view: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str], list[str]]:
    """Return the figure that an address asks for, what of its values holds, and a note on others.

    A value that cannot be meant is left out, so that the rest is shown.
    """
    values, notes = dict(view), []
    while True:
        try:
            return figure_for_query(source, values), values, notes
        except InvalidParams as error:
            if error.field not in values:
                raise
            notes.append(str(error))
            del values[error.field]


def state_of(view: Mapping[str, str], log: bool) -> dict[str, Any]:
    """Return the look that the page's script goes on with."""
    return {
        "style": view.get("style", "candles").lower(),
        "log": log,
        "zone": view.get("zone", "exchange"),
    }


def query_text(values: Mapping[str, str]) -> str:
    """Write a query without what is empty, readable: lists keep their commas and colons."""
    return "&".join(f"{name}={quote(value, safe=',:')}" for name, value in values.items() if value)


def _indicators(text: str, resolution: str) -> tuple[tuple[ChosenIndicator, ...], list[str]]:
    """Read each indicator by itself: one that cannot be shown takes no other away."""
    chosen, notes = [], []
    for part in text.split(","):
        try:
            chosen = [*parse_indicators(",".join([*(one.text for one in chosen), part]))]
        except InvalidParams as error:
            notes.append(str(error))
    if resolution in RESOLUTIONS and is_session_based(resolution):
        notes += [
            f"{one.spec.label} begins anew with each session: it needs bars of less than a day."
            for one in chosen
            if one.spec.intraday_only
        ]
        chosen = [one for one in chosen if not one.spec.intraday_only]
    return tuple(chosen), notes[:3]
