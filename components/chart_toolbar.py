"""The toolbar over a chart; assets/chart/toolbar.js acts on it and shows what is set."""

from dash import html

from components.dialog import dialog, opens
from components.icons import icon
from components.still import still

HELP = "chart-help"
# As the server knows them; the page's script sends the browser's own zone for "local".
STYLES = {
    "candles": "Candles",
    "ohlc": "OHLC bars",
    "line": "Line",
    "heikin_ashi": "Heikin-Ashi",
}
ZONES = {"exchange": "Exchange", "utc": "UTC", "local": "Local"}
RANGES = {
    "1D": "The last day",
    "5D": "The last five days",
    "1M": "The last month",
    "6M": "The last six months",
    "YTD": "Since the year began",
    "1Y": "The last year",
    "5Y": "The last five years",
    "All": "Everything",
}
_KEYS = (
    ("← →", "Move through time"),
    ("+ −", "Zoom in and out"),
    ("Home End", "First and last bars"),
    ("Esc", "All bars; double-click does the same"),
    ("[ ]", "Previous and next trade"),
    ("m", "Measure: then drag over the price"),
)
_POINTER = (
    ("Wheel or pinch", "Zoom around the pointer"),
    ("Drag", "Move along the time axis"),
    ("Shift and drag", "Measure bars, time and price change"),
)


def chart_toolbar() -> html.Div:
    """Return the controls that every chart has."""
    return html.Div(
        [
            html.Div(_ranges(), className="chart-ranges", role="group", **{"aria-label": "Range"}),
            html.Div(
                [
                    _select("style", "Chart style", STYLES),
                    _button("log", "Log", "Log price axis", pressed=False),
                    _select("zone", "Time zone", ZONES),
                ],
                className="chart-look",
            ),
            html.Div(
                [
                    _button("measure", icon("rulers"), "Measure (m)", pressed=False),
                    _button("snapshot", icon("camera"), "Save a picture of the chart"),
                    _button("help", icon("keyboard"), "Keys and gestures of the chart", help=HELP),
                ],
                className="chart-tools",
            ),
        ],
        className="chart-toolbar",
        role="group",
        **{"aria-label": "Chart"},
    )


def chart_help() -> html.Dialog:
    """Return the dialog that lists keys and gestures."""
    return dialog(
        HELP,
        "Keys and gestures of the chart",
        [
            html.P("The keys work while the chart has the focus.", className="muted"),
            still(html.Dl([part for row in (*_KEYS, *_POINTER) for part in _row(*row)])),
        ],
        class_name="chart-help",
    )


def _ranges() -> list[html.Button]:
    return [
        html.Button(
            name,
            type="button",
            title=title,
            className="chart-button",
            **{"data-chart": "range", "data-range": name, "aria-pressed": "false"},
        )
        for name, title in RANGES.items()
    ]


def _button(
    do: str, content: object, label: str, pressed: bool | None = None, help: str = ""
) -> html.Button:
    state = {} if pressed is None else {"aria-pressed": str(pressed).lower()}
    state |= opens(help) if help else {}
    return html.Button(
        content,
        type="button",
        title=label,
        className="chart-button",
        **{"data-chart": do, "aria-label": label, **state},
    )


def _select(do: str, label: str, options: dict[str, str]) -> html.Select:
    return html.Select(
        [html.Option(text, value=value) for value, text in options.items()],
        className="chart-select",
        **{"data-chart": do, "aria-label": label},
    )


def _row(keys: str, text: str) -> tuple[html.Dt, html.Dd]:
    return html.Dt(html.Kbd(keys)), html.Dd(text)
