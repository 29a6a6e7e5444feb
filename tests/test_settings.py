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
    "DASK_SCHEDULER_ADDRESS": "",
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
        ("DASK_SCHEDULER_ADDRESS", "tcp://h:8786", "tcp://h:8786"),
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
    ("name", "text", "wanted"),
    [
        ("PORT", "0", "a whole number from 1 to 65535"),
        ("PORT", "65536", "a whole number from 1 to 65535"),
        ("PORT", "abc", "a whole number from 1 to 65535"),
        ("PORT", "80.5", "a whole number from 1 to 65535"),
        ("IB_PORT", "", "a whole number from 1 to 65535"),
        ("IB_CLIENT_ID", "-1", "a whole number, 0 or more"),
        ("IB_TIMEOUT", "0", "a number, 0.001 or more"),
        ("IB_TIMEOUT", "soon", "a number, 0.001 or more"),
        ("IB_TIMEOUT", "nan", "a number, 0.001 or more"),
        ("IB_TIMEOUT", "inf", "a number, 0.001 or more"),
        ("LOG_LEVEL", "LOUD", "one of DEBUG, INFO, WARNING, ERROR"),
        ("IB_LIBRARY", "my_own", "one of ib_insync, ib_async"),
    ],
)
def test_an_unusable_setting_is_told_what_it_must_be_and_where_to_mend_it(
    monkeypatch, name, text, wanted
):
    monkeypatch.setenv(name, text)
    with pytest.raises(InvalidParams) as caught:
        load_settings()
    assert str(caught.value) == (
        f"The setting {name} must be {wanted}, not '{text}': mend it in the environment or in .env."
    )
    assert caught.value.field == name


def test_a_file_of_settings_that_is_no_text_is_refused_in_a_sentence(tmp_path):
    (tmp_path / ".env").write_bytes(b"HOST=\xff\xfe\n")
    with pytest.raises(InvalidParams, match="The file .env cannot be read: save it as UTF-8 text."):
        load_settings()


def test_settings_cannot_be_changed_once_read():
    with pytest.raises(ValueError, match="frozen"):
        load_settings().port = 1


def test_the_log_level_may_be_written_small(monkeypatch):
    monkeypatch.setenv("LOG_LEVEL", "debug")
    assert load_settings().log_level == "DEBUG"
