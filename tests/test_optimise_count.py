"""What the form of Optimise says before the start: how many are tried, and about how long."""

import pytest
from builders import random_walk

from pages import optimise_count
from pages.optimise_count import count_of
from services.ingest.store import store_bars
from services.settings import Settings
from services.workspace import Workspace

GRID = {"symbol": "TEST", "strategy": "ma_cross", "g.fast": "5:54", "g.slow": "60:109"}
WALK = GRID | {"method": "walk_forward", "train": "200", "test": "100"}


@pytest.fixture
def told(database, database_url, tmp_path, monkeypatch):
    """Give a function that counts a query over 1,000 bars: its sentence, and the seconds."""
    store_bars(database, "TEST", "1d", random_walk(1000, 3))
    workspace = Workspace(Settings(database_url=database_url, data_dir=tmp_path), database)
    seconds = []
    write = optimise_count.span_text
    monkeypatch.setattr(optimise_count, "span_text", lambda s: (seconds.append(s), write(s))[1])

    def tell(query):
        count = count_of(workspace, query)
        return count.text or count.error, seconds[-1] if seconds else None

    return tell


def test_a_walk_forward_says_in_how_many_windows_it_tries(told):
    assert told(WALK)[0].startswith("2,500 combinations, in each of about 8 windows. ")
    assert told(GRID)[0].startswith("2,500 combinations. ")
    assert told(WALK | {"train": "900"})[0].startswith(
        "2,500 combinations, in each of about 1 window. "
    )


def test_windows_that_begin_at_the_first_bar_take_longer(told):
    assert told(WALK | {"anchored": "true"})[1] > told(WALK)[1] > told(GRID)[1]


def test_stops_are_counted_in_the_time(told):
    assert told(GRID | {"stop_loss": "5%"})[1] > told(GRID)[1]


def test_one_combination_is_not_many(told):
    assert told(GRID | {"g.fast": "5", "g.slow": "60"})[0].startswith("1 combination. ")
    refused = told(GRID | {"g.fast": "100", "g.slow": "50"})[0]
    assert (
        refused == "ma_cross: the only combination is not valid: fast must be below slow, "
        "not 100 and 50."
    )
