"""The bar of the replay: a button that starts it; assets/chart/replay.js fills the rest."""

from dash import html

from components.icons import icon

REPLAY_BAR = "replay-bar"
_HELP = (
    "Play the run bar by bar, with nothing of the future visible. It starts in the middle of "
    "what the chart shows, or at the first buy signal when the chart shows the whole run."
)


def replay_bar() -> html.Div:
    """Return the bar that stands above the chart of a run."""
    return html.Div(
        [
            html.Button(
                [icon("play-btn"), " Replay"],
                type="button",
                title=_HELP,
                className="btn btn-sm btn-outline-secondary replay-start",
                **{"data-part": "begin", "aria-description": _HELP},
            ),
            html.Div(className="replay-panel"),
        ],
        id=REPLAY_BAR,
        className="replay-bar",
        role="group",
        **{"aria-label": "Bar replay"},
    )
