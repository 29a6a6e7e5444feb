"""Sides, sizes, rates and ruin: tables of candles with the money that they must give."""

import numpy as np
import pytest
from builders import candles
from scripted import Scripted
from test_realism_stops import BUY, SELL, ____, exits_of, play

from services.backtest import SimulationSettings, run_backtest

FLAT = [(10, 10, 10, 10, BUY), (10, 10, 10, 10, ____), (10, 10, 10, 10, ____)]


def shares(table=FLAT, **rules):
    return play(table, **rules).trades["quantity"].tolist()


def test_a_sell_while_flat_opens_a_short_and_a_buy_covers_it():
    table = [
        (10, 10, 10, 10, SELL),
        (20, 22, 19, 21, ____),
        (18, 19, 15, 16, BUY),
        (15, 16, 14, 15, ____),
    ]
    result = play(table, side="short")
    trade = result.trades.iloc[0]
    assert (trade["side"], trade["entry_price"], trade["exit_price"]) == ("short", 20, 15)
    assert (trade["quantity"], trade["profit"], trade["return"]) == (50, 250, 0.25)
    assert result.equity.tolist() == [1000, 950, 1200, 1250]
    assert result.position.tolist() == [0, -1, -1, 0]
    assert result.metrics["exposure"] == 0.5
    assert result.metrics["expectancy_return"] == 0.25
    assert (trade["mae"], trade["mfe"]) == pytest.approx((-0.1, 0.25))


def test_short_only_does_not_buy_and_long_only_does_not_go_short():
    table = [(10, 10, 10, 10, BUY), (10, 10, 10, 10, SELL), (10, 10, 10, 10, ____)]
    assert play(table, side="short").trades["side"].tolist() == ["short"]
    assert play(table, side="long").trades["side"].tolist() == ["long"]


def test_with_both_sides_a_sell_turns_a_long_into_a_short_at_the_same_fill():
    table = [
        (10, 10, 10, 10, BUY),
        (10, 10, 10, 10, SELL),
        (20, 20, 20, 20, BUY),
        (10, 10, 10, 10, ____),
    ]
    result = play(table, side="both")
    fills = result.trades[["side", "entry_bar", "entry_price", "exit_bar", "quantity"]]
    assert list(fills.itertuples(index=False, name=None)) == [
        ("long", 1, 10, 2, 100),
        ("short", 2, 20, 3, 100),
        ("long", 3, 10, -1, 300),
    ]
    assert result.equity.tolist() == [1000, 1000, 2000, 3000]
    assert result.position.tolist() == [0, 1, -1, 1]


def test_slippage_is_against_a_short_on_both_its_sides():
    table = [(100, 100, 100, 100, SELL), (100, 100, 100, 100, BUY), (100, 100, 100, 100, ____)]
    trade = play(table, side="short", slippage_bps=100, sizing="shares:5").trades.iloc[0]
    assert (trade["entry_price"], trade["exit_price"]) == pytest.approx((99, 101))
    assert trade["slippage"] == pytest.approx(10)
    assert trade["profit"] == pytest.approx(-10)


@pytest.mark.parametrize(
    ("sizing", "count"),
    [("all_in", 100), ("percent:50", 50), ("cash:333", 33.3), ("shares:7", 7), ("shares:999", 100)]
    + [("cash:5000", 100)],
)
def test_an_entry_is_as_large_as_asked_and_never_more_than_the_equity(sizing, count):
    assert shares(sizing=sizing) == pytest.approx([count])


def test_whole_shares_are_rounded_down_and_the_rest_stays_cash():
    result = play([(10, 10, 10, 10, BUY), (30, 30, 30, 30, ____)], fractional=False)
    assert result.trades["quantity"].tolist() == [33]
    assert result.equity.iloc[-1] == 1000


def test_where_a_whole_share_is_too_dear_nothing_is_bought():
    table = [(10, 10, 10, 10, BUY), (3000, 3000, 3000, 3000, ____)]
    assert len(play(table, fractional=False).trades) == 0


