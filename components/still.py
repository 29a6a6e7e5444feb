"""Parts of a page that nothing will change, sent as one component that carries their HTML.

Dash keeps books on every component and asks each of them whenever anything on the page changes.
What only tells something, as a table of figures, is spared that; assets/still.js puts it there.
"""

from html import escape
from typing import Any

from dash.development.base_component import Component

CLASS, CARRIED = "is-still", "data-html"
_LEAST = 3  # components that one must stand for to be worth it
_VOID = frozenset({"br", "hr", "img"})
_NAMES = {"className": "class", "tabIndex": "tabindex", "colSpan": "colspan", "rowSpan": "rowspan"}
_PLAIN = frozenset({"title", "role", "scope", "href", "type", "download", *_NAMES})
_CHILDREN = "children"
_HTML = "dash_html_components"


def still(content: Any) -> Any:
    """Return content in which each part of plain HTML is one component.

    What has an id, draws a figure or is no HTML stays a component, and is looked into.
    """
    if isinstance(content, list | tuple):
        return [still(part) for part in content]
    if not isinstance(content, Component) or hasattr(content, CARRIED):
        return content
    children = getattr(content, _CHILDREN, None)
    if _is_html(content) and _count(children) >= _LEAST:
        html = _html(children)
        if html is not None:
            return _carrier(content, html)
    if children is not None:
        content.children = still(children)
    return content


def _carrier(component: Component, html: str) -> Component:
    """Return the component with HTML for the page's script to put in the place of its children."""
    props = {name: value for name, value in _props(component).items() if name != _CHILDREN}
    props["className"] = f"{props.get('className', '')} {CLASS}".strip()
    return type(component)(**props, **{CARRIED: html})


def _html(content: Any) -> str | None:
    """Return content as HTML that a browser shows as Dash would, or None if it is not so plain."""
    if content is None:
        return ""
    if isinstance(content, str) or type(content) is int:
        return escape(str(content), quote=False)
    if isinstance(content, list | tuple):
        parts = []
        for part in content:
            parts.append(_html(part))
            if parts[-1] is None:
                return None
        return "".join(parts)
    return _element(content) if isinstance(content, Component) and _is_html(content) else None


def _element(component: Component) -> str | None:
    props = _props(component)
    attributes = [_attribute(*prop) for prop in props.items() if prop[0] != _CHILDREN]
    inner = _html(props.get(_CHILDREN))
    if inner is None or None in attributes:
        return None
    tag = component._type.lower()
    start = f"<{tag}{''.join(attributes)}>"
    return start if tag in _VOID else f"{start}{inner}</{tag}>"


def _attribute(name: str, value: Any) -> str | None:
    """Return an attribute as it is written, or None for one that is more than text."""
    if name == "hidden" and isinstance(value, bool):
        return " hidden" if value else ""
    if name == "style":
        value = _style(value)
        return None if value is None else f' style="{escape(value)}"'
    known = name in _PLAIN or (name.startswith(("aria-", "data-")) and name != "data-figure")
    if not known or not isinstance(value, str):
        return None
    return f' {_NAMES.get(name, name)}="{escape(value)}"'


def _style(rules: dict[str, Any]) -> str | None:
    """Return rules whose names are the same in CSS, or None where one is not."""
    if not all(name.islower() and isinstance(text, str) for name, text in rules.items()):
        return None
    return "; ".join(f"{name}: {text}" for name, text in rules.items())


def _count(content: Any) -> int:
    if isinstance(content, list | tuple):
        return sum(map(_count, content))
    if not isinstance(content, Component):
        return 0
    return 1 + _count(getattr(content, _CHILDREN, None))


def _is_html(component: Component) -> bool:
    return component._namespace == _HTML


def _props(component: Component) -> dict[str, Any]:
    return component.to_plotly_json()["props"]
