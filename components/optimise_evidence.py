"""What the evidence is worth, in plain words: the verdict, and the numbers it rests on."""

import math

from dash import html

from components.icons import icon
from components.optimise_stress import stress_parts
from components.report_parts import panel
from services.look_ahead import LookAhead
from services.studies.evidence import Evidence
from services.validation import NO_SKILL, Plateau, Verdict
from services.wording import MISSING, grouped, percent_text

_LOOKS = {
    "no evidence": ("slash-circle", "No evidence of skill"),
    "weak": ("exclamation-triangle", "Weak evidence of skill"),
    "some": ("check-circle", "Some evidence of skill"),
    "strong": ("check-circle-fill", "Strong evidence of skill"),
}
# What the tests say where they allow no better word.
_LIMITS = {
    "no evidence": (NO_SKILL,),
    "weak": ("is overfitted", "is not shown to matter"),
    "some": ("is doubtful", "a lonely peak", "hangs on the fills", "Not tested"),
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
        [icon(sign), html.Strong(words), html.Span(_decisive(verdict))],
        className=f"opt-verdict is-{verdict.level.replace(' ', '-')}",
        role="status",
    )


def _decisive(verdict: Verdict) -> str:
    """Return the sentence that keeps the verdict from being better, else the first."""
    limits = _LIMITS.get(verdict.level, ())
    held_back = (text for text in verdict.sentences if any(words in text for words in limits))
    return next(held_back, verdict.sentences[0])


def evidence_panel(found: Evidence) -> html.Div:
    """Return the tests: every number with its definition on hover, the sentences, the tables."""
    cards = [_card(name, *said) for name, said in _numbers(found).items()]
    caution = html.P(found.caution, className="caution") if found.caution else None
    luck = panel(
        "Is it more than luck?",
        caution,
        html.Div(cards, className="metric-cards"),
        _sentences(found.verdict),
        _looked_ahead(found.look_ahead),
    )
    return html.Div([luck, *stress_parts(found)], className="opt-results")


def _sentences(verdict: Verdict) -> html.Ul:
    return html.Ul([html.Li(text) for text in verdict.sentences], className="opt-words")


def _looked_ahead(look: LookAhead) -> html.P:
    return html.P(look.text, className="caution" if look.status == "peeks" else "opt-message")


def _numbers(found: Evidence) -> dict[str, tuple[str, str]]:
    a = math.sqrt(found.periods_a_year)
    deflated, pbo, band = found.deflated, found.overfitting, found.bootstrap
    return {
        "Trials": (grouped(deflated.trials, 0), "of this strategy and series"),
        "Best by luck": (
            _ratio(deflated.expected_max, a),
            f"the best here has {_ratio(deflated.sharpe, a)}",
        ),
        "Deflated Sharpe": (_percent(deflated.dsr), "should be above 95 %"),
        "PBO": (
            _percent(pbo.pbo if pbo else None),
            f"of {pbo.splits:,} splits; {found.compared:,} compared"
            if pbo and pbo.splits
            else "not tested",
        ),
        "Sharpe, redrawn": (
            f"{_ratio(band.sharpe.p5)} to {_ratio(band.sharpe.p95)}" if band else MISSING,
            "in nine of ten cases" if band else "not tested",
        ),
        "Random timing": (_percent(found.timing.p_value), "should be below 5 %"),
        "Around the best": _around(found.plateau),
    }


def _around(plateau: Plateau | None) -> tuple[str, str]:
    if plateau is None or plateau.peak is None:
        return MISSING, "not tested"
    peak = plateau.peak
    words = {True: "a lonely peak", False: "a plateau", None: "nothing to compare"}
    return _ratio(peak.around), f"{words[plateau.lonely]}; the best has {_ratio(peak.value)}"


def _card(name: str, value: str, note: str) -> html.Div:
    definition = DEFINITIONS[name]
    return html.Div(
        [
            html.Div(name, className="metric-label"),
            html.Div(value, className="metric-value"),
            html.Div(note, className="metric-benchmark", title=note),
        ],
        className="metric-card",
        title=definition,
        role="group",
        tabIndex="0",
        **{
            "aria-label": f"{name}: {value}, {note}",
            "aria-description": definition,
            "data-metric": name,
        },
    )


def _ratio(value: float | None, scale: float = 1.0) -> str:
    return MISSING if value is None else grouped(value * scale, 2)


def _percent(value: float | None) -> str:
    return MISSING if value is None else percent_text(value)
