"""Dialogs: the browser's own, which hold the focus, close with Escape and give it back.

A button opens or closes one by naming it, and any button may ask before it acts; one script
listens for all of them.
"""

from typing import Any

from dash import html


def dialog(
    id: str, title: str, content: Any, actions: Any = None, *, class_name: str = ""
) -> html.Dialog:
    """Return a closed dialog with a title, a way to close it, and buttons below its content."""
    head = f"{id}-title"
    return html.Dialog(
        [
            html.Div(
                [
                    html.H2(title, id=head, className="sheet-title"),
                    html.Button(
                        className="btn-close",
                        type="button",
                        **{"aria-label": "Close", "data-closes": id},
                    ),
                ],
                className="sheet-head",
            ),
            html.Div(content, className="sheet-body"),
            html.Div(actions, className="sheet-actions") if actions is not None else None,
        ],
        id=id,
        className=f"sheet {class_name}".strip(),
        **{"aria-labelledby": head},
    )


def opens(id: str) -> dict[str, str]:
    """Return the attributes that make a button open a dialog."""
    return {"data-opens": id, "aria-haspopup": "dialog"}


def closes(id: str) -> dict[str, str]:
    """Return the attributes that make a button close a dialog."""
    return {"data-closes": id}


def asks_first(title: str, text: str, yes: str, *, danger: bool = False) -> dict[str, str]:
    """Return the attributes that make a button ask before its click counts.

    `yes` says what will be done; a danger is shown as one, and Cancel has the focus.
    """
    asked = {"data-ask": title, "data-ask-text": text, "data-ask-yes": yes}
    return asked | ({"data-ask-danger": "true"} if danger else {})
