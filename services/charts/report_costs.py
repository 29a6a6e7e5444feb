"""The figure of costs: what the run would have returned had trading been cheaper or dearer."""

from services.analysis.costs import BreakEven, CostCurve
from services.charts import report_layout as look
from services.charts.report_layout import Figure


def cost_figure(curve: CostCurve) -> Figure:
    """Draw return against cost with the run's own place and the break-even cost.

    The axis counts multiples of the run's costs; for a run without any, the cost of a round trip
    as a fraction of the trade's value.
    """
    x = [p.multiple if curve.by_multiple else 2 * p.per_side for p in curve.points]
    form = ".2~f" if curve.by_multiple else ".2~%"
    suffix = " ×" if curve.by_multiple else ""
    traces = [
        look.line(
            name,
            x,
            [getattr(point, attribute) for point in curve.points],
            colour,
            "%{y:.2%}",
            mode="lines+markers",
            marker={"size": 6, "color": colour},
        )
        for name, attribute, colour in (
            ("Strategy", "total_return", "--equity"),
            ("Buy & Hold", "benchmark_return", "--benchmark"),
        )
    ]
    own = 1.0 if curve.by_multiple else 0.0
    marks = [(own, "this run", "--muted", 1.0), *_break_evens(curve, x[-1])]
    words = "Costs, times those of this run" if curve.by_multiple else "Cost of a round trip"
    return look.figure(
        traces,
        margin={"l": 12, "r": 64, "t": 30, "b": 48, "pad": 0},
        xaxis=look.x_axis(
            title={"text": words}, tickformat=form, ticksuffix=suffix, hoverformat=form
        ),
        yaxis=look.y_axis(".3~%"),
        shapes=[look.level(0.0), *(look.upright(at, colour) for at, _, colour, _ in marks)],
        annotations=[look.beside(at, text, colour, y) for at, text, colour, y in marks],
    )


def _break_evens(curve: CostCurve, most: float) -> list[tuple[float, str, str, float]]:
    """Return the places of the break-evens that lie on the axis, with their words."""
    even: BreakEven = curve.break_even
    places = (even.multiple, even.multiple_benchmark)
    if not curve.by_multiple:
        places = (even.total, even.total_benchmark)
    named = zip(places, ("break-even", "equals Buy & Hold"), ("--down", "--warn"), strict=True)
    return [
        (at, text, colour, 0.91 - 0.09 * n)
        for n, (at, text, colour) in enumerate(named)
        if at is not None and at <= most
    ]
