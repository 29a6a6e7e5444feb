"""What panels of evidence are made of: cards of numbers with their definition, sentences."""

from collections.abc import Mapping

from dash import html

from components.report_parts import panel
from services.look_ahead import LookAhead
from services.validation import Verdict
from services.validation.verdict import probability_text
from services.wording import MISSING, grouped, percent_text

Said = Mapping[str, tuple[str, str]]
_TO = " to "


def luck_panel(
    numbers: Said, definitions: Mapping[str, str], verdict: Verdict, look: LookAhead, caution: str
) -> html.Section:
    """Return the panel of the tests: numbers with a note each, the sentences, the look-ahead."""
    return panel(
        "Is it more than luck?",
        html.P(caution, className="caution") if caution else None,
        html.Div(
            [_card(name, *said, definitions[name]) for name, said in numbers.items()],
            className="metric-cards",
        ),
        html.Ul([html.Li(unbroken(text)) for text in verdict.sentences], className="opt-words"),
        html.P(look.text, className="caution" if look.status == "peeks" else "opt-message"),
    )


def _card(name: str, value: str, note: str, definition: str) -> html.Div:
    return html.Div(
        [
            html.Div(name, className="metric-label"),
            html.Div(
                unbroken(value),
                className="metric-value is-span" if _TO in value else "metric-value",
            ),
            html.Div(unbroken(note), className="metric-benchmark", title=note),
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


def ratio_text(value: float | None, scale: float = 1.0) -> str:
    """Write a ratio, or that there is none."""
    return MISSING if value is None else grouped(value * scale, 2)


def share_text(value: float | None) -> str:
    """Write a fraction in percent, or that there is none."""
    return MISSING if value is None else percent_text(value)


def sure_text(value: float | None) -> str:
    """Write a probability as the sentences do, or that there is none."""
    return MISSING if value is None else probability_text(value)


def span_text(low: float | None, high: float | None, write=ratio_text) -> str:
    """Write an interval, or that there is none."""
    return MISSING if low is None or high is None else f"{write(low)}{_TO}{write(high)}"


def whole_percent(value: float) -> str:
    """Write a fraction in whole percents."""
    return f"{grouped(100 * value, 0)} %"


def unbroken(text: str) -> str:
    """Keep a number and its percent sign on one line."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%")
