"""The store: bars and indicators in whatever order bars come, and however often work is cut off."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import talib
from builders import closes, random_walk
from pandas.testing import assert_frame_equal
from sqlalchemy import event, select, text

from db.models import MarketPrice, PriceSeries
from services.bar_table import insert_bars, times_of
from services.errors import Cancelled
from services.indicators import INDICATOR_COLUMNS, blocks, compute_indicators
from services.ingest import refresh, store
from services.ingest.store import (
    StoreCounts,
    drop_stage,
    refresh_indicators,
    replace_series,
    stage_bars,
    staged,
    store_bars,
)
from services.market_data import count_bars, load_bars, read_bars
from services.series import series_of

ROOT = Path(__file__).parent.parent
KEY = ("AAPL", "1d")
ALL = [*["open", "high", "low", "close", "volume"], *INDICATOR_COLUMNS]


@pytest.fixture
def small_blocks(monkeypatch):
    """Let blocks be so short that a test's series has several."""
    monkeypatch.setattr(blocks, "BLOCK", 1_000)
    monkeypatch.setattr(blocks, "WINDOW", 700)
    monkeypatch.setattr(store, "PIECE", 300)
    monkeypatch.setattr(refresh, "PIECE", 300)


def part(bars, *span):
    return bars.iloc[slice(*span)].reset_index(drop=True)


def rows_of(database):
    """Return the rows as they are in the table: nothing is computed by a reader."""
    columns = [getattr(MarketPrice, name) for name in ("ts", *ALL)]
    query = select(*columns).where(MarketPrice.symbol == "AAPL").order_by(MarketPrice.ts)
    with database.reading() as session:
        frame = pd.DataFrame([tuple(row) for row in session.execute(query)], columns=["ts", *ALL])
    frame["ts"] = pd.to_datetime(frame["ts"], utc=True).astype("datetime64[us, UTC]")
    return frame.astype(dict.fromkeys(ALL, float))


def row_of(database):
    with database.reading() as session:
        row = session.get(PriceSeries, KEY)
        return (row.first, row.last, row.bars, row.stale_from, row.source, row.adjustment)


def assert_whole(database, bars):
    """The table holds these bars with TA-Lib's indicators of the whole series, none stale."""
    rows = rows_of(database)
    assert_frame_equal(rows[list(bars)], bars, check_exact=True)
    expected = compute_indicators(bars).astype(float)
    assert_frame_equal(rows[INDICATOR_COLUMNS], expected, rtol=1e-9, atol=1e-9)
    first, last, count, stale_from, *_ = row_of(database)
    assert (first, last, count) == (bars["ts"].iloc[0], bars["ts"].iloc[-1], len(bars))
    assert stale_from is None


def test_a_series_longer_than_a_block_has_the_values_of_the_whole(database, small_blocks):
    bars = random_walk(3_500)
    assert store_bars(database, *KEY, bars) == StoreCounts(new=3_500)
    assert_whole(database, bars)
    rows = rows_of(database)
    close = bars["close"].to_numpy()
    np.testing.assert_allclose(rows["ma50"], talib.SMA(close, 50), rtol=1e-9)
    np.testing.assert_allclose(rows["rsi"], talib.RSI(close, 14), rtol=1e-9)
    np.testing.assert_array_equal(rows["ath"], np.maximum.accumulate(bars["high"]))


@pytest.mark.parametrize("order", ["at once", "forwards", "backwards", "shuffled", "unrefreshed"])
def test_the_order_of_arrival_leaves_no_trace(database, small_blocks, order):
    bars = random_walk(2_400, seed=4)
    cuts = [(0, 170), (170, 1_310), (1_310, 1_311), (1_311, 2_400)]
    if order == "at once":
        cuts = [(0, 2_400)]
    elif order == "backwards":
        cuts.reverse()
    elif order == "shuffled":
        cuts = [cuts[2], cuts[0], cuts[3], cuts[1]]
    for cut in cuts:
        store_bars(database, *KEY, part(bars, *cut), refresh=order != "unrefreshed")
    if order == "unrefreshed":
        refresh_indicators(database, *KEY)
    expected = pd.DataFrame(blocks.series_values(bars), columns=INDICATOR_COLUMNS)
    assert_whole(database, bars)
    assert_frame_equal(rows_of(database)[INDICATOR_COLUMNS], expected, check_exact=True)


def test_where_a_window_is_too_short_the_whole_series_is_computed(database, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK", 100)
    monkeypatch.setattr(blocks, "WINDOW", 60)
    bars = random_walk(350)
    for cut in ((0, 90), (90, 230), (230, 350)):
        store_bars(database, *KEY, part(bars, *cut))
    assert_frame_equal(
        rows_of(database)[INDICATOR_COLUMNS],
        compute_indicators(bars).astype(float),
        check_exact=True,
    )


def test_new_bars_at_the_end_write_nothing_else_and_read_one_block(database, small_blocks):
    bars = random_walk(3_500)
    store_bars(database, *KEY, part(bars, 3_400))
    asked = []
    original = blocks.compute_indicators

    def counted(frame):
        asked.append(len(frame))
        return original(frame)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "compute_indicators", counted)
        counts = store_bars(database, *KEY, part(bars, 3_390, 3_450))
    assert counts == StoreCounts(new=50, unchanged=10)
    assert asked == [700 + 450]
    assert_whole(database, part(bars, 3_450))


