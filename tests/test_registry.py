"""The registry: what it holds, what was forgotten, how a bad name or parameter is answered."""

import importlib.util
import math
from pathlib import Path

import pytest

from services.errors import InvalidParams, UnknownStrategy
from services.parameters import parameter_specs
from strategies.base import Strategy
from strategies.registry import STRATEGIES, load_strategy

NAMES = ["ma_cross", "db_ma_cross", "rsi", "bollinger", "macd", "supertrend", "ath_breakout"]
FOLDER = Path(__file__).resolve().parent.parent / "strategies"


def test_the_registry_holds_the_seven_strategies():
    assert list(STRATEGIES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_registered_class_has_its_name_a_rule_in_words_and_documented_parameters(name):
    strategy = load_strategy(name)
    assert type(strategy) is STRATEGIES[name]
    assert strategy.name == name
    assert strategy.rule.endswith(".")
    for spec in parameter_specs(STRATEGIES[name].Params):
        assert spec.help
        assert spec.search, f"{name}.{spec.name} has no values worth searching"
        for value in (spec.default, *spec.search):
            assert not spec.choices or value in spec.choices
            assert spec.minimum is None or spec.minimum <= value
            assert spec.maximum is None or value <= spec.maximum


def test_the_defaults_are_those_of_the_table():
    defaults = {name: load_strategy(name).params.model_dump() for name in NAMES}
    assert defaults == {
        "ma_cross": {"fast": 20, "slow": 50},
        "db_ma_cross": {},
        "rsi": {"period": 14, "lower": 30, "upper": 70},
        "bollinger": {"period": 20, "deviations": 2.0},
        "macd": {"fast": 12, "slow": 26, "signal": 9},
        "supertrend": {"period": 10, "multiplier": 3.0},
        "ath_breakout": {"trend": "ma50"},
    }


def strategies_nobody_registered(folder):
    """List the strategy classes in a folder's files that the registry does not know."""
    known = {(cls.__module__.split(".")[-1], cls.__name__) for cls in STRATEGIES.values()}
    found = set()
    for path in sorted(folder.glob("*.py")):
        if path.stem in ("__init__", "base", "registry"):
            continue
        spec = importlib.util.spec_from_file_location(f"looked_at_{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found |= {
            (path.stem, item.__name__)
            for item in vars(module).values()
            if isinstance(item, type)
            and issubclass(item, Strategy)
            and item.__module__ == module.__name__
        }
    return sorted(found - known)


def test_every_strategy_in_the_folder_is_registered():
    assert strategies_nobody_registered(FOLDER) == [], "add it to strategies/registry.py"


def test_a_strategy_file_that_nobody_registered_is_found(tmp_path):
    (tmp_path / "forgotten.py").write_text(
        "from strategies.base import Strategy\n"
        "class Forgotten(Strategy):\n"
        "    def on_bar(self, i, row, df):\n"
        "        return None\n"
    )
    assert strategies_nobody_registered(tmp_path) == [("forgotten", "Forgotten")]


@pytest.mark.parametrize(
    ("name", "params", "sentence", "field"),
    [
        ("ma_cross", {"fats": 3}, 'ma_cross has no parameter "fats"', "fats"),
        ("ma_cross", {"fats": 3}, 'Did you mean "fast"?', "fats"),
        ("db_ma_cross", {"fast": 3}, "it takes no parameters", "fast"),
        ("ma_cross", {"fast": "ten"}, "fast must be a whole number, 2 to 400, not 'ten'.", "fast"),
        ("ma_cross", {"fast": 2.5}, "fast must be a whole number, 2 to 400, not '2.5'.", "fast"),
        ("ma_cross", {"fast": 1}, "fast must be a whole number, 2 to 400, not '1'.", "fast"),
        ("ma_cross", {"slow": 1001}, "slow must be a whole number, 3 to 1000", "slow"),
        ("ma_cross", {"fast": None}, "fast must be a whole number", "fast"),
        ("ma_cross", {"fast": ""}, "fast must be a whole number", "fast"),
        ("supertrend", {"multiplier": math.nan}, "must be a number, 0.1 to 20", "multiplier"),
        ("supertrend", {"multiplier": "inf"}, "must be a number, 0.1 to 20", "multiplier"),
        ("ath_breakout", {"trend": "ma200"}, "trend must be one of ma20, ma50", "trend"),
        ("ma_cross", {"fast": 50}, "fast must be below slow, not 50 and 50.", "fast"),
        ("ma_cross", {"fast": 60, "slow": 50}, "fast must be below slow, not 60 and 50.", "fast"),
        ("macd", {"fast": 30}, "fast must be below slow, not 30 and 26.", "fast"),
        ("rsi", {"lower": 80}, "lower must be below upper, not 80 and 70.", None),
    ],
)
def test_a_bad_parameter_is_answered_in_one_sentence(name, params, sentence, field):
    with pytest.raises(InvalidParams) as caught:
        load_strategy(name, **params)
    assert sentence in str(caught.value)
    assert str(caught.value).startswith(name)
    assert "\n" not in str(caught.value)
    if field:
        assert caught.value.field == field


def test_numbers_may_come_as_the_text_of_a_form():
    assert load_strategy("ma_cross", fast="10", slow="30").params.model_dump() == {
        "fast": 10,
        "slow": 30,
    }


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("ma_cros", "ma_cross"), ("SUPERTREND", "supertrend"), ("bolinger", "bollinger")],
)
def test_a_misspelt_strategy_is_answered_with_the_closest_name(typed, meant):
    with pytest.raises(UnknownStrategy, match=f'Did you mean "{meant}"') as caught:
        load_strategy(typed)
    assert caught.value.field == "strategy"
    assert all(name in str(caught.value) for name in NAMES)
