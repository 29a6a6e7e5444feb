"""How long work tells its caller how far it is; cancelling returns through it as an exception."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """One report: `done` of `total` units (total 0 when it is not known) and what is going on."""

    done: int
    total: int
    message: str = ""


Report = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Ignore a report: the default when nobody watches."""
