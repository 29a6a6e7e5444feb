import numpy as np
import pandas as pd
import pytest
from builders import random_walk
from quality_bars import (
    CLEAN,
    NEW_YORK,
    daily,
    kinds,
    minutes,
    only,
    place,
)
from real_bars import real_bars

from services.bars import BAR_COLUMNS, PRICE_COLUMNS
from services.quality import (
    examine,
)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:exchange_calendars")


@pytest.mark.parametrize("symbol", CLEAN)
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("factor", [100, 0.01])
@pytest.mark.parametrize("length", [1, 4])
def test_prices_a_hundred_times_off_are_found(symbol, seed, factor, length):
    bars = real_bars(symbol)
    bar = place(bars, seed)
    bars.loc[bar : bar + length - 1, PRICE_COLUMNS] *= factor
    finding = only(examine(bars, "1d", NEW_YORK), "hundredfold")
    assert (finding.start, finding.end) == (bars["ts"][bar], bars["ts"][bar + length - 1])
    assert (finding.count, finding.severity) == (length, "error")
    assert finding.values["factor"] == pytest.approx(factor, rel=0.4)


@pytest.mark.parametrize("at", [1, -2])
def test_a_series_that_turns_from_pence_to_pounds_is_told_on_its_shorter_side(at):
    bars = daily()
    where = bars.index[at]
    bars.loc[where:, PRICE_COLUMNS] /= 100
    finding = only(examine(bars, "1d", NEW_YORK), "hundredfold")
    assert finding.count == (1 if at == 1 else 2)
    assert finding.start == bars["ts"].iloc[0 if at == 1 else -2]


@pytest.mark.parametrize("symbol", CLEAN)
@pytest.mark.parametrize("seed", range(8))
def test_a_high_or_low_that_no_neighbour_knows_is_found(symbol, seed):
    bars = real_bars(symbol)
    bar = place(bars, seed)
    column, factor = ("high", 1.5) if seed % 2 else ("low", 0.6)
    bars.loc[bar, column] *= factor
    finding = only(examine(bars, "1d", NEW_YORK), "spike")
    assert (finding.start, finding.end, finding.count) == (bars["ts"][bar], bars["ts"][bar], 1)
    assert finding.values["price"] == pytest.approx(bars[column][bar])
    assert finding.actions == ("refetch", "drop", "accept")


@pytest.mark.parametrize("symbol", CLEAN)
@pytest.mark.parametrize("seed", range(8))
def test_a_close_that_no_neighbour_knows_is_a_grave_matter(symbol, seed):
    bars = real_bars(symbol)
    bar = place(bars, seed)
    bars.loc[bar, "close"] = bars.loc[bar, ["open", "close"]].min() * 0.6
    bars.loc[bar, "low"] = bars.loc[bar, ["low", "close"]].min()
    finding = only(examine(bars, "1d", NEW_YORK), "close_break")
    assert (finding.start, finding.severity) == (bars["ts"][bar], "error")


def test_a_crash_that_does_not_come_back_is_no_error():
    bars = daily()
    bars.loc[1000:, PRICE_COLUMNS] *= 0.56
    report = examine(bars, "1d", NEW_YORK)
    assert kinds(report) == ["large_move"]
    assert report.findings[0].severity == "info"


@pytest.mark.parametrize("symbol", CLEAN)
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("ratio", "said"), [(2, "2:1"), (3, "3:1"), (1.5, "3:2"), (0.1, "1:10")])
def test_a_split_in_raw_bars_is_suspected(symbol, seed, ratio, said):
    bars = real_bars(symbol)
    bar = place(bars, seed)
    bars.loc[bar:, PRICE_COLUMNS] /= ratio
    bars.loc[bar:, "volume"] *= ratio
    finding = only(examine(bars, "1d", NEW_YORK), "suspected_split")
    assert (finding.start, finding.severity) == (bars["ts"][bar], "warning")
    assert finding.values["ratio"] == pytest.approx(ratio)
    assert f"a split of {said} " in finding.text


def test_a_known_split_is_named_as_such():
    bars = daily()
    bars.loc[1000:, PRICE_COLUMNS] /= 2
    day = bars["ts"][1000].date()
    finding = only(examine(bars, "1d", NEW_YORK, splits=[(day, 2.0)]), "known_split_shown")
    assert (finding.start, finding.values["ratio"]) == (bars["ts"][1000], 2.0)


def test_a_known_split_that_is_adjusted_for_is_not_mentioned():
    bars = daily()
    day = bars["ts"][1000].date()
    assert examine(bars, "1d", NEW_YORK, splits=[(day, 2.0)]).findings == ()


def test_a_known_split_is_found_inside_a_weekly_bar():
    weeks = pd.date_range("2020-01-06", periods=200, freq="7D", tz="UTC").as_unit("us")
    bars = random_walk(200).assign(ts=weeks)
    bars.loc[100:, PRICE_COLUMNS] /= 2
    bars.loc[100, "open"] = bars.loc[99, "close"]
    bars.loc[100, "high"] = bars.loc[100, "open"] + 0.5
    wednesday = (weeks[100] + pd.Timedelta(days=2)).date()
    report = examine(bars, "1w", NEW_YORK, splits=[(wednesday, 2.0)])
    assert kinds(report) == ["known_split_shown"]


