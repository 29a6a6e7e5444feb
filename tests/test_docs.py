"""The documents name what there is: they fail when they lag."""

import re
from pathlib import Path

import pytest
from real_bars import real_bars

from dashboard.shell import NAVIGATION
from docs.pictures import PICTURES
from services.backtest import run_backtest
from services.settings import Settings
from services.version import VERSION
from strategies.registry import STRATEGIES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
GUIDE = (ROOT / "docs" / "user-guide.md").read_text()
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_readme_explains_each_strategy(name):
    assert f"| `{name}` |" in README


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_readme_explains_each_setting(name):
    assert f"`{name.upper()}`" in README


@pytest.mark.parametrize(
    "name", sorted({p.stem for p in (ROOT / "scripts").glob("*.py")} - {"__init__"})
)
def test_the_readme_shows_each_command(name):
    assert f"python -m scripts.{name}" in README


@pytest.mark.parametrize(
    "room",
    sorted(
        {p.stem for p in (ROOT / "services").iterdir() if p.is_dir() and p.stem != "__pycache__"}
    ),
)
def test_the_architecture_names_each_room(room):
    assert f"services/{room}/" in ARCHITECTURE


@pytest.mark.parametrize("document", ["README.md", "docs/architecture.md", "docs/user-guide.md"])
def test_links_lead_somewhere(document):
    path = ROOT / document
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", path.read_text()):
        assert (path.parent / target).exists(), target


@pytest.mark.parametrize("name", [name for name, _path, _icon, _active in NAVIGATION])
def test_the_user_guide_walks_through_each_page(name):
    assert name in GUIDE


def test_the_user_guide_shows_each_picture_that_is_made():
    shown = GUIDE + README
    for picture in PICTURES:
        assert f"images/{picture.name}.png" in shown, picture.name


def test_the_changelog_tells_of_this_version():
    assert f"## {VERSION}" in (ROOT / "CHANGELOG.md").read_text()
    assert f'version = "{VERSION}"' in (ROOT / "pyproject.toml").read_text()


def test_the_strategy_in_the_readme_works_as_written():
    code = README.split("```python\n")[1].split("```")[0]
    names = {}
    exec(code, names)
    result = run_backtest(real_bars("GOOG"), names["MyStrategy"]())
    assert len(result.trades) > 50
    assert [line.label for line in result.lines] == ["ma20"]
