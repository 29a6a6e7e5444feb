"""Columns of long series in files: always the stored bars, whatever becomes of the file."""

import errno
import os
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from builders import random_walk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from services import column_store
from services.column_store import Columns, ColumnStore
from services.errors import InvalidParams, NoBars, UnknownSymbol
from services.ingest import IngestRequest, ingest_from
from services.ingest.store import store_bars
from services.jobs.kinds import kind_of
from services.market_data import read_bars
from services.progress import silent
from services.series import delete_series

KEY = ("TEST", "1m")
NAMES = ("open", "high", "low", "close", "volume")


@pytest.fixture(autouse=True)
def _short_series_count_as_large(monkeypatch):
    monkeypatch.setattr(column_store, "LARGE", 10)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "columns"


@pytest.fixture
def store(database, folder):
    return ColumnStore(folder, database)


@pytest.fixture
def lite(workspace, folder):
    """Give a store on SQLite alone: for what does not depend on the database."""
    return ColumnStore(folder, workspace.database)


def put(database, bars, symbol="TEST"):
    store_bars(database, symbol, "1m", bars)


def walk(count, seed=0):
    return random_walk(count, seed, resolution="1m")


def stored(database, symbol="TEST"):
    with database.reading() as session:
        return read_bars(session, symbol, "1m", with_indicators=False)


def assert_as_stored(columns: Columns, database, symbol="TEST"):
    frame = stored(database, symbol)
    np.testing.assert_array_equal(columns.ts, frame["ts"].dt.tz_localize(None).to_numpy())
    for name in NAMES:
        np.testing.assert_array_equal(getattr(columns, name), frame[name].to_numpy(), name)


def fresh(store: ColumnStore) -> ColumnStore:
    """Return the store as another process has it: with nothing in memory."""
    return ColumnStore(store.folder, store.database)


def no_reading(*_args, **_kwargs):
    raise AssertionError("the bars were read from the database")


def test_columns_are_the_stored_bars_from_database_and_from_file(store, database):
    put(database, walk(50))
    assert_as_stored(store.load(*KEY), database)
    assert store.path(KEY).exists()
    assert_as_stored(fresh(store).load(*KEY), database)


def test_the_file_is_read_instead_of_the_database(lite, monkeypatch):
    put(lite.database, walk(50))
    lite.load(*KEY)
    expected = stored(lite.database)
    monkeypatch.setattr(column_store, "select_bars", no_reading)
    assert fresh(lite).load(*KEY).close.tolist() == expected["close"].tolist()


def test_a_short_series_has_no_file(lite):
    put(lite.database, walk(9))
    assert_as_stored(lite.load(*KEY), lite.database)
    assert not lite.folder.exists()


def test_an_unknown_volume_stays_unknown(store, database):
    bars = walk(20)
    bars.loc[3, "volume"] = np.nan
    put(database, bars)
    store.load(*KEY)
    volume = fresh(store).load(*KEY).volume
    assert np.flatnonzero(np.isnan(volume)).tolist() == [3]


@settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["append", "change", "before", "delete", "load", "other"]),
            st.integers(0, 1000),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_whatever_is_written_between_loads_they_give_what_is_stored(lite, steps):
    database = lite.database
    delete_series(database, *KEY)
    all_bars = walk(400, 1)
    begin = end = 200
    for step, number in steps:
        if step in ("append", "load") or begin == end:
            end = min(400, end + number % 40 + 1)
            put(database, all_bars.iloc[begin:end].reset_index(drop=True))
        elif step == "before" and begin > 0:
            begin = max(0, begin - number % 30 - 1)
            put(database, all_bars.iloc[begin:end].reset_index(drop=True))
        elif step == "change":
            changed = stored(database).iloc[[number % (end - begin)]].reset_index(drop=True)
            changed["close"] = changed["low"]
            put(database, changed)
        elif step == "delete":
            delete_series(database, *KEY)
            begin = end = 200
            continue
        # Two processes: one that has columns in memory, one that has the file only.
        for one in (lite, fresh(lite)):
            assert_as_stored(one.load(*KEY), database)


def test_a_changed_price_is_seen_though_count_and_ends_are_the_same(store, database):
    bars = walk(50)
    put(database, bars)
    before = store.load(*KEY)
    changed = bars.iloc[[25]].copy()
    changed["close"] = changed["low"]
    put(database, changed.reset_index(drop=True))
    assert store.load(*KEY).close[25] == bars["low"][25] != before.close[25]
    assert fresh(store).load(*KEY).close[25] == bars["low"][25]


def test_columns_given_before_a_change_stay_as_they_were(lite):
    bars = walk(50)
    put(lite.database, bars)
    lite.load(*KEY)
    before = fresh(lite).load(*KEY)
    put(lite.database, walk(80, 7).iloc[50:].reset_index(drop=True))
    lite.load(*KEY)
    assert before.close.tolist() == bars["close"].tolist()