def test_a_small_piece_is_one_transaction(database):
    store_bars(database, *KEY, random_walk(200))
    commits = []
    event.listen(database.engine, "commit", lambda _: commits.append(1))
    store_bars(database, *KEY, part(random_walk(250), 190, 250))
    assert len(commits) == 1


def test_indicators_that_are_stale_are_computed_by_the_reader(database, small_blocks):
    bars = random_walk(1_500)
    store_bars(database, *KEY, part(bars, 100, 1_500))
    store_bars(database, *KEY, part(bars, 100), refresh=False)
    assert row_of(database)[3] == bars["ts"][0]
    expected = pd.concat(
        [bars, pd.DataFrame(blocks.series_values(bars), columns=INDICATOR_COLUMNS)], axis=1
    )
    assert_frame_equal(load_bars(database, *KEY), expected, check_exact=True)
    span = {"start": bars["ts"][700], "end": bars["ts"][720]}
    with database.reading() as session:
        some = read_bars(session, *KEY, **span)
        bare = read_bars(session, *KEY, with_indicators=False, **span)
    assert_frame_equal(some, part(expected, 700, 720), check_exact=True)
    assert_frame_equal(bare, part(bars, 700, 720), check_exact=True)


def test_a_bar_that_another_program_wrote_or_changed_the_count_of_gives_no_wrong_number(database):
    bars = random_walk(120)
    store_bars(database, *KEY, bars)
    close = float(bars["close"][60])
    with database.writing() as session:
        session.execute(text("DELETE FROM market_prices WHERE close = :close"), {"close": close})
    left = bars[bars["close"] != close].reset_index(drop=True)
    expected = pd.concat([left, compute_indicators(left)], axis=1)
    assert_frame_equal(load_bars(database, *KEY), expected, check_exact=True, check_dtype=False)


def test_a_series_of_another_program_is_read_rightly_and_adopted(database):
    bars = random_walk(120)
    store_bars(database, *KEY, bars)
    with database.writing() as session:
        session.execute(text("DELETE FROM price_series"))
        session.execute(text("UPDATE market_prices SET ma20 = NULL, ath = NULL, rsi = 1"))
    expected = pd.concat([bars, compute_indicators(bars)], axis=1)
    loaded = load_bars(database, *KEY)
    assert_frame_equal(loaded, expected, check_exact=True, check_dtype=False)
    with database.reading() as session:
        assert count_bars(session, *KEY) == 120
    counts = store_bars(database, *KEY, part(random_walk(130), 115, 130), source="csv")
    assert (counts.new, counts.unchanged) == (10, 5)
    assert_whole(database, random_walk(130))


def test_the_series_keeps_its_facts_until_other_ones_come(database):
    bars = random_walk(30)
    store_bars(database, *KEY, part(bars, 10), source="csv", adjustment="raw", regular_hours=False)
    store_bars(database, *KEY, part(bars, 20))
    assert row_of(database)[4:] == ("csv", "raw")
    store_bars(database, *KEY, bars, source="ibkr", adjustment="split", regular_hours=True)
    assert row_of(database)[4:] == ("ibkr", "split")
    assert series_of(database, *KEY).regular_hours is True


def test_what_is_told_of_unchanged_bars_fills_gaps_only(database):
    bars = random_walk(30)
    store_bars(database, *KEY, bars, source="csv")
    store_bars(database, *KEY, bars, source="ibkr", adjustment="split")
    assert row_of(database)[4:] == ("csv", "split")


def test_a_cancelled_store_keeps_whole_pieces_and_the_next_call_ends_it(database, small_blocks):
    bars = random_walk(1_500)
    store_bars(database, *KEY, part(bars, 1_000, 1_500))

    def cancel(progress):
        if progress.done >= 900:
            raise Cancelled("Cancelled.")

    with pytest.raises(Cancelled):
        store_bars(database, *KEY, bars, report=cancel)
    expected = pd.concat([part(bars, 900), part(bars, 1_000, 1_500)], ignore_index=True)
    with database.reading() as session:
        read = read_bars(session, *KEY)
    assert_frame_equal(read[list(bars)], expected, check_exact=True)
    values = pd.DataFrame(blocks.series_values(expected), columns=INDICATOR_COLUMNS)
    assert_frame_equal(read[INDICATOR_COLUMNS], values, check_exact=True)
    store_bars(database, *KEY, bars)
    assert_whole(database, bars)


