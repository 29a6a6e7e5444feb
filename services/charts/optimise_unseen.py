"""The figure of an objective in-sample against the same on bars that the search did not see."""

import numpy as np

from services.charts import report_layout as look
from services.charts.report_layout import Figure
from services.optimise.objective import Objective


def unseen_figure(before: np.ndarray, after: np.ndarray, objective: Objective) -> Figure:
    """Draw a point a combination, the best in-sample one marked; `before` is sorted, best first."""
    spec = objective.spec
    known = np.isfinite(before) & np.isfinite(after)
    if not known.any():
        return look.empty(f"None of the best has a {spec.label} on the unseen bars.")
    form = ".1%" if spec.kind == "percent" else ".2f"
    best = known & (np.arange(len(before)) == 0)
    traces = [
        _points("tried", before[known & ~best], after[known & ~best], "--benchmark", 7, form),
        _points("the best in-sample", before[best], after[best], "--accent", 11, form),
    ]
    return look.figure(
        [trace for trace in traces if trace["x"]],
        hovermode="closest",
        showlegend=False,
        xaxis=look.x_axis(tickformat=form, title={"text": f"{spec.label} in-sample"}),
        yaxis=look.y_axis(form),
        shapes=[look.level(0.0)],
        annotations=[look.title(f"{spec.label} on unseen bars", 1.0)],
        margin={"l": 12, "r": 64, "t": 30, "b": 44, "pad": 0},
    )


def _points(name: str, x: np.ndarray, y: np.ndarray, colour: str, size: int, form: str) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": x.round(6).tolist(),
        "y": y.round(6).tolist(),
        "marker": {"color": colour, "size": size, "opacity": 0.75},
        "hovertemplate": f"in-sample %{{x:{form}}}, unseen %{{y:{form}}}<extra></extra>",
    }
