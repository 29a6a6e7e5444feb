"""The source csv: what weekly exports, spreadsheets and other languages do to a file."""

import pandas as pd
import pytest

from services.bars import check_bars
from services.errors import InvalidFile
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


def epochs(*texts: str) -> str:
    return "time,open,high,low,close\n" + "".join(f"{text},1,3,1,2\n" for text in texts)


@pytest.mark.parametrize(
    ("text", "resolution", "moment"),
    [
        ("1.704205801E+09", "1m", "2024-01-02T14:30:01Z"),
        ("1.704205801e9", "1m", "2024-01-02T14:30:01Z"),
        ("1.704205800000E+12", "1m", "2024-01-02T14:30:00Z"),
        ("1.7042058E+09", "1m", "2024-01-02T14:30:00Z"),
        ("1.7042058E+12", "5m", "2024-01-02T14:30:00Z"),
        ("1.7040672E+09", "1d", "2024-01-01T00:00:00Z"),
        ("1.704204E+09", "1h", "2024-01-02T14:00:00Z"),
    ],
)
def test_an_epoch_in_scientific_notation_is_read_when_no_digit_is_lost(
    read, text, resolution, moment
):
    assert moments(read(epochs(text), resolution)) == [moment]


@pytest.mark.parametrize(
    ("texts", "resolution"),
    [
        (["1.704067E+09"], "1d"),
        (["1.7042058E+09", "1.7042059E+09"], "1m"),
        (["1.70E+09"], "1d"),
        (["1.704205800E+09", "1.704067E+09"], "1d"),
        (["1.704204E+09"], "1m"),
    ],
)
def test_an_epoch_that_lost_digits_in_a_spreadsheet_is_refused(read, texts, resolution):
    with pytest.raises(InvalidFile, match=r"bars.csv has times such as .*E\+09.*fetch") as caught:
        read(epochs(*texts), resolution)
    assert texts[-1] in str(caught.value)


@pytest.mark.parametrize(
    "header",
    [
        "Data,Otwarcie,Najwyzszy,Najnizszy,Zamkniecie,Wolumen",
        "Data,Otwarcie,Najwyższy,Najniższy,Zamknięcie,Wolumen",
    ],
)
def test_stooq_in_polish(read, header):
    source = read(f"{header}\n2024-01-02,2,4,1,3,10\n")
    assert source.format == "Stooq"
    assert source.frame.iloc[0, 1:].tolist() == [2, 4, 1, 3, 10]
    assert days(source) == ["2024-01-02"]


def test_stooq_in_polish_with_a_clock(read):
    header = "Data,Czas,Otwarcie,Najwyzszy,Najnizszy,Zamkniecie,Wolumen"
    source = read(f"{header}\n2024-01-02,15:30:00,2,4,1,3,10\n", "5m")
    assert moments(source) == ["2024-01-02T15:30:00Z"]


def test_cells_may_be_parted_by_pipes(read):
    source = read((HEADER + "2024-01-02,1,3,1,2.5,10\n").replace(",", "|"))
    assert source.frame.iloc[0, 1:].tolist() == [1, 3, 1, 2.5, 10]


def test_comments_before_the_header_are_passed_over(read):
    source = read(f"# AAPL, daily, from a vendor\n#\n\n# (c) 2024\n{HEADER}2024-01-02,{ROW}\n")
    assert days(source) == ["2024-01-02"]
    assert source.row_numbers.tolist() == [1]


def test_a_header_behind_a_hash_is_a_header(read):
    assert days(read(f"# AAPL\n# {HEADER}2024-01-02,{ROW}\n")) == ["2024-01-02"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f'{HEADER}2024-01-02,{ROW}\n2024-01-03,1,3,1,2,"10\n2024-01-04,{ROW}\n', 3),
        (f'# daily\n\n{HEADER}2024-01-02,1,3,1,2,"10\nshares"\n2024-01-03,{ROW}\n', 4),
        (f'"Da\nte",Open,High,Low,Close,Volume\n2024-01-02,{ROW}\n', 1),
        (f'{HEADER}2024-01-02,1,3,1,2,x"y,"z\n', 2),
        (f'{HEADER}2024-01-02,1,3,1,2,"1"0\n', 2),
        (f"{HEADER}2024-01-02,{'1' * 200_000}\n", 2),
    ],
)
def test_a_quote_without_its_partner_is_refused_in_our_own_words(read, text, line):
    with pytest.raises(InvalidFile) as caught:
        read(text)
    assert str(caught.value) == (
        f"bars.csv cannot be read as a table: line {line} has a quote without its partner, a cell "
        "of several lines or an endless one; write each row on one line, in plain cells."
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "2024-01-01,1,2,1,1,10\n2024-01-02,1,2,1,1,10\n",
            "bars.csv has no header line: its first line is 2024-01-01,1,2,1,1,10; add one: "
            "date,open,high,low,close,volume",
        ),
        (
            "1704067200;1,5;2,5;1,5;1,5\n1704153600;1,5;2,5;1,5;1,5\n",
            "bars.csv has no header line: its first line is 1704067200;1,5;2,5;1,5;1,5; add one: "
            "date;open;high;low;close;volume",
        ),
        (
            f"2024-01-01,1,1,1,1,{'1' * 60}\n",
            f"bars.csv has no header line: its first line is 2024-01-01,1,1,1,1,{'1' * 21}…; add "
            "one: date,open,high,low,close,volume",
        ),
    ],
)
def test_a_file_without_a_header_is_told_with_its_own_first_line(read, text, sentence):
    with pytest.raises(InvalidFile) as caught:
        read(text)
    assert str(caught.value) == sentence


def test_a_repeated_header_is_named_as_the_file_has_it(read):
    with pytest.raises(InvalidFile, match=r"2 columns for close \(Close, Close\): keep one"):
        read("Date,Open,High,Low,Close,Close\n2024-01-02,1,3,1,2,2\n")


def test_of_other_repeated_columns_the_first_counts(read):
    source = read("Date,Open,High,Low,Close,Volume,Volume,,\n2024-01-02,1,3,1,2,10,99,,\n")
    assert source.frame["volume"].tolist() == [10]


def test_stooq_in_polish_from_windows(tmp_path):
    path = tmp_path / "bars.csv"
    header = "Data,Otwarcie,Najwyższy,Najniższy,Zamknięcie,Wolumen"
    path.write_text(f"{header}\n2024-01-02,2,4,1,3,10\n", encoding="cp1250")
    assert read_csv_bars(path, "1d").frame.iloc[0, 1:].tolist() == [2, 4, 1, 3, 10]
