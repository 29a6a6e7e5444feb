"""How a chart is wanted: style of the bars, scale, time zone, and until which bar it knows."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.charts.zones import EXCHANGE, check_zone
from services.errors import InvalidParams, did_you_mean

CANDLES, OHLC, LINE, HEIKIN_ASHI = "candles", "ohlc", "line", "heikin_ashi"
STYLES = (CANDLES, OHLC, LINE, HEIKIN_ASHI)
_YES, _NO = ("1", "true", "on", "yes"), ("", "0", "false", "off", "no")


@dataclass(frozen=True)
class ChartOptions:
    """What a reader chose; `until` is the last bar that exists in a replay, None for all."""

    style: str = CANDLES
    log: bool = False
    zone: str = EXCHANGE
    until: int | None = None

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "ChartOptions":
        """Read style, log, zone and until; raise InvalidParams for what is none of them."""
        return cls(
            style=_style(text_of(query, "style")),
            log=_flag(text_of(query, "log")),
            zone=check_zone(text_of(query, "zone") or EXCHANGE),
            until=whole_number(query, "until"),
        )


def text_of(query: Mapping[str, str], name: str) -> str:
    """Return a value of a query without the space around it; empty when it is not there."""
    value = query.get(name)
    return "" if value is None else str(value).strip()


def whole_number(query: Mapping[str, str], name: str) -> int | None:
    """Return a value from 0 on, None when it is not given; raise InvalidParams."""
    text = text_of(query, name)
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return int(text[:18])  # beyond any count of bars
    raise InvalidParams(f'{name} must be a whole number from 0 on, not "{text[:40]}".', field=name)


def _style(text: str) -> str:
    name = text.lower() or CANDLES
    if name in STYLES:
        return name
    raise InvalidParams(
        f'"{text[:40]}" is no style of chart: use one of {", ".join(STYLES)}.'
        f"{did_you_mean(text[:40], STYLES)}",
        field="style",
    )


def _flag(text: str) -> bool:
    if text.lower() in (*_YES, *_NO):
        return text.lower() in _YES
    raise InvalidParams(f'log must be 1 or 0, not "{text[:40]}".', field="log")
