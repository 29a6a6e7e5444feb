"""Buttons that tell the page what to do by their own attributes; its script passes them on."""

from typing import Any

from dash import dcc, html

from components.icons import icon

COMMAND = "page-command"


def command_store() -> dcc.Store:
    """Return where the last command stands: what to `do`, the button's attributes, and when."""
    return dcc.Store(id=COMMAND)


def command_button(
    do: str,
    text: str,
    icon_name: str = "",
    *,
    look: str = "btn-outline-secondary",
    size: str = "btn-sm",
    title: str | None = None,
    disabled: bool = False,
    **attributes: Any,
) -> html.Button:
    """Return a button that says `do`, with its attributes, to whoever listens to COMMAND.

    Lists of many such buttons need no callback each, and may be drawn again at any time.
    """
    return html.Button(
        [icon(icon_name), f" {text}"] if icon_name else text,
        type="button",
        title=title,
        disabled=disabled,
        className=f"btn {size} {look}",
        **{"data-do": do, **{f"data-{name}": str(value) for name, value in attributes.items()}},
    )