def test_a_price_that_someone_else_corrects_meanwhile_is_noticed(database, small_blocks):
    bars = random_walk(900)
    other = part(bars, 1).assign(close=bars["high"][0])
    meanwhile = [lambda: store_bars(database, *KEY, other)]

    def someone_else(progress):
        if progress.done == 300 and meanwhile:
            meanwhile.pop()()

    store_bars(database, *KEY, bars, report=someone_else)
    assert_whole(database, pd.concat([other, part(bars, 1, 900)], ignore_index=True))


def test_a_staged_history_replaces_the_stored_one_at_once(database):
    old, new = random_walk(100), random_walk(140, seed=8)
    store_bars(database, *KEY, old, source="csv")
    how = {"start": new["ts"][0], "details": {"reason": "split"}}
    stage_bars(database, *KEY, part(new, 80), reached=new["ts"][80], **how)
    stage_bars(database, *KEY, part(new, 70, 140), reached=new["ts"][139], **how)
    stage = staged(database, *KEY)
    assert (stage.bars, stage.first, stage.last) == (140, new["ts"][0], new["ts"][139])
    assert (stage.start, stage.reached, stage.details) == (
        new["ts"][0], new["ts"][139], {"reason": "split"},
    )  # fmt: skip
    assert_whole(database, old)
    counts = replace_series(database, *KEY, source="ibkr", adjustment="split")
    assert (counts.new, counts.changed + counts.unchanged, counts.removed) == (40, 100, 0)
    expected = pd.concat([new, compute_indicators(new)], axis=1)
    assert_frame_equal(load_bars(database, *KEY), expected, check_exact=True, check_dtype=False)
    assert staged(database, *KEY) is None
    assert refresh_indicators(database, *KEY) == 140
    assert_whole(database, new)
    assert row_of(database)[4:] == ("ibkr", "split")


def test_a_dropped_stage_leaves_the_stored_series_alone(database):
    bars = closes(1, 2, 3)
    store_bars(database, *KEY, bars)
    stage_bars(database, *KEY, closes(7, 8), start=bars["ts"][0], reached=bars["ts"][1])
    drop_stage(database, *KEY)
    assert staged(database, *KEY) is None
    replace_series(database, *KEY)
    assert_whole(database, bars)


# Each line on standard input begins the work in a process of its own, whose number is told.
STORING = """
import os, sys
sys.path.insert(0, "tests")
from builders import random_walk
from services.database import open_database
from services.indicators import blocks, compute_indicators
from services.ingest import refresh, store
from services.settings import Settings
blocks.BLOCK, blocks.WINDOW, store.PIECE, refresh.PIECE = 2_000, 800, 100, 100
bars = random_walk(8_000)
compute_indicators(bars)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        database = open_database(Settings(database_url=sys.argv[1]))
        for part in (bars.iloc[3_000:4_000], bars.iloc[:500], bars):
            store.store_bars(database, "AAPL", "1d", part.reset_index(drop=True), source="csv")
        os._exit(0)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def test_a_store_that_is_killed_again_and_again_ends_as_one_made_in_peace(
    database, database_url, monkeypatch
):
    monkeypatch.setattr(blocks, "BLOCK", 2_000)
    monkeypatch.setattr(blocks, "WINDOW", 800)
    kill_and_begin_again(database_url, kills=4, chance=random.Random(5))
    bars = random_walk(8_000)
    assert_whole(database, bars)
    expected = pd.DataFrame(blocks.series_values(bars), columns=INDICATOR_COLUMNS)
    assert_frame_equal(rows_of(database)[INDICATOR_COLUMNS], expected, check_exact=True)
    assert row_of(database)[4] == "csv"


def kill_and_begin_again(url, kills, chance):
    """Begin the work and kill it at random moments, then let it end."""
    work = subprocess.Popen(
        [sys.executable, "-c", STORING, url],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with work:
        while kills:
            work.stdin.write("begin\n")
            work.stdin.flush()
            child = int(work.stdout.readline())
            time.sleep(chance.uniform(0, 0.25))  # the moment is to be any, so nothing is awaited
            with suppress(ProcessLookupError):  # it was quicker
                os.kill(child, signal.SIGKILL)
            kills -= int(work.stdout.readline()) == -signal.SIGKILL
        work.stdin.write("begin\n")
        work.stdin.close()
        assert work.stdout.read().split()[1] == "0"


def test_bars_of_another_program_that_come_while_indicators_are_computed_are_noticed(
    database, small_blocks
):
    bars = random_walk(900)
    store_bars(database, *KEY, part(bars, 5, 900), refresh=False)
    early = part(bars, 0, 5)
    meanwhile = [early[ALL[:5]].to_numpy()]

    def another_program(_):
        if meanwhile:
            with database.writing() as session:
                insert_bars(session, KEY, times_of(early), ALL[:5], meanwhile.pop())

    refresh_indicators(database, *KEY, another_program)
    assert_whole(database, bars)
