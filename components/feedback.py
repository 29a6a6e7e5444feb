"""What the user sees instead of content: nothing yet, a failure, work under way; and toasts."""

from typing import Any

from dash import html, set_props

from components.icons import icon

TOAST_STORE = "toast-message"


def show_toast(text: str, kind: str = "info") -> None:
    """Show a sentence in the corner (`kind`: info, success or error); only within a callback."""
    set_props(TOAST_STORE, {"data": {"text": text, "kind": kind}})


def empty_state(title: str, text: Any, action: Any = None, icon_name: str = "inbox") -> html.Div:
    """Return what stands where there is nothing to list: why, and the next step."""
    return _state("empty-state", icon_name, title, text, action)


def error_state(title: str, text: Any, action: Any = None) -> html.Div:
    """Return what stands where something failed: the sentence and a way on."""
    state = _state("error-state", "exclamation-triangle", title, text, action)
    state.role = "alert"
    return state


def skeleton(height: int = 120, count: int = 1) -> html.Div:
    """Return grey blocks that hold the place of content on its way; `height` in pixels."""
    blocks = [html.Div(className="skeleton", style={"height": height}) for _ in range(count)]
    return html.Div(blocks, className="skeletons", **{"aria-hidden": "true"})


def _state(class_name: str, icon_name: str, title: str, text: Any, action: Any) -> html.Div:
    return html.Div(
        [
            icon(icon_name, "state-icon"),
            html.H2(title, className="state-title"),
            html.Div(text, className="state-text"),
            html.Div(action, className="state-action") if action is not None else None,
        ],
        className=f"state {class_name}",
    )
