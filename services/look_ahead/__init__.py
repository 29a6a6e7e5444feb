"""Whether a strategy's signals were there without the bars that came after them."""

from services.look_ahead.check import check_look_ahead
from services.look_ahead.finding import UNCHECKED, LookAhead

__all__ = ["UNCHECKED", "LookAhead", "check_look_ahead"]