def test_halving_on_a_day_of_heavy_trading_is_no_split():
    bars = daily()
    bars.loc[1000:, PRICE_COLUMNS] /= 2
    bars.loc[1000, "volume"] *= 20
    assert kinds(examine(bars, "1d", NEW_YORK)) == ["large_move"]


@pytest.mark.parametrize("symbol", CLEAN)
@pytest.mark.parametrize("seed", range(6))
def test_a_bar_that_is_sent_again_and_again_is_found(symbol, seed):
    bars = real_bars(symbol)
    bar, length = place(bars, seed), 1 + seed
    columns = BAR_COLUMNS[1:]
    bars.loc[bar + 1 : bar + length, columns] = bars.loc[bar, columns].to_numpy()
    finding = only(examine(bars, "1d", NEW_YORK), "stale_bars")
    # The first one is genuine: dropping the finding's bars keeps it.
    assert (finding.start, finding.end, finding.count) == (
        bars["ts"][bar + 1],
        bars["ts"][bar + length],
        length,
    )


def test_bars_that_know_only_the_close_are_found():
    bars = daily()
    for column in ("open", "high", "low"):
        bars.loc[500:520, column] = bars.loc[500:520, "close"]
    finding = only(examine(bars, "1d", NEW_YORK), "flat_bars")
    assert (finding.start, finding.end, finding.count) == (bars["ts"][500], bars["ts"][520], 21)


def test_lone_trades_make_flat_minutes_and_that_is_normal():
    bars = minutes("2024-07-08", "2024-07-12")
    for column in ("open", "high", "low"):
        bars[column] = bars["close"]
    assert examine(bars, "1m", NEW_YORK).findings == ()


@pytest.mark.parametrize("volume", [np.nan, -1.0])
def test_a_series_without_volume_gets_one_remark(volume):
    finding = only(examine(daily().assign(volume=volume), "1d", NEW_YORK), "missing_volume")
    assert finding.severity == "info"


def test_volume_that_is_missing_here_and_there_is_a_warning():
    bars = daily()
    bars.loc[[5, 9, 100], "volume"] = [np.nan, -1, np.nan]
    finding = only(examine(bars, "1d", NEW_YORK), "missing_volume")
    assert (finding.count, finding.severity) == (3, "warning")


def test_zero_volume_is_told_by_stretches_or_as_a_whole_when_there_are_many():
    bars = daily()
    bars.loc[[5, 6, 7, 100], "volume"] = 0
    found_ = examine(bars, "1d", NEW_YORK).findings
    assert [(f.kind, f.count) for f in found_] == [("zero_volume", 3), ("zero_volume", 1)]
    bars.loc[::10, "volume"] = 0
    finding = only(examine(bars, "1d", NEW_YORK), "zero_volume")
    assert finding.count == (bars["volume"] == 0).sum()


@pytest.mark.parametrize("symbol", CLEAN)
@pytest.mark.parametrize("factor", [100, 0.01])
@pytest.mark.parametrize("seed", range(4))
def test_volume_that_changes_from_lots_to_shares_is_found(symbol, factor, seed):
    bars = real_bars(symbol)
    bar = place(bars, seed)
    bars.loc[bar:, "volume"] *= factor
    finding = only(examine(bars, "1d", NEW_YORK), "volume_unit")
    assert finding.start == bars["ts"][bar]
    assert finding.values["factor"] == pytest.approx(factor, rel=1.5)


def test_a_known_stock_dividend_too_small_to_see_is_not_seen_everywhere():
    bars = daily()
    splits = [(day.date(), 1.002) for day in bars["ts"][::50]]
    assert examine(bars, "1d", NEW_YORK, splits=splits).findings == ()


def test_a_known_split_may_be_dated_on_the_weekend_before():
    bars = daily()
    monday = next(i for i in range(1000, 1010) if bars["ts"][i].day_name() == "Monday")
    bars.loc[monday:, PRICE_COLUMNS] /= 3
    saturday = (bars["ts"][monday] - pd.Timedelta(days=2)).date()
    finding = only(examine(bars, "1d", NEW_YORK, splits=[(saturday, 3.0)]), "known_split_shown")
    assert finding.start == bars["ts"][monday]


def test_a_fall_by_half_that_comes_back_is_no_split():
    bars = daily()
    bars.loc[1000:1002, PRICE_COLUMNS] /= 2
    report = examine(bars, "1d", NEW_YORK)
    assert bars["ts"][1000] not in [
        finding.start for finding in report.findings if finding.kind == "suspected_split"
    ]


def test_bars_filled_in_without_trades_are_told_by_their_volume_not_as_repeats():
    bars = daily()
    bars.loc[500:510, PRICE_COLUMNS] = bars["close"][499]
    bars.loc[500:510, "volume"] = 0
    assert sorted(kinds(examine(bars, "1d", NEW_YORK))) == ["flat_bars", "zero_volume"]
