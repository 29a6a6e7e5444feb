"""Icons and the logo, drawn by the vendored icon font and an inline picture."""

from dash import html


def icon(name: str, class_name: str = "") -> html.I:
    """Return a Bootstrap icon by name; it is decoration, so screen readers pass over it."""
    return html.I(className=f"bi bi-{name} {class_name}".strip(), **{"aria-hidden": "true"})
