"""What the evidence is worth, in plain words: the verdict, and the numbers it rests on."""

import math

from dash import html

from components.evidence_parts import Said, luck_panel, ratio_text, share_text, span_text, sure_text
from components.icons import icon
from components.optimise_stress import stress_parts
from components.optimise_walk_evidence import walk_evidence_panel
from services.optimise.plateau import Plateau
from services.studies.evidence import Evidence
from services.studies.walk_evidence import WalkEvidence
from services.validation import Verdict
from services.wording import MISSING, grouped

_LOOKS = {
    "no evidence": ("slash-circle", "No evidence of skill"),
    "weak": ("exclamation-triangle", "Weak evidence of skill"),
    "some": ("check-circle", "Some evidence of skill"),
    "strong": ("check-circle-fill", "Strong evidence of skill"),
}
DEFINITIONS = {
    "Trials": "Combinations ever tried of this strategy on this series, in every study and saved "
    "run: the more were tried, the better the best of them looks by luck alone.",
    "Best by luck": "The Sharpe that the best of so many trials without any skill is expected to "
    "show (Bailey and López de Prado, 2014).",
    "Deflated Sharpe": "The probability that the true Sharpe is above what luck alone would show, "
    "given the length and the shape of the returns. Under 95 % is no evidence.",
    "PBO": "Probability of backtest overfitting: in how many of the ways to split the bars in two "
    "the best on one half came out in the lower half on the other (Bailey and others, 2017).",
    "Sharpe, redrawn": "The Sharpe of the same returns drawn again in blocks, in nine of ten "
    "cases. If it reaches below zero, the result may be chance.",
    "Random timing": "How often positions of the same lengths, taken at random moments, did as "
    "well as the best combination. More than 5 % is no sign that its timing matters.",
    "Around the best": "The objective of the neighbours of the best combination beside its own. A "
    "plateau holds when the market shifts a little; a lonely peak does not.",
}


def verdict_banner(verdict: Verdict) -> html.Div:
    """Return the verdict in one line, as visible as the result itself."""
    sign, words = _LOOKS[verdict.level]
    return html.Div(
        [icon(sign), html.Strong(words), html.Span(verdict.decisive)],
        className=f"opt-verdict is-{verdict.level.replace(' ', '-')}",
        role="status",
    )


def evidence_panel(found: Evidence | WalkEvidence) -> html.Div:
    """Return the tests: every number with its definition on hover, the sentences, the tables."""
    if isinstance(found, WalkEvidence):
        return walk_evidence_panel(found)
    luck = luck_panel(_numbers(found), DEFINITIONS, found.verdict, found.look_ahead, found.caution)
    return html.Div([luck, *stress_parts(found)], className="opt-results")


def _numbers(found: Evidence) -> Said:
    a = math.sqrt(found.periods_a_year)
    deflated, pbo, band = found.deflated, found.overfitting, found.bootstrap
    return {
        "Trials": (grouped(deflated.trials, 0), "of this strategy and series"),
        "Best by luck": (
            ratio_text(deflated.expected_max, a),
            f"the best here has {ratio_text(deflated.sharpe, a)}",
        ),
        "Deflated Sharpe": (sure_text(deflated.dsr), "should be above 95 %"),
        "PBO": (
            share_text(pbo.pbo if pbo else None),
            f"of {pbo.splits:,} splits; {found.compared:,} compared"
            if pbo and pbo.splits
            else "not tested",
        ),
        "Sharpe, redrawn": (
            span_text(band.sharpe.p5, band.sharpe.p95),
            "in nine of ten cases",
        ),
        "Random timing": (share_text(found.timing.p_value), "should be below 5 %"),
        "Around the best": _around(found.plateau),
    }


def _around(plateau: Plateau | None) -> tuple[str, str]:
    if plateau is None or plateau.peak is None:
        return MISSING, "not tested"
    peak = plateau.peak
    words = {True: "a lonely peak", False: "a plateau", None: "nothing to compare"}
    return ratio_text(
        peak.around
    ), f"{words[plateau.lonely]}; the best has {ratio_text(peak.value)}"
