"""Windows and folds: against windows written by hand, and the rule that no test is trained on."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.errors import InvalidParams
from services.optimise.folds import MOST_WINDOWS, Window, purged_folds, windows_of
from services.timespan import Duration


def days(count, start="2020-01-01"):
    return pd.Series(pd.date_range(start, periods=count, freq="D", tz="UTC", unit="us"))


def business_days(start, end):
    return pd.Series(pd.bdate_range(start, end, tz="UTC", unit="us"))


def spans(found):
    return [(w.train_start, w.train_end, w.test_start, w.test_end) for w in found.windows]


def dates(ts, found):
    places = [(w.train[0], w.train[-1], w.test[0], w.test[-1]) for w in found.windows]
    return [tuple(f"{ts[place]:%Y-%m-%d}" for place in window) for window in places]


def test_rolling_windows_keep_their_length_and_anchored_ones_grow():
    assert spans(windows_of(days(10), 4, 2)) == [(0, 4, 4, 6), (2, 6, 6, 8), (4, 8, 8, 10)]
    assert spans(windows_of(days(10), 4, 2, anchored=True)) == [
        (0, 4, 4, 6),
        (0, 6, 6, 8),
        (0, 8, 8, 10),
    ]


def test_an_embargo_lies_between_and_the_tests_still_follow_each_other():
    found = windows_of(days(12), 4, 2, embargo=3)
    assert spans(found) == [(0, 4, 7, 9), (2, 6, 9, 11)] + [(4, 8, 11, 12)]
    assert found.windows[-1].is_partial


def test_bars_before_the_first_are_history_only():
    assert spans(windows_of(days(10), 4, 2, first=3)) == [(3, 7, 7, 9), (5, 9, 9, 10)]
    assert spans(windows_of(days(10), 4, 3, first=3, anchored=True)) == [(3, 7, 7, 10)]


def test_a_last_test_of_half_the_length_is_used_and_a_shorter_one_is_left_out():
    assert windows_of(days(12), 4, 4).windows[-1] == Window(4, 8, 8, 12)
    found = windows_of(days(10), 4, 4)
    assert found.windows[-1] == Window(4, 8, 8, 10, is_partial=True)
    assert found.left_out == 0
    shorter = windows_of(days(9), 4, 4)
    assert spans(shorter) == [(0, 4, 4, 8)]
    assert shorter.left_out == 1


def test_durations_follow_the_calendar():
    ts = business_days("2020-01-01", "2023-12-29")
    assert dates(ts, windows_of(ts, "2 Y", "6 M")) == [
        ("2020-01-01", "2021-12-31", "2022-01-03", "2022-06-30"),
        ("2020-07-01", "2022-06-30", "2022-07-01", "2022-12-30"),
        ("2021-01-01", "2022-12-30", "2023-01-02", "2023-06-30"),
        ("2021-07-01", "2023-06-30", "2023-07-03", "2023-12-29"),
    ]


def test_months_that_end_early_do_not_pull_the_later_ones_forward():
    ts = days(240, start="2021-01-31")
    starts = [f"{ts[w.test_start]:%m-%d}" for w in windows_of(ts, "1 M", "1 M").windows]
    assert starts == ["02-28", "03-28", "04-28", "05-28", "06-28", "07-28", "08-28"]


def test_a_duration_and_its_text_mean_the_same():
    ts = days(1000)
    assert windows_of(ts, Duration(1, "Y"), Duration(3, "M")) == windows_of(ts, "1 Y", "3 M")
    assert windows_of(ts, "100", "50") == windows_of(ts, 100, 50)


def test_a_window_that_ends_with_the_last_bar_is_complete():
    ts = days(366 + 90, start="2020-01-01")  # to 2021-03-31
    complete = windows_of(ts, "1 Y", "3 M").windows
    assert [w.is_partial for w in complete] == [False]
    assert windows_of(ts[:-1], "1 Y", "3 M").windows[0].is_partial


def test_a_hole_in_the_bars_makes_no_empty_test():
    ts = pd.concat([days(100), days(100, start="2021-01-01")], ignore_index=True)
    found = windows_of(ts, "60 D", "10 D", anchored=True)
    assert all(len(w.test) for w in found.windows)
    with pytest.raises(InvalidParams, match="No bars lie in the span to train on, 2020-0"):
        windows_of(ts, "10 D", "10 D")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (
            {"train": 100, "test": 20},
            "100 bars from 2020-01-01 to 2020-04-09 are too few for 100 bars",
        ),
        ({"train": 80, "test": 20, "embargo": 15}, "an embargo of 15 bars"),
        ({"train": "3 M", "test": "1 M"}, "at least half of 1 M to test on"),
        ({"train": 50, "test": "1 M"}, "in bars or both as durations"),
        ({"train": 0, "test": 20}, "train length must be 1 bar or more"),
        ({"train": 20, "test": -1}, "test length must be 1 bar or more"),
        ({"train": "2 lunes", "test": "1 M"}, "is not a duration"),
        ({"train": 20, "test": 20, "embargo": -1}, "embargo must be 0 or more"),
        ({"train": 20, "test": 20, "first": 100}, "no bars"),
    ],
)
def test_what_cannot_be_cut_is_refused_with_the_numbers(how, said):
    with pytest.raises(InvalidParams, match=said):
        windows_of(days(100), how.pop("train"), how.pop("test"), **how)


def test_countless_windows_are_refused():
    with pytest.raises(InvalidParams, match=f"more than {MOST_WINDOWS} windows"):
        windows_of(days(3000), 10, 1)
    with pytest.raises(InvalidParams, match=f"more than {MOST_WINDOWS} windows"):
        windows_of(days(3000), "10 D", "1 S")


lengths = st.tuples(st.integers(1, 60), st.integers(1, 40))
units = st.sampled_from(["bars", "D", "W", "M"])


@settings(max_examples=200, deadline=None)
@given(st.integers(30, 400), lengths, units, st.integers(0, 9), st.booleans(), st.integers(0, 20))
def test_no_test_bar_is_in_or_before_its_train_bars_and_embargo(
    size, both, unit, embargo, anchored, first
):
    ts = business_days("2020-01-01", "2021-12-31")[:size]
    train, test = both if unit == "bars" else (f"{length} {unit}" for length in both)
    try:
        found = windows_of(ts, train, test, anchored=anchored, embargo=embargo, first=first)
    except InvalidParams:
        return
    tested = []
    for window in found.windows:
        assert len(window.train) > 0
        assert len(window.test) > 0
        assert window.train[0] >= first
        assert window.test[0] - window.train[-1] == embargo + 1
        tested += window.test
    # Every bar from the first test on is tested once, but for what is left out at the end.
    assert tested == list(range(tested[0], size - found.left_out))


def test_purged_folds_as_a_hand_would_cut_them():
    folds = list(purged_folds(12, 3, purge=1, embargo=2))
    assert [fold.test for fold in folds] == [range(4), range(4, 8), range(8, 12)]
    assert [fold.train for fold in folds] == [
        (range(7, 12),),
        (range(3), range(11, 12)),
        (range(7),),
    ]


@settings(max_examples=200, deadline=None)
@given(st.integers(2, 300), st.integers(2, 12), st.integers(0, 30), st.integers(0, 30))
def test_no_bar_near_a_test_is_trained_on_and_all_others_are(count, folds, purge, embargo):
    try:
        cut = list(purged_folds(count, folds, purge=purge, embargo=embargo))
    except InvalidParams:
        return
    assert np.array_equal(np.concatenate([list(fold.test) for fold in cut]), np.arange(count))
    for fold in cut:
        near = set(range(fold.test[0] - purge, fold.test[-1] + 1 + purge + embargo))
        assert {bar for part in fold.train for bar in part} == set(range(count)) - near


def test_folds_that_leave_nothing_to_train_on_are_refused():
    with pytest.raises(InvalidParams, match="nothing to train on"):
        next(purged_folds(100, 2, purge=30, embargo=30))
    with pytest.raises(InvalidParams, match="take fewer folds"):
        next(purged_folds(3, 5))
    with pytest.raises(InvalidParams, match="2 or more"):
        next(purged_folds(100, 1))
