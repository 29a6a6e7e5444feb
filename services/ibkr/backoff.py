"""How long to wait before a lost connection is tried again."""

import random
from collections.abc import Callable

FIRST, LONGEST = 1.0, 60.0


class Backoff:
    """Doubles from one second to a minute, with jitter so that many clients do not come at once."""

    def __init__(self, chance: Callable[[], float] = random.random):
        self._chance = chance
        self.reset()

    def next(self) -> float:
        """Return the seconds to wait now: between half of the step and the step."""
        step, self._step = self._step, min(2 * self._step, LONGEST)
        return step * (0.5 + 0.5 * self._chance())

    def reset(self) -> None:
        """Begin anew: the connection stands."""
        self._step = FIRST
