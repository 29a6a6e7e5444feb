"""The database: sessions, moments, many rows at once, and failures that become sentences."""

import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from db.models import BacktestRun, BacktestSeries, Instrument, MarketPrice
from services import bar_table
from services.bar_table import MOMENT, insert_bars, select_bars, update_bars
from services.database import open_database
from services.errors import DatabaseNotMigrated, DatabaseUnavailable, InvalidParams, StorageError
from services.instruments import ensure_instrument
from services.settings import Settings

ROOT = Path(__file__).parent.parent
PRICES = ["open", "high", "low", "close", "volume"]
TWO_MORE = ["ma20", "supertrend_trend"]
NOON = datetime(2024, 1, 2, 12, tzinfo=UTC)
MINUTE = np.timedelta64(1, "m")


def arrays(rows, columns):
    ts = np.array([row[0].astimezone(UTC).replace(tzinfo=None) for row in rows], MOMENT)
    values = np.array([row[1:] for row in rows], dtype=float)
    return ts, columns, values


def write(database, rows, columns=PRICES, how=insert_bars):
    with database.writing() as session:
        ensure_instrument(session, "AAPL")
        how(session, ("AAPL", "1m"), *arrays(rows, columns))


def stored(database, *columns):
    names = columns or ("ts", *PRICES)
    query = select(*(getattr(MarketPrice, name) for name in names)).order_by(MarketPrice.ts)
    with database.reading() as session:
        return [tuple(row) for row in session.execute(query)]


def minutes(count, price=1.5):
    return [(NOON + timedelta(minutes=i), price, price, price, price, None) for i in range(count)]


def test_a_writing_session_is_saved_whole_or_not_at_all(database):
    with pytest.raises(RuntimeError), database.writing() as session:
        ensure_instrument(session, "AAPL")
        session.flush()
        raise RuntimeError("cut off")
    with database.reading() as session:
        assert session.scalars(select(Instrument)).all() == []


def test_a_reading_session_sees_one_state(database):
    write(database, minutes(1))
    closes = select(MarketPrice.close)
    with database.reading() as session:
        assert session.scalars(closes).all() == [1.5]
        write(database, minutes(2, price=2.0)[1:])
        assert session.scalars(closes).all() == [1.5]


def test_a_moment_comes_back_aware_and_in_utc(database):
    new_york = timezone(timedelta(hours=-5))
    write(database, [(datetime(2024, 1, 2, 9, 30, 0, 7, tzinfo=new_york), 1, 1, 1, 1, None)])
    ((moment,),) = stored(database, "ts")
    assert moment == datetime(2024, 1, 2, 14, 30, 0, 7, tzinfo=UTC)
    assert moment.utcoffset() == timedelta(0)


def test_moments_of_every_age_keep_their_order(database):
    years = [1, 999, 1896, 2024]
    write(database, [(datetime(year, 1, 2, tzinfo=UTC), 1, 1, 1, 1, None) for year in years])
    assert [moment.year for (moment,) in stored(database, "ts")] == years


def test_a_moment_without_a_zone_is_refused(database):
    with database.reading() as session, pytest.raises(Exception, match="without a time zone"):
        session.scalar(select(MarketPrice).where(MarketPrice.ts == datetime(2024, 1, 2)))  # noqa: DTZ001


@pytest.mark.parametrize("count", [1, 1_000])
def test_an_update_writes_only_the_rows_and_columns_given(database, count):
    write(database, [(*row, 7.0, -1.0) for row in minutes(count + 1)], [*PRICES, *TWO_MORE])
    write(database, [row[:5] for row in minutes(count, price=2.0)], PRICES[:4], update_bars)
    assert stored(database, "close", *TWO_MORE) == [(2.0, 7.0, -1)] * count + [(1.5, 7.0, -1)]


@pytest.mark.parametrize("count", [1, 1_000])
def test_what_is_not_known_is_null(database, count):
    rows = [(*row, 7.0, np.nan) for row in minutes(count)]
    write(database, [*rows, (NOON - timedelta(minutes=1), *[1.0] * 6, 1.0)], [*PRICES, *TWO_MORE])
    write(database, [(row[0], np.nan) for row in minutes(count)], ["ma20"], update_bars)
    assert stored(database, "volume", *TWO_MORE) == [(1.0, 1.0, 1)] + [(None, None, None)] * count


