"""The way from nothing to a first chart: three ways to bring bars in, the quickest first."""

from collections.abc import Mapping
from typing import Any

from dash import dcc, html

from components.icons import icon

START = "first-start"
_COMMANDS = (
    "python -m scripts.ingest --source sample\n"
    "python -m scripts.ingest -s AAPL -r 1d --file prices.csv"
)


def step_id(place: int) -> str:
    """Return the id of a sample's line in the list; its `className` tells how far it is."""
    return f"first-step-{place}"


def first_steps(samples: Mapping[str, str]) -> html.Section:
    """Return the card; `samples` are the symbols that ship, with their names."""
    names = ", ".join(samples)
    start = html.Button(
        [icon("play-fill"), " Load the samples and run a first backtest"],
        id=START,
        type="button",
        className="btn btn-primary",
    )
    steps = [_step(place, symbol, name) for place, (symbol, name) in enumerate(samples.items())]
    return html.Section(
        [
            html.H2("From nothing to a first chart", className="first-title"),
            html.P("Charts and backtests are made of stored price bars: bring some in."),
            html.Div(
                [
                    _way(
                        "collection",
                        "Try it with the samples",
                        f"Real daily bars of {names}, 2000 to 2013. They ship with the program: "
                        "no account, no download.",
                        start,
                        html.Ul(steps, className="first-list", role="status"),
                        kind="is-first",
                    ),
                    _way(
                        "cloud-download",
                        "Fetch from Interactive Brokers",
                        "Any symbol and resolution that your account may see, through a running "
                        "TWS or Gateway.",
                        _link("Choose a symbol", "/data?add=1"),
                    ),
                    _way(
                        "file-earmark-arrow-up",
                        "Drop a file",
                        "CSV of any vendor: columns, dates and separators are recognised and "
                        "shown before anything is stored.",
                        _link("Choose a file", "/data?add=1#drop-zone"),
                    ),
                ],
                className="first-ways",
            ),
            html.Details(
                [html.Summary("The same on the command line"), html.Pre(_COMMANDS)],
                className="first-commands",
            ),
        ],
        className="panel first-steps",
    )


def _way(sign: str, title: str, text: str, *content: Any, kind: str = "") -> html.Div:
    return html.Div(
        [
            icon(sign, "first-icon"),
            html.H3(title, className="first-way-title"),
            html.P(text, className="first-text"),
            *content,
        ],
        className=f"first-way {kind}".strip(),
    )


def _link(text: str, address: str) -> dcc.Link:
    return dcc.Link(text, href=address, className="btn btn-outline-primary")


def _step(place: int, symbol: str, name: str) -> html.Li:
    words = [html.B(symbol), f" {name}: ", html.Span(id=f"{step_id(place)}-words")]
    return html.Li(words, id=step_id(place), hidden=True)
