"""What a walk-forward's one curve of unseen bars is worth, in numbers with their definition."""

import math

from dash import html

from components.evidence_parts import (
    Said,
    luck_panel,
    ratio_text,
    share_text,
    span_text,
    sure_text,
    whole_percent,
)
from services.studies.walk_evidence import WalkEvidence
from services.wording import MISSING, counted

DEFINITIONS = {
    "Sharpe, unseen": "The yearly Sharpe of all tests in a row, on bars that no choice had seen, "
    "beside the mean of what the choices had on the bars that they were made on.",
    "Deflated Sharpe": "The probability that the true Sharpe is above what luck alone would show, "
    "given the length and the shape of the returns and how many walk-forwards of this strategy "
    "and series were made. Under 95 % is no evidence.",
    "Sharpe, redrawn": "The Sharpe of the same unseen returns drawn again in blocks, in nine of "
    "ten cases. If it reaches below zero, the result may be chance.",
    "Return, redrawn": "The whole return of the same unseen returns drawn again in blocks, in "
    "nine of ten cases, and how often it was a loss.",
    "Drawdown, redrawn": "The max drawdown of the same returns drawn again in blocks: how deep it "
    "may get although nothing has changed.",
    "Random timing": "How often positions of the same lengths, taken at random moments of the "
    "same bars, did as well. More than 5 % is no sign that the timing matters.",
    "Windows with profit": "How many tests ended with more than they began with.",
}


def walk_evidence_panel(found: WalkEvidence) -> html.Div:
    """Return the tests of a walk-forward: numbers, sentences, look-ahead."""
    look = found.tests.look_ahead
    panel = luck_panel(_numbers(found), DEFINITIONS, found.verdict, look, "")
    return html.Div(panel, className="opt-results")


def _numbers(found: WalkEvidence) -> Said:
    tests, deflated = found.tests, found.deflated
    a = math.sqrt(tests.periods_a_year)
    walks = "1 walk-forward" if deflated.trials == 1 else f"{deflated.trials:,} walk-forwards"
    loss = tests.probability_of_loss
    return {
        "Sharpe, unseen": (
            ratio_text(deflated.sharpe, a),
            f"the choices had {ratio_text(tests.before)} before",
        ),
        "Deflated Sharpe": (sure_text(deflated.dsr), f"should be above 95 %; {walks}"),
        "Sharpe, redrawn": (
            span_text(tests.sharpe.p5, tests.sharpe.p95), "in nine of ten cases"
        ),
        "Return, redrawn": (
            span_text(tests.total_return.p5, tests.total_return.p95, whole_percent),
            f"a loss in {MISSING if loss is None else whole_percent(loss)} of all cases",
        ),
        "Drawdown, redrawn": (
            span_text(tests.max_drawdown.p5, tests.max_drawdown.p95, whole_percent),
            f"of {counted(tests.trades, 'trade')} redrawn: "
            f"{span_text(tests.trades_drawdown.p5, tests.trades_drawdown.p95, whole_percent)}",
        ),
        "Random timing": (share_text(tests.timing_p_value), "should be below 5 %"),
        "Windows with profit": (f"{tests.profitable} of {tests.windows}", "ended higher"),
    }  # fmt: skip
