"""What the page of a report carries inside itself: colours, font and the chart library."""

import re
from base64 import b64encode
from functools import cache

from services.settings import ROOT

_ASSETS = ROOT / "assets"
_STYLES = _ASSETS / "zz"
_FONT = _ASSETS / "vendor" / "inter" / "inter-latin-wght-normal.woff2"
_LIBRARY = _ASSETS / "vendor" / "plotly" / "plotly-finance.min.js"
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_TOKEN = re.compile(r"(--[a-z0-9-]+)\s*:\s*([^;]+);")
_LIGHT, _DARK = '[data-bs-theme="light"]', '[data-bs-theme="dark"]'


@cache
def tokens() -> tuple[dict[str, str], dict[str, str]]:
    """Return the program's colour tokens by name, of the light and of the dark theme."""
    light: dict[str, str] = {}
    dark: dict[str, str] = {}
    for path in sorted(_STYLES.glob("*.css")):
        for selectors, body in _RULE.findall(_COMMENT.sub("", path.read_text("utf-8"))):
            names = {name.strip() for name in selectors.split(",")}
            found = {n: v.strip() for n, v in _TOKEN.findall(body) if not _is_foreign(n)}
            if names & {":root", _LIGHT}:
                light |= found
            if names & {":root", _DARK}:
                dark |= found
    return light, dark


@cache
def theme_css() -> str:
    """Return the tokens as CSS: dark where the reader's system is, light on paper."""
    light, dark = (
        "".join(f"{name}:{value};" for name, value in theme.items()) for theme in tokens()
    )
    return (
        f":root{{color-scheme:light;{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark)"
        f"{{:root:not([data-print]){{color-scheme:dark;{dark}}}}}"
    )


@cache
def font_css() -> str:
    """Return the program's font as CSS with the file inside."""
    data = b64encode(_FONT.read_bytes()).decode()
    return (
        "@font-face{font-family:Inter;font-weight:100 900;"
        f"src:url(data:font/woff2;base64,{data})format('woff2')}}"
    )


@cache
def chart_library() -> str:
    """Return the chart library so that it can stand inside a script element."""
    return _LIBRARY.read_text("utf-8").replace("</script", "<\\/script")


def _is_foreign(name: str) -> bool:
    return name.startswith(("--bs-", "--ag-", "--Dash-"))
