"""How long work tells its caller how far it is; cancelling returns through it as an exception."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """One report: `done` of `total` units (total 0 when it is not known) and what is going on.

    `bars` counts the bars stored so far, where the units are chunks of a span.
    """

    done: int
    total: int
    message: str = ""
    bars: int | None = None


# A report may raise Cancelled: the work then ends between two confirmed chunks.
Report = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Ignore a report: the default when nobody watches."""
