"""The list of keys that the program listens to."""

from dash import html

from components.dialog import dialog, opens
from components.icons import icon
from components.still import still

HELP = "keyboard-help"
_GROUPS = (
    (
        "Everywhere",
        (
            (("Ctrl", "K"), "Search pages, symbols, runs and actions"),
            (("?",), "Show this list"),
            (("Esc",), "Close what is open"),
            (("g", "then a letter"), "Go to h Home, d Data, c Chart, b Backtest, r Runs"),
        ),
    ),
    (
        "On a chart that has the focus",
        (
            (("←", "→"), "Move through time"),
            (("+", "−"), "Zoom in and out"),
            (("Home", "End"), "First and last bars"),
            (("Esc",), "All bars; double-click does the same"),
            (("[", "]"), "Previous and next trade"),
            (("m",), "Measure: then drag over the price"),
        ),
    ),
    (
        "In a replay",
        (
            (("←", "→"), "One bar back, one bar on"),
            (("Space",), "Play and pause"),
            (("[", "]"), "Previous and next trade"),
            (("Esc",), "End the replay"),
        ),
    ),
    (
        "In a table",
        (
            (("↑", "↓"), "Move from row to row"),
            (("Enter",), "Sort by the column in whose head the focus is"),
            (("Space",), "Choose the row"),
        ),
    ),
)


def help_button() -> html.Button:
    """Return the button of the header that opens the list."""
    return html.Button(
        icon("question-circle"),
        id="help-open",
        className="icon-button",
        type="button",
        title="Keys (?)",
        **{"aria-label": "Show the keys", "aria-keyshortcuts": "?", **opens(HELP)},
    )


def keyboard_help() -> html.Dialog:
    """Return the list in a dialog, closed."""
    return dialog(
        HELP,
        "Keys",
        still([_group(title, keys) for title, keys in _GROUPS]),
        class_name="keyboard-help",
    )


def _group(title: str, keys: tuple) -> html.Section:
    rows = [
        html.Div([html.Dt([html.Kbd(name) for name in names]), html.Dd(what)], className="key-row")
        for names, what in keys
    ]
    return html.Section([html.H3(title, className="panel-title"), html.Dl(rows)])