def test_columns_cannot_be_written(lite):
    put(lite.database, walk(50))
    for columns in (lite.load(*KEY), fresh(lite).load(*KEY)):
        with pytest.raises(ValueError, match="read-only"):
            columns.close[0] = 1.0


def insert_bar(database, ts):
    with database.writing() as session:
        session.execute(
            text(
                "INSERT INTO market_prices (symbol, resolution, ts, open, high, low, close) "
                "VALUES ('TEST', '1m', :ts, 5, 5, 5, 5)"
            ),
            {"ts": ts},
        )


@pytest.mark.parametrize("ts", ["2023-12-31 10:00:00.000000", "2024-06-01 10:00:00.000000"])
def test_bars_that_another_program_adds_at_an_end_are_seen(lite, ts):
    put(lite.database, walk(50))
    lite.load(*KEY)
    insert_bar(lite.database, ts)
    assert len(lite.load(*KEY)) == 51
    assert_as_stored(lite.load(*KEY), lite.database)
    assert_as_stored(fresh(lite).load(*KEY), lite.database)


def test_a_bar_that_another_program_adds_within_is_seen_by_a_process_that_begins(lite):
    put(lite.database, walk(50))
    lite.load(*KEY)
    insert_bar(lite.database, "2024-01-01 00:10:30.000000")
    columns = fresh(lite).load(*KEY)
    assert len(columns) == 51
    assert columns.state == ""
    assert_as_stored(columns, lite.database)


def test_bars_of_another_program_without_a_row_of_the_series_are_given(lite):
    put(lite.database, walk(50))
    with lite.database.writing() as session:
        session.execute(text("DELETE FROM price_series"))
    assert_as_stored(lite.load(*KEY), lite.database)


def damage_cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def damage_one_byte(path):
    content = bytearray(path.read_bytes())
    content[4096 + 1000] ^= 1
    path.write_bytes(content)


def damage_empty(path):
    path.write_bytes(b"")


def damage_other_text(path):
    path.write_bytes(b"x" * 10_000)


def damage_header(path):
    path.write_bytes(b"BARCOLS1" + b'{"state": 5}'.ljust(4088) + b"\0" * 2400)


def damage_folder_in_its_place(path):
    path.unlink()
    path.mkdir()


DAMAGES = [
    damage_cut,
    damage_one_byte,
    damage_empty,
    damage_other_text,
    damage_header,
    damage_folder_in_its_place,
]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_file_is_not_used(lite, damage):
    put(lite.database, walk(50))
    lite.load(*KEY)
    damage(lite.path(KEY))
    assert_as_stored(fresh(lite).load(*KEY), lite.database)


def test_the_file_of_an_older_state_is_not_used(lite):
    put(lite.database, walk(50))
    lite.load(*KEY)
    older = lite.path(KEY).read_bytes()
    put(lite.database, walk(80, 7).iloc[50:].reset_index(drop=True))
    lite.load(*KEY)
    lite.path(KEY).write_bytes(older)
    assert_as_stored(fresh(lite).load(*KEY), lite.database)


def test_the_file_of_another_series_is_not_used(lite):
    put(lite.database, walk(50))
    put(lite.database, walk(50, 1), "OTHER")
    lite.load(*KEY)
    lite.load("OTHER", "1m")
    shutil.copy(lite.path(("OTHER", "1m")), lite.path(KEY))
    assert_as_stored(fresh(lite).load(*KEY), lite.database)


def test_a_series_made_anew_does_not_get_the_old_ones_file(store, database):
    put(database, walk(50))
    store.load(*KEY)
    delete_series(database, *KEY)
    put(database, walk(50, 9))
    assert_as_stored(store.load(*KEY), database)
    assert_as_stored(fresh(store).load(*KEY), database)


@pytest.mark.parametrize("broken", ["fsync", "replace", "mkdir"])
def test_a_full_disk_makes_charts_slower_but_not_wrong(lite, monkeypatch, broken, caplog):
    def full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    put(lite.database, walk(50))
    with monkeypatch.context() as patch:
        patch.setattr(os if broken == "fsync" else Path, broken, full)
        assert_as_stored(lite.load(*KEY), lite.database)
        assert_as_stored(lite.load(*KEY), lite.database)
    assert "are not kept" in caplog.text
    assert not list(lite.folder.rglob("*.part"))
    assert not lite.path(KEY).exists()
    fresh(lite).load(*KEY)
    assert lite.path(KEY).exists()


def test_a_folder_that_is_a_file_makes_charts_slower_but_not_wrong(lite):
    lite.folder.write_text("in the way")
    put(lite.database, walk(50))
    assert_as_stored(lite.load(*KEY), lite.database)


