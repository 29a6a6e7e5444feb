"""The source csv: what weekly exports, spreadsheets and other languages do to a file."""

import pandas as pd
import pytest

from services.bars import check_bars
from services.ingest import read_csv_bars

HEADER = "Date,Open,High,Low,Close,Volume\n"
ROW = "1,3,1,2,10"


@pytest.fixture
def read(tmp_path):
    """Give a function that reads a text as a file of bars."""

    def read(text: str, resolution: str = "1d"):
        path = tmp_path / "bars.csv"
        path.write_text(text, encoding="utf-8")
        return read_csv_bars(path, resolution)

    return read


def days(source) -> list[str]:
    return source.frame["ts"].dt.strftime("%Y-%m-%d").tolist()


def moments(source) -> list[str]:
    return source.frame["ts"].dt.strftime("%Y-%m-%dT%H:%M:%SZ").tolist()


def weekly(*dates: str) -> str:
    return HEADER + "".join(f"{date},{ROW}\n" for date in dates)


@pytest.mark.parametrize(
    ("dates", "mondays"),
    [
        # Good Friday 2024 was 29 March: that week is labelled by its Thursday.
        (["2024-03-22", "2024-03-28", "2024-04-05"], ["2024-03-18", "2024-03-25", "2024-04-01"]),
        (["2024-03-21", "2024-03-28"], ["2024-03-18", "2024-03-25"]),
        (["2024-12-28", "2025-01-04"], ["2024-12-23", "2024-12-30"]),
        (["2024-04-05", "2024-03-28", "2024-03-22"], ["2024-03-18", "2024-03-25", "2024-04-01"]),
    ],
)
def test_weeks_labelled_by_their_last_day_are_labelled_by_their_monday(read, dates, mondays):
    source = read(weekly(*dates), "1w")
    assert days(source) == mondays
    assert any("moved to the Monday" in note for note in source.notes)


@pytest.mark.parametrize("dates", [["2024-03-18", "2024-03-25"], ["2024-03-17", "2024-03-24"]])
def test_weeks_labelled_by_their_first_day_stay_as_they_are(read, dates):
    source = read(weekly(*dates), "1w")
    assert days(source) == dates
    assert source.notes == []


def test_daily_bars_of_fridays_are_no_weeks(read):
    assert days(read(weekly("2024-03-22"), "1d")) == ["2024-03-22"]


def test_a_week_that_its_last_day_labels_is_complete_when_it_is_over(read):
    frame = read(weekly("2024-03-15", "2024-03-22"), "1w").frame
    saturday, monday = (pd.Timestamp(day, tz="UTC") for day in ("2024-03-23", "2024-03-25"))
    assert len(check_bars(frame, "1w", saturday).bars) == 1
    assert len(check_bars(frame, "1w", monday).bars) == 2


def test_a_week_without_a_date_is_left_for_the_check(read):
    frame = read(weekly("2024-03-15", "never", "2024-03-22"), "1w").frame
    assert check_bars(frame, "1w").reasons == {"time missing or not readable": 1}