def test_every_double_comes_back_to_the_last_bit(database):
    awkward = [0.1 + 0.2, 1e-300, 1e300, 1 / 3, 123456789.123456789]
    rows = [(NOON + timedelta(minutes=i), *awkward) for i in range(1_000)]
    write(database, rows)
    assert stored(database, *PRICES) == [tuple(awkward)] * 1_000
    with database.reading() as session:
        ts, columns = select_bars(session, ("AAPL", "1m"), PRICES)
    assert [column.tolist() for column in columns] == [[value] * 1_000 for value in awkward]
    assert ts.tolist() == [row[0].replace(tzinfo=None) for row in rows]


def test_a_bar_that_is_stored_already_is_not_inserted_again(database):
    write(database, minutes(1))
    with pytest.raises((IntegrityError, database.engine.dialect.dbapi.IntegrityError)):
        write(database, minutes(2))
    assert len(stored(database)) == 1


def test_a_bar_of_an_unknown_symbol_is_a_programming_error(database):
    refused = (IntegrityError, database.engine.dialect.dbapi.IntegrityError)
    with pytest.raises(refused), database.writing() as session:
        insert_bars(session, ("NOBODY", "1m"), *arrays(minutes(1)[:1], PRICES))


@pytest.mark.parametrize(("how", "expected"), [
    ({"first": 2}, [0, 1]),
    ({"last": 2}, [8, 9]),
    ({"start": 3, "end": 5}, [3, 4]),
    ({"start": 3, "first": 1}, [3]),
    ({"end": 3, "last": 1}, [2]),
    ({"start": 10}, []),
])  # fmt: skip
def test_a_part_of_a_series_is_read_ascending(database, how, expected):
    write(database, [(NOON + timedelta(minutes=i), *[float(i)] * 5) for i in range(10)])
    span = {
        name: MINUTE * value + np.datetime64(NOON.replace(tzinfo=None))
        if name in ("start", "end")
        else value
        for name, value in how.items()
    }
    with database.reading() as session:
        ts, (close,) = select_bars(session, ("AAPL", "1m"), ["close"], **span)
    assert close.tolist() == expected
    assert ((ts - np.datetime64(NOON.replace(tzinfo=None))) // MINUTE).tolist() == expected


def test_removing_a_run_removes_its_series(database):
    run = BacktestRun(
        fingerprint="f", created_at=NOON, symbol="GONE", resolution="1d", strategy="rsi",
        params={}, request={}, start=NOON, end=NOON, bars=0, metrics={}, benchmark_metrics={},
        trades=[], versions={}, metrics_version=1, bars_hash="", code_hash="",
    )  # fmt: skip
    with database.writing() as session:
        session.add(run)
        session.flush()
        session.add(BacktestSeries(run_id=run.id, payload=b"\0\1"))
    with database.writing() as session:
        session.execute(text("DELETE FROM backtest_runs"))
    with database.reading() as session:
        assert session.scalars(select(BacktestSeries)).all() == []


def test_sqlite_is_durable_and_keeps_its_references(workspace):
    with workspace.database.engine.connect() as connection:
        pragmas = {
            name: connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_two_sqlite_writers_take_turns(workspace):
    code = (
        "import sys; from services.workspace import open_workspace as w;"
        "from services.settings import Settings; from services.instruments import add_instrument;"
        "db = w(Settings(database_url=sys.argv[1])).database;"
        "[add_instrument(db, f'{sys.argv[2]}{i}') for i in range(40)]"
    )
    url = str(workspace.database.engine.url)
    writers = [subprocess.Popen([sys.executable, "-c", code, url, name], cwd=ROOT) for name in "AB"]
    assert [writer.wait(timeout=300) for writer in writers] == [0, 0]
    with workspace.database.reading() as session:
        assert len(session.scalars(select(Instrument)).all()) == 80


def test_the_folder_of_the_database_is_made(tmp_path):
    open_database(Settings(database_url="", data_dir=tmp_path / "a" / "b")).close()
    assert (tmp_path / "a" / "b" / "research.db").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"file.* cannot be made .*DATA_DIR"):
        open_database(Settings(database_url="", data_dir=tmp_path / "file" / "data"))


def test_a_file_that_is_no_database_is_named(tmp_path):
    (tmp_path / "research.db").write_text("ts,open,high,low,close\n" * 100)
    with pytest.raises(DatabaseUnavailable, match="is not a SQLite database"):
        open_database(Settings(database_url="", data_dir=tmp_path))


def test_a_folder_in_place_of_the_file_is_named(tmp_path):
    (tmp_path / "research.db").mkdir()
    with pytest.raises(StorageError, match="cannot be opened"):
        open_database(Settings(database_url="", data_dir=tmp_path))


def test_a_server_that_does_not_answer_is_named_without_its_password():
    url = "postgres://trader:s3cret@127.0.0.1:1/research"
    with pytest.raises(DatabaseUnavailable, match=r"research on 127\.0\.0\.1:1 does not") as caught:
        open_database(Settings(database_url=url))
    assert "s3cret" not in str(caught.value)


def test_a_database_that_does_not_exist_is_named(postgresql_server):
    url = postgresql_server.set(database="nowhere").render_as_string(hide_password=False)
    with pytest.raises(DatabaseUnavailable, match="nowhere.* does not exist"):
        open_database(Settings(database_url=url))


@pytest.mark.parametrize("url", ["nonsense", "mysql://u:s3cret@h/d", "sqlite://", "oracle://x"])
def test_an_address_of_no_supported_database_is_refused(url):
    with pytest.raises(InvalidParams, match="DATABASE_URL is not the address") as caught:
        open_database(Settings(database_url=url))
    assert "s3cret" not in str(caught.value)


def test_a_table_that_is_missing_later_on_is_a_sentence(database):
    with database.writing() as session:
        session.execute(text("DROP TABLE symbol_events"))
    with pytest.raises(DatabaseNotMigrated), database.reading() as session:
        session.execute(text("SELECT * FROM symbol_events"))


def test_a_full_disk_is_a_sentence_and_loses_nothing_that_was_confirmed(workspace):
    database = workspace.database
    write(database, minutes(10))
    with database.engine.connect() as connection:
        pages = connection.scalar(text("PRAGMA page_count"))
    with pytest.raises(StorageError, match="disk is full"), database.writing() as session:
        session.execute(text(f"PRAGMA max_page_count = {pages}"))
        ensure_instrument(session, "AAPL")
        insert_bars(session, ("AAPL", "1m"), *arrays(minutes(5_000, price=2.0)[10:], PRICES))
    assert [close for (close,) in stored(database, "close")] == [1.5] * 10


def test_a_read_only_database_is_a_sentence(workspace):
    with workspace.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
    with pytest.raises(StorageError, match="is read-only"):
        write(workspace.database, minutes(1))


def test_what_the_driver_raises_without_sqlalchemy_is_a_sentence_too(database):
    driver = database.engine.dialect.dbapi
    with pytest.raises(StorageError, match="disk is full"), database.writing():
        raise driver.OperationalError("could not extend file: No space left on device")


def test_a_lock_held_by_another_program_is_a_sentence(workspace):
    other = sqlite3.connect(workspace.settings.data_dir / "research.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with workspace.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 1")
    with pytest.raises(DatabaseUnavailable, match="busy"):
        write(workspace.database, minutes(1))
    other.close()


def test_a_lost_connection_is_a_sentence_and_the_next_session_works(make_postgresql):
    database = open_database(Settings(database_url=make_postgresql()))
    write(database, minutes(1))
    with pytest.raises(DatabaseUnavailable), database.writing() as session:
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert len(stored(database)) == 1
    database.close()


def test_a_connection_lost_in_the_middle_of_a_copy_is_a_sentence(make_postgresql, monkeypatch):
    database = open_database(Settings(database_url=make_postgresql()))

    def cut(*arguments):
        with database.engine.begin() as other:
            other.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        yield from original(*arguments)

    original = bar_table.encode_rows
    monkeypatch.setattr(bar_table, "encode_rows", cut)
    with pytest.raises(DatabaseUnavailable, match="does not answer"):
        write(database, minutes(1_000))
    assert stored(database) == []
    database.close()
