"""Buy below the lower Bollinger band, sell above the upper one."""

from services.indicators import bollinger
from services.parameters import Parameters, param
from services.rules import above, below, column, series
from strategies.base import Strategy


class Bollinger(Strategy):
    """Bet on the return to the mean after a close outside the bands."""

    name = "bollinger"
    rule = "Buy when the close is below the lower band, sell when it is above the upper band."

    class Params(Parameters):
        """Length and width of the bands."""

        period: int = param(20, "bars in the mean", ge=2, le=400, search=(10, 20, 30, 50))
        deviations: float = param(
            2.0, "standard deviations to each band", ge=0.1, le=10, search=(1.5, 2.0, 2.5, 3.0)
        )

    UPPER, MIDDLE, LOWER = drawn = tuple(
        series(bollinger, "period", "deviations", output=i, label=f"{name} band")
        for i, name in enumerate(("Upper", "Middle", "Lower"))
    )
    buy, sell = below(column("close"), LOWER), above(column("close"), UPPER)
