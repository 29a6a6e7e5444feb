"""Logging: one file, one console, and what was shown to the user is not shown twice."""

import logging

import pytest

from services.logs import SHOWN, configure_logging, log_file
from services.settings import Settings


@pytest.fixture(autouse=True)
def restored_logging():
    root, alembic = logging.getLogger(), logging.getLogger("alembic")
    before, level, alembic_level = list(root.handlers), root.level, alembic.level
    yield
    alembic.setLevel(alembic_level)
    for handler in [h for h in root.handlers if h not in before]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


def test_records_go_to_the_file_and_warnings_to_the_console(tmp_path, capsys):
    configure_logging(Settings(log_level="INFO"), folder=tmp_path / "logs")
    logging.getLogger("desk").info("ingested")
    logging.getLogger("desk").warning("thin market")
    written = log_file().read_text()
    assert "INFO desk: ingested" in written
    assert "WARNING desk: thin market" in written
    console = capsys.readouterr().err
    assert "thin market" in console
    assert "ingested" not in console


def test_configuring_twice_writes_each_record_once(tmp_path):
    for _ in range(2):
        configure_logging(Settings(), folder=tmp_path)
    logging.getLogger("desk").warning("once")
    assert log_file().read_text().count("once") == 1


def test_what_the_user_was_told_goes_to_the_file_only(tmp_path, capsys):
    configure_logging(Settings(), folder=tmp_path)
    logging.getLogger("desk").error("told", extra=SHOWN)
    assert "told" in log_file().read_text()
    assert capsys.readouterr().err == ""


def test_an_unwritable_folder_costs_one_warning_and_the_file(tmp_path, capsys):
    (tmp_path / "logs").write_text("a file where the folder should be")
    configure_logging(Settings(), folder=tmp_path / "logs")
    assert log_file() is None
    assert capsys.readouterr().err.count("There is no log file") == 1
    logging.getLogger("desk").error("told", extra=SHOWN)
    assert "told" in capsys.readouterr().err


def test_the_library_of_migrations_speaks_only_when_something_is_wrong(tmp_path):
    configure_logging(Settings(), folder=tmp_path)
    library = logging.getLogger("alembic.runtime.migration")
    library.info("Context impl SQLiteImpl.")
    library.warning("two heads")
    written = log_file().read_text()
    assert "SQLiteImpl" not in written
    assert "two heads" in written
