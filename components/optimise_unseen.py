"""In-sample beside out-of-sample: what the best combinations made of the bars kept unseen."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from dash import html

from components.format import metric_text_of
from components.plot import plot
from components.report_parts import facts, panel
from services.charts.optimise_unseen import unseen_figure
from services.optimise.objective import Objective
from services.studies.holdout import Unseen, values_of
from services.wording import MISSING, grouped

KEPT = (
    "Spearman's rank correlation between the objective in-sample and on the unseen bars, over the "
    "combinations tried there: 1 keeps their order, 0 is no order, below zero turns it round."
)
_FEWEST_RANKED = 5
_TOP = 10


def unseen_panel(
    frame: pd.DataFrame, found: Unseen, objective: Objective, *, with_front: bool = False
) -> html.Section:
    """Return the panel of the best combinations on unseen bars, beside what they promised.

    `with_front` says that those on the front of several objectives were tried with them.
    """
    before, after = values_of(frame, found, objective)
    label = objective.spec.label
    top = min(_TOP, len(before))
    medians = (float(pd.Series(values[:top]).median()) for values in (before, after))
    count = "one" if top == 1 else grouped(len(before), 0)
    order = html.Span("Order kept", title=KEPT, className="opt-defined", tabIndex="0")
    some = [(f"Median of the best {top}", _pair(objective, *medians))] if top > 1 else []
    rows = [
        ("Kept unseen", f"{found.backtest.start} to {found.backtest.end}"),
        (f"{label} of the best", _pair(objective, before[0], after[0])),
        *some,
        (order, _kept(before, after)),
    ]
    who = f"The best {count}{', those on the front with them,' * with_front}"
    figure = unseen_figure(before, after, objective)
    said = f"{label} of each of the best combinations in-sample and on the unseen bars"
    return panel(
        "Beside bars that the search did not see",
        facts(rows),
        plot(figure, said, 280),
        note=f"{who} traded the last bars, which had no part in the choice; each begins there "
        "without a position. The coloured point is the best in-sample. Unseen only once: who "
        "chooses again after a look at this has seen them.",
    )


def unseen_columns(found: Unseen, names: Sequence[str], length: int) -> pd.DataFrame:
    """Return metrics on the unseen bars as columns beside a study's rows, NaN where not tried."""
    beside = found.frame[list(names)].astype(np.float64).set_index(found.places)
    return beside.reindex(range(length))


def _pair(objective: Objective, before: float, after: float) -> str:
    texts = (metric_text_of(objective.metric, _known(value)) for value in (before, after))
    return " → ".join(texts)


def _kept(before: np.ndarray, after: np.ndarray) -> str:
    both = pd.DataFrame({"before": before, "after": after}).dropna().rank()
    if len(both) < _FEWEST_RANKED or (both.nunique() < 2).any():
        return MISSING
    return grouped(both["before"].corr(both["after"]), 2)


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