def test_the_limit_on_exposure_bounds_every_size_commission_included():
    for sizing in ("all_in", "percent:90", "cash:900", "shares:90"):
        assert shares(sizing=sizing, max_exposure=0.3) == pytest.approx([30])
        assert shares(sizing=sizing, max_exposure=0.3, commission="percent:50") == pytest.approx(
            [20]
        )
    short = [(10, 10, 10, 10, SELL), *FLAT[1:]]
    assert shares(short, side="short", max_exposure=0.3) == pytest.approx([30])


def test_a_volatility_target_sizes_by_the_last_20_closed_returns():
    rng = np.random.default_rng(1)
    close = 100 * np.exp(rng.normal(0, 0.02, 30).cumsum())
    rows = [(c, c, c, c, ____) for c in close[:24]]
    rows[22] = (*rows[22][:4], BUY)
    result = play(rows, sizing="volatility:10")
    known = close[2:23]  # up to the close before the fill at the open of bar 23
    yearly = np.std(known[1:] / known[:-1] - 1, ddof=1) * np.sqrt(365)
    assert result.trades["quantity"].tolist() == pytest.approx([1000 * 0.1 / yearly / close[23]])


def test_before_20_returns_are_known_a_volatility_target_buys_nothing():
    assert shares(sizing="volatility:10") == []


def test_prices_that_did_not_move_are_bought_up_to_the_limit():
    table = [*([(10, 10, 10, 10, ____)] * 22), *FLAT]
    assert shares(table, sizing="volatility:10", max_exposure=0.5) == [50]


def test_idle_cash_earns_interest_for_the_calendar_days_between_bars():
    bars = candles(*([(10, 10, 10, 10)] * 3))
    bars["ts"] = bars["ts"].iloc[0] + np.array([0, 1, 4]) * np.timedelta64(1, "D")
    settings = SimulationSettings(1000, "none", 0, cash_interest=36.5)
    result = run_backtest(bars, Scripted([]), settings)
    assert result.equity.tolist() == pytest.approx([1000, 1001, 1001 * 1.003])


def test_cash_that_is_all_in_shares_earns_nothing():
    assert play(FLAT, cash_interest=36.5).equity.iloc[-1] == pytest.approx(1001)


def test_the_proceeds_of_a_short_earn_nothing_but_the_own_cash_does():
    table = [(10, 10, 10, 10, SELL), *([(10, 10, 10, 10, ____)] * 2)]
    result = play(table, side="short", cash_interest=36.5)
    assert result.equity.tolist() == pytest.approx([1000, 1001, 1002.001])


def test_a_short_pays_for_its_shares_by_their_last_value():
    table = [
        (10, 10, 10, 10, SELL),
        (10, 10, 10, 10, ____),
        (20, 20, 20, 20, BUY),
        (20, 20, 20, 20, ____),
    ]
    result = play(table, side="short", sizing="shares:10", borrow_rate=36.5)
    # 0.1 % a day: of 100 for the night to bar 2, of 200 for the night to bar 3.
    assert result.equity.tolist() == pytest.approx([1000, 1000, 899.9, 899.7])
    trade = result.trades.iloc[0]
    assert (trade["commission"], trade["costs"], trade["profit"]) == pytest.approx(
        (0.3, 0.3, -100.3)
    )


def test_a_long_pays_nothing_for_borrowing():
    assert play(FLAT, borrow_rate=50).equity.tolist() == [1000, 1000, 1000]


def test_a_short_that_eats_all_the_equity_is_closed_and_nothing_is_traded_after():
    table = [
        (10, 10, 10, 10, SELL),
        (10, 12, 10, 11, ____),
        (15, 26, 15, 25, BUY),
        (5, 5, 5, 5, SELL),
        (5, 5, 5, 5, BUY),
    ]
    result = play(table, side="both")
    assert exits_of(result) == [(2, 25, "ruin")]
    assert result.equity.tolist() == [1000, 900, -500, -500, -500]
    assert result.position.tolist() == [0, -1, 0, 0, 0]
    assert result.metrics["total_return"] == -1.5
    assert result.metrics["cagr"] is None


def test_the_tiered_commission_is_charged_by_the_share():
    table = [(10, 10, 10, 10, BUY), (10, 10, 10, 10, SELL), (10, 10, 10, 10, ____)]
    result = play(table, cash=1e5, commission="ibkr_tiered", sizing="shares:1000")
    assert result.trades["commission"].tolist() == pytest.approx([7.0])
