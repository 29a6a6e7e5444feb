"""The budget of requests to the broker, shared by all who use one database."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from db.models import BrokerRequest
from services.errors import Cancelled
from services.ingest.pacing import Asked, PacingBudget, seconds_to_wait

START = pd.Timestamp("2024-01-02 12:00", tz="UTC")


def asked(*seconds, contract="1", request=None):
    return [
        Asked(START + pd.Timedelta(seconds=second), contract, request or f"r{number}")
        for number, second in enumerate(seconds)
    ]


def at(seconds):
    return START + pd.Timedelta(seconds=seconds)


class Clock:
    """A clock that moves only when somebody sleeps."""

    def __init__(self):
        self.moment = START

    def now(self):
        return self.moment

    def sleep(self, seconds):
        self.moment += pd.Timedelta(seconds=seconds)


def sent(database):
    with database.reading() as session:
        return [pd.Timestamp(t) for t in session.scalars(select(BrokerRequest.made_at))]


def test_the_first_request_waits_for_nothing():
    assert seconds_to_wait([], START, "1", "r") == 0


def test_the_same_request_waits_a_quarter_of_a_minute():
    assert seconds_to_wait(asked(0, request="r"), at(5), "1", "r") == 13
    assert seconds_to_wait(asked(0, request="r"), at(18), "1", "r") == 0


def test_a_sixth_request_for_one_contract_waits_and_another_contract_does_not():
    five = asked(0, 0.1, 0.2, 0.3, 0.4)
    assert seconds_to_wait(five, at(0.5), "1", "new") == 2.5
    assert seconds_to_wait(five, at(0.5), "2", "new") == 0


def test_a_request_beyond_sixty_waits_until_the_oldest_is_ten_minutes_old():
    sixty = [Asked(at(number * 5), f"c{number}", f"r{number}") for number in range(60)]
    assert seconds_to_wait(sixty, at(300), "1", "new") == 305
    assert seconds_to_wait(sixty[1:], at(300), "1", "new") == 0


def test_a_heavier_request_needs_more_room():
    sixty = [Asked(at(number * 5), f"c{number}", f"r{number}") for number in range(59)]
    assert seconds_to_wait(sixty, at(300), "1", "new", weight=2) == 305


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 3), st.floats(0, 5)), min_size=1, max_size=90
    )
)
def test_whoever_waits_as_told_breaks_no_rule_of_the_broker(wishes):
    made, now = [], START
    for contract, request, pause in wishes:
        now += pd.Timedelta(seconds=pause)
        name = f"{contract}-{request}"
        while (seconds := seconds_to_wait(made, now, str(contract), name)) > 0:
            now += pd.Timedelta(seconds=seconds)
        made.append(Asked(now, str(contract), name))
    for position, one in enumerate(made):
        before = [other for other in made[:position] if one.made_at - other.made_at]
        recent = [o for o in made[: position + 1] if one.made_at - o.made_at < pd.Timedelta("2s")]
        assert sum(o.contract == one.contract for o in recent) < 6
        assert not any(
            o.request == one.request and one.made_at - o.made_at < pd.Timedelta("15s")
            for o in before
        )
        window = [
            o for o in made[: position + 1] if one.made_at - o.made_at < pd.Timedelta("10min")
        ]
        assert len(window) <= 60


def test_two_budgets_on_one_database_are_one(database):
    clock = Clock()
    mine, other = (PacingBudget(database, clock.now, clock.sleep) for _ in range(2))
    for number in range(35):
        mine.acquire(f"a{number}", f"mine {number}", lambda _: None)
        other.acquire(f"b{number}", f"other {number}", lambda _: None)
    assert clock.moment - START >= pd.Timedelta(minutes=10)
    late = [moment for moment in sent(database) if moment - START >= pd.Timedelta(minutes=10)]
    assert len(late) == 10


def test_a_wait_can_be_cancelled_and_is_not_counted(database):
    clock = Clock()
    budget = PacingBudget(database, clock.now, clock.sleep)
    budget.acquire("1", "r", lambda _: None)
    told = []

    def cancel(seconds):
        told.append(seconds)
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        budget.acquire("1", "r", cancel)
    assert told == [18]
    assert len(sent(database)) == 1


def test_two_processes_keep_to_the_budget_together(database, database_url):
    code = (
        "import sys; from services.database import open_database\n"
        "from services.settings import Settings; from services.ingest.pacing import PacingBudget\n"
        "budget = PacingBudget(open_database(Settings(database_url=sys.argv[1])))\n"
        "for n in range(6): budget.acquire('1', f'{sys.argv[2]} {n}', lambda _: None)\n"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, database_url, name], cwd=Path(__file__).parent.parent
        )
        for name in ("first", "second")
    ]
    assert [process.wait(300) for process in running] == [0, 0]
    times = sorted(sent(database))
    assert len(times) == 12
    assert all(b - a > pd.Timedelta("2s") for a, b in zip(times, times[5:], strict=False))
