"""The colours of the style sheet: read as text, and gains and losses told apart by everyone."""

import re
from itertools import product
from pathlib import Path

import pytest

SHEET = Path(__file__).parent.parent / "assets" / "zz" / "10-tokens.css"
GROUNDS = ("--bg", "--surface", "--surface-2", "--accent-soft")
TEXTS = ("--text", "--muted", "--accent", "--accent-strong", "--danger", "--up", "--down")
# Names in a chart's legend have the colours of their lines.
LINES = ("--line-1", "--line-2", "--line-3", "--line-4", "--equity", "--benchmark")
LOOKS = tuple(product(("light", "dark"), ("standard", "safe")))
ENOUGH_FOR_TEXT = 4.5  # WCAG 2.2, success criterion 1.4.3


def tokens(theme: str, palette: str) -> dict[str, str]:
    """Return the values that hold on a root element of that theme and palette."""
    plain = re.sub(r"/\*.*?\*/", "", SHEET.read_text(), flags=re.DOTALL)
    weak, strong = {}, {}
    for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", plain):
        values = dict(re.findall(r"(--[\w-]+)\s*:\s*([^;]+);", body))
        for selector in map(str.strip, selectors.split(",")):
            if selector in (":root", f'[data-bs-theme="{theme}"]'):
                weak |= values
            elif selector == f'[data-palette="{palette}"][data-bs-theme="{theme}"]':
                strong |= values
    return weak | strong


def luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(k * p for k, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def lightness(colour: str) -> float:
    """Return L* of CIELAB, 0 to 100."""
    y = luminance(colour)
    return 116 * y ** (1 / 3) - 16 if y > 216 / 24389 else y * 24389 / 27


def test_black_on_white_is_the_most_there_is():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize(("theme", "palette"), LOOKS)
def test_every_colour_of_text_is_read_on_every_ground(theme, palette):
    values = tokens(theme, palette)
    pairs = {(text, ground): contrast(values[text], values[ground])
             for text, ground in product(TEXTS, GROUNDS)}  # fmt: skip
    pairs |= {(line, "--surface"): contrast(values[line], values["--surface"]) for line in LINES}
    pairs["--warn", "--warn-soft"] = contrast(values["--warn"], values["--warn-soft"])
    pairs["--on-accent", "--accent"] = contrast(values["--on-accent"], values["--accent"])
    pairs["--success", "--surface"] = contrast(values["--success"], values["--surface"])
    assert {pair: c for pair, c in pairs.items() if c < ENOUGH_FOR_TEXT} == {}


@pytest.mark.parametrize(("theme", "palette"), LOOKS)
def test_gains_and_losses_differ_in_lightness_too(theme, palette):
    values = tokens(theme, palette)
    assert abs(lightness(values["--up"]) - lightness(values["--down"])) > 9


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_safe_gains_and_losses_differ_in_blue_which_the_colour_blind_see(theme):
    values = tokens(theme, "safe")
    up, down = (int(values[name][5:7], 16) for name in ("--up", "--down"))
    assert up - down > 100
