"""Parts of a page that carry their HTML: what they stand for, and what stays a component."""

from html.parser import HTMLParser

import pytest
from dash import dcc, html

from components.plot import plot
from components.still import still


class Reader(HTMLParser):
    """Reads HTML into nested (tag, attributes, children), as a browser would."""

    def __init__(self, text: str):
        super().__init__()
        self.root: list = []
        self._open = [self.root]
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        element = (tag, dict(attrs), [])
        self._open[-1].append(element)
        if tag != "br":
            self._open.append(element[2])

    def handle_endtag(self, tag):
        self._open.pop()

    def handle_data(self, data):
        self._open[-1].append(data)


def carried(component) -> list:
    return Reader(component.to_plotly_json()["props"]["data-html"]).root


def table(*cells) -> html.Table:
    return html.Table(html.Tbody(html.Tr([html.Td(cell) for cell in cells])))


def test_a_table_is_one_component_with_its_cells_in_it():
    part = still(html.Div(table("a", 2), className="table-scroll", tabIndex="0"))
    props = part.to_plotly_json()["props"]
    assert (props["className"], props["tabIndex"]) == ("table-scroll is-still", "0")
    assert props["children"] is None
    cells = [("td", {}, ["a"]), ("td", {}, ["2"])]
    assert carried(part) == [("table", {}, [("tbody", {}, [("tr", {}, cells)])])]


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", 'a "quote" & <b>', "&lt;", "'"])
def test_what_a_user_wrote_is_text_and_no_markup(text):
    cell = html.Td(text, title=text, **{"aria-label": text, "data-name": text})
    (tag, _, rows), *others = carried(still(html.Div(html.Table([html.Tr(cell), html.Tr()]))))
    assert (tag, others) == ("table", [])
    assert rows[0][2] == [("td", {"title": text, "aria-label": text, "data-name": text}, [text])]


def test_attributes_are_named_as_html_names_them():
    button = html.Button(
        "Show", className="link-button", tabIndex="-1", type="button", hidden=True, title="T"
    )
    shown = html.Td(button, colSpan="2", hidden=False, style={"background": "var(--up)"})
    ((_, _, ((_, cell, (inside,)),)),) = carried(still(html.Table(html.Tr([shown]))))
    assert cell == {"colspan": "2", "style": "background: var(--up)"}
    assert inside[1] == {
        "class": "link-button", "tabindex": "-1", "type": "button", "hidden": None, "title": "T",
    }  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [
        html.Button("with a name for callbacks", id="named"),
        html.Button("that counts", n_clicks=0),
        dcc.Link("that goes to a page", href="/"),
        plot({"data": []}, "A figure"),
        html.Td(0.1),
        html.Div(style={"marginTop": "1px"}),
    ],
    ids=["id", "clicks", "link", "figure", "float", "style"],
)
def test_what_a_page_may_change_or_dash_writes_otherwise_stays_a_component(other):
    part = still(html.Div([html.Section([table(1, 2), table(3)]), html.Div(other)]))
    first, second = part.children
    assert "data-html" in first.to_plotly_json()["props"]
    assert second.children is other


def test_text_numbers_and_small_parts_are_left_alone():
    small = html.P([html.B("two"), " words"])
    assert still([small, "text", 3, None]) == [small, "text", 3, None]
    assert small.children[1] == " words"


def test_what_is_still_already_stays_as_it_is():
    once = still(html.Div(table(1, 2)))
    assert still(once) is once
