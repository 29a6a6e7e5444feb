"""The best of a study when orders are filled otherwise, when trading costs more, span by span."""

from dash import html
from dash.development.base_component import Component

from components.evidence_parts import unbroken
from components.format import metric_text_of
from components.report_parts import panel, plain_table, signed_cell, table_row
from services.studies.cost_sensitivity import CostRow, CostSensitivity
from services.studies.evidence import Evidence
from services.validation import FoldTest, Stress, StressRow
from services.wording import MISSING, grouped, params_text

_AS_ASSUMED = "as assumed"
_CANNOT = (
    "The best combination does not come out the same when it is traded again, so that this cannot "
    "be told."
)


def stress_parts(found: Evidence) -> list[Component]:
    """Return the panels of fills and of costs, and of spans where there are enough returns."""
    if found.stress is None or found.costs is None:
        parts = [panel("Filled otherwise, or at other costs", html.P(_CANNOT))]
    else:
        parts = [stress_panel(found.stress), costs_panel(found.costs)]
    return parts if found.folds is None else [*parts, folds_panel(found.folds)]


def stress_panel(found: Stress) -> html.Section:
    """Return the run under each assumption about its fills."""
    head = ("Assumption", "Return", "Sharpe", "Max drawdown")
    return panel(
        "If orders were filled otherwise",
        plain_table("Results by fill", head, [_fill(row) for row in found.rows]),
        note=unbroken(f"{found.text} One assumption is changed at a time."),
    )


def costs_panel(found: CostSensitivity) -> html.Section:
    """Return the run at other costs, and whether it stays the best."""
    head = ("Costs", "Return", "Sharpe", "Max drawdown", "Rank", "The best then")
    return panel(
        "If trading cost more, or less",
        plain_table("Results by costs", head, [_cost(row) for row in found.rows]),
        note=unbroken(found.text),
    )


def folds_panel(found: FoldTest) -> html.Section:
    """Return the Sharpe of each span, beside that of what the other spans would have chosen."""
    head = ("Span", "Sharpe", "Best of the others")
    rows = [
        table_row(
            f"{fold.start:%Y-%m-%d} to {fold.end:%Y-%m-%d}",
            *(_ratio(value) for value in (fold.chosen, fold.anew)),
        )
        for fold in found.folds
    ]
    note = found.text
    if found.anew is not None:
        note += (
            f" Before and after each span {found.purge:,} returns are left out of the choice: as "
            "many as the longest trade lasts, at most half a span."
        )
    return panel("Span by span", plain_table("Sharpe by span", head, rows), note=note)


def _fill(row: StressRow) -> html.Tr:
    return table_row(
        _marked(row.name, row.is_own),
        signed_cell("percent", row.total_return),
        metric_text_of("sharpe", row.sharpe),
        metric_text_of("max_drawdown", row.max_drawdown),
        className="is-chosen" if row.is_own else "",
    )


def _cost(row: CostRow) -> html.Tr:
    name = f"{row.per_side * 1e4:g} bp a side" if row.multiple is None else f"{row.multiple:g} ×"
    best = MISSING if row.best is None else "the same" if row.rank == 1 else params_text(row.best)
    return table_row(
        _marked(name, row.is_own),
        signed_cell("percent", row.metrics["total_return"]),
        metric_text_of("sharpe", row.metrics["sharpe"]),
        metric_text_of("max_drawdown", row.metrics["max_drawdown"]),
        MISSING if row.rank is None else f"{row.rank:,} of {row.ranked:,}",
        best,
        className="is-chosen" if row.is_own else "",
    )


def _marked(name: str, is_own: bool) -> list | str:
    return [name, html.Span(_AS_ASSUMED, className="row-note")] if is_own else name


def _ratio(value: float | None) -> str:
    return MISSING if value is None else grouped(value, 2)
