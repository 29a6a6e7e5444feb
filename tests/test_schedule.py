"""Scheduled updates: one request a session, after the exchange's close; the clock is ours."""

import threading
from datetime import date

import pandas as pd
import pytest

from db.models import PriceSeries, UpdateSchedule
from services.errors import QueueUnavailable
from services.instruments import add_instrument
from services.jobs import list_jobs, schedule
from services.jobs.schedule import submit_due_updates
from services.settings import Settings
from services.workspace import Workspace

NEW_YORK = {"exchange": "NASDAQ", "asset_class": "equity", "currency": "USD",
            "timezone": "America/New_York"}  # fmt: skip


@pytest.fixture
def office(database, tmp_path):
    return Workspace(Settings(database_url="", data_dir=tmp_path), database)


def keep(office, symbol, *resolutions, mode="daily", since=None, source="ibkr", **known):
    """Store an instrument with series, of which a schedule takes care."""
    add_instrument(office.database, symbol, **(known or NEW_YORK))
    with office.database.writing() as session:
        session.add(UpdateSchedule(symbol=symbol, mode=mode, last_session=since))
        for resolution in resolutions:
            session.add(PriceSeries(symbol=symbol, resolution=resolution, bars=1, source=source))


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="America/New_York").tz_convert("UTC")


def asked(office) -> list[str]:
    return [job.title for job in list_jobs(office)]


def last_session(office, symbol) -> date | None:
    with office.database.reading() as session:
        return session.get(UpdateSchedule, symbol).last_session


# 2024: Thursday 4 July was a holiday, Wednesday the 3rd closed at 13:00; 16:00 is usual.
@pytest.mark.parametrize(
    ("now", "since", "session"),
    [
        ("2024-07-02 16:31", "2024-07-01", None),
        ("2024-07-02 20:29", "2024-07-01", None),
        ("2024-07-02 20:31", "2024-07-01", "2024-07-02"),
        ("2024-07-02 23:59", "2024-07-02", None),
        ("2024-07-03 13:31", "2024-07-02", None),
        ("2024-07-03 20:31", "2024-07-02", "2024-07-03"),
        ("2024-07-04 18:00", "2024-07-03", None),
        ("2024-07-06 12:00", "2024-07-05", None),
        ("2024-07-06 12:00", "2024-07-01", "2024-07-05"),
        ("2024-07-06 12:00", None, "2024-07-05"),
    ],
)
def test_updates_are_asked_for_when_a_session_and_its_day_in_utc_are_over(
    office, now, since, session
):
    before = since and date.fromisoformat(since)
    keep(office, "TSLA", "1d", "1m", since=before)
    assert submit_due_updates(office, at(now)) == (2 if session else 0)
    assert asked(office) == (["Update TSLA 1d", "Update TSLA 1m"] if session else [])
    assert str(last_session(office, "TSLA")) == str(session or before)
    assert submit_due_updates(office, at(now)) == 0


def test_only_what_came_from_the_broker_and_is_switched_on_is_updated(office):
    keep(office, "TSLA", "1d")
    keep(office, "AAPL", "1d", mode="off")
    keep(office, "MSFT", "1d", source="csv")
    submit_due_updates(office, at("2024-07-02 21:00"))
    assert asked(office) == ["Update TSLA 1d"]


def test_coins_close_every_day_at_midnight_utc(office):
    keep(office, "BTC", "1d", since=date(2024, 7, 5), exchange="PAXOS", asset_class="crypto")
    assert submit_due_updates(office, pd.Timestamp("2024-07-07 00:29", tz="UTC")) == 0
    assert submit_due_updates(office, pd.Timestamp("2024-07-07 00:31", tz="UTC")) == 1
    assert last_session(office, "BTC") == date(2024, 7, 6)
    assert submit_due_updates(office, pd.Timestamp("2024-07-07 23:00", tz="UTC")) == 0
    assert submit_due_updates(office, pd.Timestamp("2024-07-08 00:31", tz="UTC")) == 1


def test_an_exchange_that_is_not_known_is_updated_once_a_day(office):
    keep(office, "XYZ", "1d", exchange="NOWHERE", asset_class="equity")
    counts = [
        submit_due_updates(office, pd.Timestamp(moment, tz="UTC"))
        for moment in ("2024-07-02 13:00", "2024-07-02 23:00", "2024-07-03 13:00")
    ]
    assert counts == [1, 0, 1]
    assert len(asked(office)) == 1  # the first still waits, and the second is the same
    assert last_session(office, "XYZ") == date(2024, 7, 2)


def test_workers_that_look_at_once_ask_once(office):
    keep(office, "TSLA", "1d")
    ready, counts = threading.Barrier(5), []

    def look():
        ready.wait()
        counts.append(submit_due_updates(office, at("2024-07-02 21:00")))

    threads = [threading.Thread(target=look) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == [0, 0, 0, 0, 1]


def test_a_session_is_tried_again_when_the_queue_did_not_answer(office, monkeypatch):
    keep(office, "TSLA", "1d", since=date(2024, 7, 1))

    def refuse(*_):
        raise QueueUnavailable("The queue is gone.")

    monkeypatch.setattr(schedule, "submit", refuse)
    with pytest.raises(QueueUnavailable):
        submit_due_updates(office, at("2024-07-02 21:00"))
    monkeypatch.undo()
    assert last_session(office, "TSLA") == date(2024, 7, 1)
    assert submit_due_updates(office, at("2024-07-02 21:05")) == 1
