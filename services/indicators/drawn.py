"""A line of an indicator with what its drawing needs beyond a strategy's line."""

from dataclasses import dataclass

from services.indicators.lines import Line


@dataclass(frozen=True)
class DrawnLine(Line):
    """Lines of one `group` share a colour; a `filled` one is an area around zero."""

    group: str = ""
    filled: bool = False
