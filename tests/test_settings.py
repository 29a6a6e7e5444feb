"""Settings: their names, their defaults, and what an unusable one is told."""

from pathlib import Path

import pytest

from services.errors import InvalidParams
from services.settings import Settings, load_settings

DEFAULTS = {
    "DATABASE_URL": "",
    "DATA_DIR": Path("data"),
    "HOST": "127.0.0.1",
    "PORT": 8050,
    "IB_HOST": "127.0.0.1",
    "IB_PORT": 4002,
    "IB_CLIENT_ID": 1,
    "IB_TIMEOUT": 60,
    "IB_LIBRARY": "ib_insync",
    "REDIS_URL": "",
    "LOG_LEVEL": "INFO",
}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch, tmp_path):
    """Run where neither the environment nor a .env file says anything."""
    for name in DEFAULTS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_defaults_need_no_environment():
    settings = load_settings()
    assert {name.upper(): getattr(settings, name) for name in Settings.model_fields} == DEFAULTS


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("DATABASE_URL", "postgresql://u@h/d", "postgresql://u@h/d"),
        ("DATA_DIR", "elsewhere", Path("elsewhere")),
        ("HOST", "0.0.0.0", "0.0.0.0"),
        ("PORT", "9000", 9000),
        ("IB_HOST", "gateway", "gateway"),
        ("IB_PORT", "7497", 7497),
        ("IB_CLIENT_ID", "7", 7),
        ("IB_TIMEOUT", "2.5", 2.5),
        ("IB_LIBRARY", "ib_async", "ib_async"),
        ("REDIS_URL", "redis://h", "redis://h"),
        ("LOG_LEVEL", "DEBUG", "DEBUG"),
    ],
)
def test_each_setting_is_an_environment_variable(monkeypatch, name, text, value):
    monkeypatch.setenv(name, text)
    assert getattr(load_settings(), name.lower()) == value


def test_the_file_is_read_and_the_environment_is_stronger(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("PORT=9001\nHOST=localhost\nSOMETHING_ELSE=1\n")
    monkeypatch.setenv("PORT", "9002")
    settings = load_settings()
    assert (settings.port, settings.host) == (9002, "localhost")


def test_the_database_is_a_file_in_the_data_folder_unless_a_url_is_given():
    assert load_settings().url == f"sqlite:///{Path.cwd() / 'data' / 'research.db'}"
    assert load_settings(data_dir=Path("/x")).url == "sqlite:////x/research.db"
    assert load_settings(database_url="sqlite:///y.db").url == "sqlite:///y.db"
    assert load_settings(data_dir=Path("/x")).plots_dir == Path("/x/plots")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "eighty"),
        ("IB_PORT", "-1"),
        ("IB_CLIENT_ID", "-1"),
        ("IB_TIMEOUT", "0"),
    ],
)
def test_an_unusable_setting_is_answered_with_its_name_and_where_to_mend_it(
    monkeypatch, name, text
):
    monkeypatch.setenv(name, text)
    with pytest.raises(InvalidParams) as caught:
        load_settings()
    assert str(caught.value).startswith(f"The setting {name} is not usable (")
    assert str(caught.value).endswith("mend it in the environment or in .env.")
    assert "\n" not in str(caught.value)


def test_settings_cannot_be_changed_once_read():
    with pytest.raises(ValueError, match="frozen"):
        load_settings().port = 1


@pytest.mark.parametrize(("name", "text"), [("LOG_LEVEL", "LOUD"), ("IB_LIBRARY", "my_own")])
def test_a_word_that_is_none_of_the_choices_is_named(monkeypatch, name, text):
    monkeypatch.setenv(name, text)
    with pytest.raises(InvalidParams, match=f"The setting {name} is not usable"):
        load_settings()


def test_the_log_level_may_be_written_small(monkeypatch):
    monkeypatch.setenv("LOG_LEVEL", "debug")
    assert load_settings().log_level == "DEBUG"
