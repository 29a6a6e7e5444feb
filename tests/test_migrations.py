"""Migrations: they make exactly the tables of the models, forwards, backwards and in a race."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from db import migrate
from db.models import Base
from db.session import Database
from services.database import migrate_database, open_database
from services.errors import DatabaseNotMigrated
from services.settings import Settings

ROOT = Path(__file__).parent.parent

# The names that other people's scripts rely on.
PROMISED = {
    "instruments": "id symbol name asset_class exchange currency timezone con_id tick_size sector "
    "industry contract_spec",
    "market_prices": "id symbol resolution ts open high low close volume ma20 ma50 ema_fast "
    "ema_slow macd macd_signal bb_mid bb_upper bb_lower rsi atr tr ath supertrend "
    "supertrend_upper supertrend_lower supertrend_trend",
    "market_events": "id date event_type value description details",
    "symbol_events": "id symbol date event_type value details",
    "external_signals": "id date symbol category event_type severity value description details",
}


def test_the_migrated_schema_is_that_of_the_models(database):
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize("table", sorted(PROMISED))
def test_a_table_has_the_promised_columns(database, table):
    columns = {column["name"] for column in inspect(database.engine).get_columns(table)}
    assert columns == set(PROMISED[table].split())


def test_the_prices_refer_to_the_instruments_and_repeat_no_time(database):
    inspector = inspect(database.engine)
    (foreign,) = inspector.get_foreign_keys("market_prices")
    assert (foreign["constrained_columns"], foreign["referred_columns"]) == (["symbol"], ["symbol"])
    (unique,) = inspector.get_unique_constraints("market_prices")
    assert unique["column_names"] == ["symbol", "resolution", "ts"]


def test_the_tables_can_be_taken_down_and_made_again(empty_url):
    database = Database(empty_url)
    migrate.upgrade(database)
    assert migrate.current_revision(database) == migrate.head_revision()
    migrate.downgrade(database, "base")
    assert inspect(database.engine).get_table_names() == ["alembic_version"]
    migrate.upgrade(database)
    assert set(Base.metadata.tables) < set(inspect(database.engine).get_table_names())
    database.close()


def test_the_head_revision_is_alembics():
    config = Config()
    config.set_main_option("script_location", str(ROOT / "db" / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [migrate.head_revision()]
    assert {script.revision for script in scripts.walk_revisions()} == migrate.known_revisions()


def test_two_processes_that_migrate_at_once_both_succeed(empty_url):
    code = (
        "import sys; from services.database import migrate_database as go;"
        "from services.settings import Settings; import alembic.command;"
        "sys.stdin.readline(); go(Settings(database_url=sys.argv[1]))"
    )
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", code, empty_url],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    errors = [racer.communicate(timeout=300)[1] for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0, 0], errors


def test_an_empty_database_gets_its_tables_when_it_is_opened(empty_url):
    database = open_database(Settings(database_url=empty_url))
    assert migrate.current_revision(database) == migrate.head_revision()
    database.close()


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        ("DROP TABLE alembic_version", "python -m scripts.migrate"),
        ("DELETE FROM alembic_version", "python -m scripts.migrate"),
        ("UPDATE alembic_version SET version_num = 'zzzz'", "update the program"),
    ],
)
def test_a_database_of_another_version_is_refused_with_the_remedy(database, change, remedy):
    with database.engine.begin() as connection:
        connection.execute(text(change))
    url = database.engine.url.render_as_string(hide_password=False)
    with pytest.raises(DatabaseNotMigrated, match=remedy):
        open_database(Settings(database_url=url))


def test_migrating_tells_from_and_to(empty_url):
    settings = Settings(database_url=empty_url)
    assert migrate_database(settings) == (None, migrate.head_revision())
    assert migrate_database(settings) == (migrate.head_revision(), migrate.head_revision())


def test_migrating_leaves_tables_that_no_migration_made_alone(empty_url):
    database = Database(empty_url)
    with database.writing() as session:
        session.execute(text("CREATE TABLE instruments (id integer)"))
    with pytest.raises(DatabaseNotMigrated, match="an empty database"):
        migrate_database(Settings(database_url=empty_url))
    database.close()


def test_stepping_back_over_the_notes_keeps_the_runs_and_their_series(database):
    insert_run = (
        "INSERT INTO backtest_runs (id, fingerprint, created_at, symbol, resolution, strategy, "
        'params, request, start, "end", bars, metrics, benchmark_metrics, trades, versions, '
        "metrics_version, bars_hash, code_hash) VALUES (1, 'a', '2024-01-02', 'IBM', '1d', 'rsi', "
        "'{}', '{}', '2024-01-02', '2024-01-03', 2, '{}', '{}', '[]', '{}', 1, 'b', 'c')"
    )
    with database.engine.begin() as connection:
        connection.execute(text(insert_run))
        connection.execute(text("INSERT INTO backtest_series VALUES (1, 'abc')"))
        connection.execute(text("INSERT INTO run_tags VALUES (1, 'trend')"))
    migrate.downgrade(database, "0002")
    migrate.upgrade(database)
    with database.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM backtest_series")) == 1
        assert connection.scalar(text("SELECT favourite FROM backtest_runs")) in (False, 0)