def test_many_readers_and_a_writer_at_once_each_see_one_state(lite):
    put(lite.database, walk(50))
    wrong, stop = [], threading.Event()
    closes = walk(90, 3)["close"].to_numpy()
    before = walk(50)["close"].to_numpy()
    expected = np.concatenate([before, closes[50:]])

    def read():
        while not stop.is_set():
            columns = fresh(lite).load(*KEY)
            if not np.array_equal(columns.close, expected[: len(columns)]):
                wrong.append(len(columns))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for count in range(50, 90, 4):
        put(lite.database, walk(90, 3).iloc[count : count + 4].reset_index(drop=True))
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert len(fresh(lite).load(*KEY)) == 90
    assert not list(lite.folder.rglob("*.part"))


def test_what_is_left_of_a_killed_writer_is_swept_away(lite):
    put(lite.database, walk(50))
    place = lite.path(KEY).parent
    place.mkdir(parents=True)
    old, new = place / "old.part", place / "new.part"
    for path in (old, new):
        path.write_text("half")
    os.utime(old, (time.time() - 7200,) * 2)
    lite.load(*KEY)
    assert not old.exists()
    assert new.exists()  # its writer may be at work


def test_the_file_of_a_deleted_series_is_removed(workspace):
    put(workspace.database, walk(50))
    workspace.columns.load(*KEY)
    path = workspace.columns.path(KEY)
    assert path.exists()
    kind_of("delete_series").run(workspace, {"symbol": "TEST", "resolution": "1m"}, silent)
    assert not path.exists()
    with pytest.raises(NoBars):
        workspace.columns.load(*KEY)


def test_the_file_of_a_series_that_another_process_deleted_goes_with_the_next_one(lite):
    put(lite.database, walk(50))
    lite.load(*KEY)
    delete_series(lite.database, *KEY)
    put(lite.database, walk(50), "OTHER")
    lite.load("OTHER", "1m")
    assert not lite.path(KEY).exists()


def test_two_databases_with_one_folder_do_not_meet(lite, settings, migrated_sqlite):
    from services.workspace import open_workspace

    path = settings.data_dir / "second.db"
    shutil.copy(migrated_sqlite, path)
    second = open_workspace(settings.model_copy(update={"database_url": f"sqlite:///{path}"}))
    put(lite.database, walk(50))
    put(second.database, walk(50, 8))
    other = replace(lite, database=second.database)
    assert_as_stored(lite.load(*KEY), lite.database)
    assert_as_stored(other.load(*KEY), second.database)
    assert_as_stored(fresh(lite).load(*KEY), lite.database)
    second.database.close()


def test_the_file_is_ready_after_an_ingest(workspace, tmp_path, monkeypatch):
    file = tmp_path / "bars.csv"
    bars = walk(60)
    bars.assign(ts=bars["ts"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")).to_csv(file, index=False)
    ingest_from(workspace, "csv", IngestRequest("TEST", "1m", file=file))
    monkeypatch.setattr(column_store, "select_bars", no_reading)
    assert len(fresh(workspace.columns).load(*KEY)) == 60


@pytest.mark.parametrize("kind", ["update", "refetch"])
def test_the_file_is_ready_after_bars_came_from_the_broker(workspace, monkeypatch, kind):
    name = {"update": "update_series", "refetch": "refetch"}[kind]
    bring = lambda asked, *_: store_bars(asked.database, "TEST", "1m", walk(60))  # noqa: E731
    monkeypatch.setattr(f"services.ingest.{name}", bring)
    monkeypatch.setattr("services.jobs.kinds._summary", lambda stored: {})
    times = {"start": "2024-01-01", "end": "2024-01-02"} if kind == "refetch" else {}
    kind_of(kind).run(workspace, {"symbol": "TEST", "resolution": "1m", **times}, silent)
    monkeypatch.setattr(column_store, "select_bars", no_reading)
    assert len(fresh(workspace.columns).load(*KEY)) == 60


def test_a_short_series_is_not_prepared(workspace, tmp_path):
    put(workspace.database, walk(5))
    workspace.columns.prepare(*KEY)
    workspace.columns.prepare("NOWHERE", "1m")
    assert not workspace.columns.folder.exists()


def test_what_is_not_stored_is_said_as_everywhere(store, database):
    with pytest.raises(UnknownSymbol):
        store.load("NOWHERE", "1d")
    put(database, walk(50))
    with pytest.raises(NoBars, match="there are 1m"):
        store.load("TEST", "1d")
    with pytest.raises(InvalidParams, match="resolution"):
        store.load("TEST", "1y")
    with pytest.raises(InvalidParams, match="not a symbol"):
        store.load("../../etc", "1d")


def test_times_before_the_epoch_are_kept(lite):
    bars = random_walk(30, start="1962-01-02", resolution="1m")
    put(lite.database, bars)
    lite.load(*KEY)
    first = pd.Timestamp(fresh(lite).load(*KEY).ts[0])
    assert first == pd.Timestamp("1962-01-02")
