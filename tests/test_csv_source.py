"""The source csv: what people and programs export, and what cannot be trusted."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from services.bars import check_bars
from services.errors import InvalidFile
from services.ingest import read_csv_bars

DEVELOPMENT_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
HEADER = "Date,Open,High,Low,Close,Volume\n"


@pytest.fixture
def written(tmp_path):
    """Give a function that writes a file and returns its path."""

    def write(content: str | bytes, name: str = "bars.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def times(source) -> list[str]:
    return [ts.isoformat() if pd.notna(ts) else None for ts in source.frame["ts"]]


def table(source) -> list[tuple]:
    rows = source.frame[["open", "high", "low", "close", "volume"]].to_numpy().tolist()
    return [tuple(None if np.isnan(cell) else cell for cell in row) for row in rows]


def daily(*dates: str, delimiter: str = ",") -> str:
    """Write a file of equal bars with these dates."""
    cells = ["Date", "Open", "High", "Low", "Close", "Volume"]
    rows = [[date, "1", "3", "1", "2", "10"] for date in dates]
    return "\n".join(delimiter.join(row) for row in [cells, *rows]) + "\n"


YAHOO = """\
Date,Open,High,Low,Close,Adj Close,Volume
2024-01-02,187.149994,188.440002,183.889999,185.639999,184.938217,82488700
2024-01-03,184.220001,185.880005,183.429993,184.250000,183.553467,58414500
2024-01-04,null,null,null,null,null,null
"""
YFINANCE = """\
Price,Close,High,Low,Open,Volume
Ticker,AAPL,AAPL,AAPL,AAPL,AAPL
Date,,,,,
2024-01-02 00:00:00-05:00,184.9,187.7,183.1,186.4,82488700
2024-01-03 00:00:00-05:00,183.5,185.1,182.7,183.5,58414500
"""
STOOQ_DAILY = """\
<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>
AAPL.US,D,20240102,000000,187.15,188.44,183.88,185.64,82496943.12,0
AAPL.US,D,20240103,000000,184.22,185.88,183.43,184.25,58418916.5,0
"""
STOOQ_MINUTES = """\
<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>
AAPL.US,5,20240102,153000,187.15,188.44,183.88,185.64,8249,0
AAPL.US,5,20240102,153500,184.22,185.88,183.43,184.25,5841,0
"""
TRADINGVIEW_EPOCH = """\
time,open,high,low,close,Volume,Volume MA,RSI
1704205800,187.15,188.44,183.88,185.64,82488700,51000000,48.2
1704292200,184.22,185.88,183.43,184.25,58414500,52000000,45.9
"""
TRADINGVIEW_ISO = """\
time,open,high,low,close,Volume
2024-01-02T09:30:00-05:00,187.15,188.44,183.88,185.64,824
2024-01-02T10:30:00-05:00,184.22,185.88,183.43,184.25,584
"""
IBKR_DAILY = """\
,date,open,high,low,close,volume,average,barCount
0,20240102,187.15,188.44,183.88,185.64,82488700,185.9,491
1,20240103,184.22,185.88,183.43,184.25,58414500,184.3,402
"""
IBKR_HOURS = """\
date,open,high,low,close,volume,wap,count
20240102  09:30:00,187.15,188.44,183.88,185.64,824,185.9,491
20240102  10:00:00,184.22,185.88,183.43,184.25,584,184.3,402
20240102  11:00:00,184.22,185.88,183.43,184.25,-1,184.3,402
"""
IBKR_ZONED = IBKR_HOURS.replace(":00,", ":00 US/Eastern,").replace("  ", " ")


def test_yahoo(written):
    source = read_csv_bars(written(YAHOO), "1d")
    assert source.format == "Yahoo"
    assert times(source)[:2] == ["2024-01-02T00:00:00+00:00", "2024-01-03T00:00:00+00:00"]
    assert table(source)[0] == (187.149994, 188.440002, 183.889999, 185.639999, 82488700)
    assert source.adj_close.tolist()[:2] == [184.938217, 183.553467]
    assert check_bars(source.frame, "1d").reasons == {"price missing or not a number": 1}


def test_yfinance_with_its_three_header_rows(written):
    source = read_csv_bars(written(YFINANCE), "1d")
    assert times(source) == ["2024-01-02T00:00:00+00:00", "2024-01-03T00:00:00+00:00"]
    assert table(source)[0] == (186.4, 187.7, 183.1, 184.9, 82488700)


def test_stooq(written):
    source = read_csv_bars(written(STOOQ_DAILY), "1d")
    assert source.format == "Stooq"
    assert times(source) == ["2024-01-02T00:00:00+00:00", "2024-01-03T00:00:00+00:00"]
    assert table(source)[0] == (187.15, 188.44, 183.88, 185.64, 82496943.12)
    assert "AAPL.US" in " ".join(source.notes)
    minutes = read_csv_bars(written(STOOQ_MINUTES), "5m", "Europe/Warsaw")
    assert times(minutes) == ["2024-01-02T14:30:00+00:00", "2024-01-02T14:35:00+00:00"]


def test_tradingview(written):
    source = read_csv_bars(written(TRADINGVIEW_EPOCH), "1d")
    assert source.format == "TradingView"
    assert times(source) == ["2024-01-02T00:00:00+00:00", "2024-01-03T00:00:00+00:00"]
    assert table(source)[1] == (184.22, 185.88, 183.43, 184.25, 58414500)
    hours = read_csv_bars(written(TRADINGVIEW_ISO), "1h")
    assert times(hours) == ["2024-01-02T14:30:00+00:00", "2024-01-02T15:30:00+00:00"]
    assert hours.notes == []


def test_ibkr(written):
    source = read_csv_bars(written(IBKR_DAILY), "1d")
    assert source.format == "IBKR"
    assert times(source) == ["2024-01-02T00:00:00+00:00", "2024-01-03T00:00:00+00:00"]
    expected = [f"2024-01-02T{clock}:00+00:00" for clock in ("14:30", "15:00", "16:00")]
    zoned = read_csv_bars(written(IBKR_ZONED), "1h")
    assert times(zoned) == expected
    assert times(read_csv_bars(written(IBKR_HOURS), "1h", "US/Eastern")) == expected
    assert table(zoned)[2][-1] is None  # -1 is IBKR's word for no volume


@pytest.mark.parametrize(
    "header",
    [
        "Date,Open,High,Low,Close,Volume",
        "DATETIME , OPEN , HIGH , LOW , LAST , VOL.",
        "ts,open,high,low,close,volume",
        "timestamp,o,h,l,c,v",
        "Time,Open,High,Low,Price,Vol",
        '"Date","Open","High","Low","Close/Last","Volume"',
        "Date,Open Price,High Price,Low Price,Close Price,Volume",
    ],
)
def test_headers_in_the_usual_spellings(written, header):
    source = read_csv_bars(written(f"\ufeff{header}\n2024-01-02,1,3,0.5,2,10\n"), "1d")
    assert times(source) == ["2024-01-02T00:00:00+00:00"]
    assert table(source) == [(1, 3, 0.5, 2, 10)]


def test_close_wins_over_last_and_price(written):
    text = "Date,Open,High,Low,Last,Close,Price\n2024-01-02,1,9,1,7,8,6\n"
    assert table(read_csv_bars(written(text), "1d"))[0][3] == 8


def test_the_adjusted_close_is_never_the_close(written):
    text = "Date,Open,High,Low,Adj. Close\n2024-01-02,1,9,1,7\n"
    with pytest.raises(InvalidFile, match="no column for close"):
        read_csv_bars(written(text), "1d")


def test_a_date_column_and_a_time_column_are_read_together(written):
    text = "Date,Time,Open,High,Low,Close\n2024-01-02,14:30,1,3,1,2\n2024-01-02,2:31 PM,1,3,1,2\n"
    source = read_csv_bars(written(text), "1m")
    assert times(source) == ["2024-01-02T14:30:00+00:00", "2024-01-02T14:31:00+00:00"]
    assert any("UTC" in note for note in source.notes)
    assert any("no volume" in note for note in source.notes)


@pytest.mark.parametrize(
    "moment",
    [
        "2024-01-02T14:30:00Z",
        "2024-01-02 14:30:00+00:00",
        "2024-01-02T09:30:00-0500",
        "2024-01-02 14:30 UTC",
        "2024/1/2 14:30",
        "2024.01.02 14:30:00.000",
        "20240102-14:30:00",
        "02-Jan-2024 14:30",
        "Jan 2, 2024 02:30 PM",
        "1704205800",
        "1704205800.0",
        "1704205800000",
        "1704205800000000",
        "20240102143000",
        "202401021430",
    ],
)
def test_a_time_is_read_in_every_usual_form(written, moment):
    source = read_csv_bars(written(f'time,open,high,low,close\n"{moment}",1,3,1,2\n'), "1m")
    assert times(source) == ["2024-01-02T14:30:00+00:00"]


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (["30/01/2024", "31/01/2024", "01/02/2024"], "2024-02-01"),
        (["01/30/2024", "01/31/2024", "02/01/2024"], "2024-02-01"),
        (["30.01.2024", "31.01.2024", "01.02.2024"], "2024-02-01"),
    ],
)
def test_day_and_month_are_told_apart_by_the_whole_column(written, dates, expected):
    assert times(read_csv_bars(written(daily(*dates)), "1d"))[-1] == f"{expected}T00:00:00+00:00"


@pytest.mark.parametrize(
    "dates", [["01/02/2024", "02/02/2024"], ["13/01/2024", "01/13/2024"], ["01.02.2024"]]
)
def test_dates_that_can_be_read_in_two_ways_are_refused(written, dates):
    with pytest.raises(InvalidFile, match="day and month cannot be told apart.*2024-01-31"):
        read_csv_bars(written(daily(*dates)), "1d")


@pytest.mark.parametrize("date", ["45293", "yesterday", "02/01/24", "2024-13-45", "24-01-02"])
def test_times_that_nobody_can_read_are_refused(written, date):
    with pytest.raises(InvalidFile, match="times that cannot be read"):
        read_csv_bars(written(daily(date)), "1d")


@pytest.mark.parametrize(
    ("text", "price"),
    [("1234.5", 1234.5), ('"1,234.5"', 1234.5), ("$1234.50", 1234.5), ("1e3", 1000.0),
     ("0.1", 0.1), (".5", 0.5), ("abc", None), ("", None), ('"1,5"', None), ("1_000", None),
     ("0x10", None), ("nan", None)],
)  # fmt: skip
def test_a_price_is_a_number_or_unreadable(written, text, price):
    source = read_csv_bars(written(f"{HEADER}2024-01-02,1,3,{text},2,10\n"), "1d")
    assert table(source)[0][2] == price


@pytest.mark.parametrize(
    ("text", "volume"),
    [("", None), ("-", None), ("N/A", None), ("1.2M", 1_200_000), ("3.4K", 3_400),
     ("1.1B", 1_100_000_000), ('"1,234,567"', 1_234_567), ("-1", None), ("5.88098307", 5.88098307),
     ("abc", np.inf), ("-5", np.inf)],
)  # fmt: skip
def test_a_volume_is_a_number_or_unknown_or_unreadable(written, text, volume):
    source = read_csv_bars(written(f"{HEADER}2024-01-02,1,3,1,2,{text}\n"), "1d")
    assert table(source)[0][4] == volume
    rejected = {"volume not a number": 1} if volume == np.inf else {}
    assert check_bars(source.frame, "1d").reasons == rejected


def test_a_decimal_comma_is_read_where_semicolons_part_the_cells(written):
    text = "Date;Open;High;Low;Close;Volume\n2024-01-02;1.234,5;1.300;1.200,25;1.250;1.000\n"
    source = read_csv_bars(written(text), "1d")
    assert table(source) == [(1234.5, 1300.0, 1200.25, 1250.0, 1000.0)]


def test_a_decimal_point_is_read_where_semicolons_or_tabs_part_the_cells(written):
    for sign in ";\t":
        text = daily("2024-01-02", delimiter=sign).replace(f"{sign}2{sign}", f"{sign}2.5{sign}")
        assert table(read_csv_bars(written(text), "1d")) == [(1, 3, 1, 2.5, 10)]


def test_numbers_that_can_be_read_in_two_ways_are_refused(written):
    text = "Date;Open;High;Low;Close\n2024-01-02;1,234;1,235;1,233;1,234\n"
    with pytest.raises(InvalidFile, match="read in two ways"):
        read_csv_bars(written(text), "1d")


def test_rows_newest_first_are_turned_round_and_keep_their_numbers(written):
    source = read_csv_bars(written(daily("2024-01-04", "2024-01-03", "2024-01-02")), "1d")
    assert times(source) == [f"2024-01-0{day}T00:00:00+00:00" for day in (2, 3, 4)]
    assert source.row_numbers.tolist() == [3, 2, 1]
    assert any("newest first" in note for note in source.notes)


def test_rows_in_disorder_are_left_for_the_check(written):
    source = read_csv_bars(written(daily("2024-01-03", "2024-01-02", "2024-01-04")), "1d")
    assert check_bars(source.frame, "1d").reasons == {"time out of order": 1}


def test_a_local_time_that_the_clock_shows_twice_or_never_is_not_guessed(written):
    moments = ["2024-11-03 00:30", "2024-11-03 01:30", "2024-11-03 02:30"]
    text = "time,open,high,low,close\n" + "".join(f"{m},1,3,1,2\n" for m in moments)
    source = read_csv_bars(written(text), "1h", "America/New_York")
    assert times(source) == ["2024-11-03T04:30:00+00:00", None, "2024-11-03T07:30:00+00:00"]
    assert any("twice or never" in note for note in source.notes)
    spring = "time,open,high,low,close\n2024-03-10 01:30,1,3,1,2\n2024-03-10 02:30,1,3,1,2\n"
    assert times(read_csv_bars(written(spring), "1h", "America/New_York"))[1] is None


def test_a_daily_bar_carries_the_date_of_its_session(written):
    tokyo = "time,open,high,low,close\n2024-01-02T00:00:00+09:00,1,3,1,2\n"
    assert times(read_csv_bars(written(tokyo), "1d")) == ["2024-01-02T00:00:00+00:00"]
    # An epoch is a moment: in Sydney, 23:00 UTC of the day before is the morning of the session.
    sydney = (
        f"time,open,high,low,close\n{int(pd.Timestamp('2024-01-01T23:00Z').timestamp())},1,3,1,2\n"
    )
    assert times(read_csv_bars(written(sydney), "1d", "Australia/Sydney")) == [
        "2024-01-02T00:00:00+00:00"
    ]
    # Midnight UTC is a label, whatever the exchange's zone.
    label = "time,open,high,low,close\n2024-01-02T00:00:00Z,1,3,1,2\n"
    assert times(read_csv_bars(written(label), "1d", "America/New_York")) == [
        "2024-01-02T00:00:00+00:00"
    ]


def test_a_gzipped_file_is_known_by_its_content(written):
    packed = gzip.compress(daily("2024-01-02").encode(), mtime=0)
    for name in ("bars.csv.gz", "bars.csv"):
        assert len(read_csv_bars(written(packed, name), "1d").frame) == 1


def test_one_bad_cell_does_not_sink_the_file(written):
    text = HEADER + "2024-01-02,1,3,1,2,10\n2024-01-03,1,3,abc,2,10\nnever,1,3,1,2,10\n"
    checked = check_bars(read_csv_bars(written(text), "1d").frame, "1d")
    assert len(checked.bars) == 1
    assert checked.reasons == {
        "price missing or not a number": 1,
        "time missing or not readable": 1,
    }


@pytest.mark.parametrize(
    "row", ["2024-01-03,1,3", "2024-01-03,1,3,1,2", "2024-01-03,1,234.5,1,3,1,2", "x" * 9]
)
def test_a_row_with_too_few_or_too_many_cells_is_rejected_not_shifted(written, row):
    text = f"{HEADER}2024-01-02,1,3,1,2,10\n{row}\n2024-01-04,1,3,1,2,10\n"
    checked = check_bars(read_csv_bars(written(text), "1d").frame, "1d")
    assert len(checked.bars) == 2
    assert checked.rejected["row"].tolist() == [1]


def test_a_trailing_delimiter_is_no_extra_cell(written):
    text = HEADER + "2024-01-02,1,3,1,2,10,\n"
    assert table(read_csv_bars(written(text), "1d")) == [(1, 3, 1, 2, 10)]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"\xef\xbb\xbf\n", "is empty"),
        (HEADER.encode(), "has headers but no rows"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)), "is not a text file"),
        (gzip.compress(daily("2024-01-02").encode(), mtime=0)[:-12], "cut short or damaged"),
        (b"\x1f\x8bnonsense", "cut short or damaged"),
        (b"name,age\nAda,36\n", "no column for time and open and high and low and close"),
        (b"Exceeded the daily hits limit", "is not a table"),
        (b"<!DOCTYPE html><html><body>Sign in, please</body></html>", "no column for"),
        (b"2024-01-02,1,3,1,2,10\n2024-01-03,1,3,1,2,10\n", "no header line"),
        (HEADER.encode() + b'"' + b"x" * 200_000, "cannot be read as a table"),
        (b"Date,Open,High,Low,Close,close\n2024-01-02,1,3,1,2,2\n", "2 columns for close"),
        (
            b"Ticker,Date,Open,High,Low,Close\nA,2024-01-02,1,3,1,2\nB,2024-01-02,1,3,1,2\n",
            "holds 2 symbols",
        ),
    ],
)
def test_a_file_that_holds_no_bars_is_refused_in_a_sentence(written, content, sentence):
    with pytest.raises(InvalidFile, match=sentence) as caught:
        read_csv_bars(written(content), "1d")
    assert "bars.csv" in str(caught.value)


def test_a_missing_file_and_a_folder_are_refused_in_a_sentence(tmp_path):
    with pytest.raises(InvalidFile, match="There is no file"):
        read_csv_bars(tmp_path / "nowhere.csv", "1d")
    with pytest.raises(InvalidFile, match="is a folder"):
        read_csv_bars(tmp_path, "1d")


@pytest.mark.parametrize(
    ("freq", "count", "resolution", "remedy"),
    [
        ("1D", 3, "1m", "1d"),
        ("1D", 20, "4h", "1d"),
        ("1min", 30, "1d", "1m"),
        ("1h", 30, "1d", "1h"),
        ("5min", 30, "1m", "5m"),
        ("1min", 30, "5m", "1m"),
        ("7D", 12, "1d", "1w"),
        ("1D", 12, "1w", "1d"),
    ],
)
def test_rows_of_another_resolution_are_refused_with_the_right_one(
    written, freq, count, resolution, remedy
):
    moments = pd.date_range("2024-01-02 09:30", periods=count, freq=freq)
    text = "time,open,high,low,close\n" + "".join(f"{m},1,3,1,2\n" for m in moments)
    with pytest.raises(InvalidFile, match=f"ingest it with -r {remedy}"):
        read_csv_bars(written(text), resolution)


def test_sparse_minutes_and_gaps_between_sessions_are_no_other_resolution(written):
    moments = ["2024-01-02T14:30Z", "2024-01-02T15:55Z", "2024-01-03T14:30Z", "2024-01-03T14:31Z"]
    text = "time,open,high,low,close\n" + "".join(f"{m},1,3,1,2\n" for m in moments)
    assert len(read_csv_bars(written(text), "1m").frame) == 4


def test_dates_without_a_clock_are_no_intraday_bars(written):
    with pytest.raises(InvalidFile, match="without a time of day.*-r 1d"):
        read_csv_bars(written(daily("2024-01-02")), "1m")


@pytest.mark.parametrize(
    ("name", "resolution", "count"),
    [
        ("daily/SPY.csv", "1d", 5241),
        ("daily/SP500_INDEX.csv", "1d", 5031),
        ("intraday/TPL_1m_2024.csv.gz", "1m", 17914),
        ("intraday/BTCUSD_4h_2016_2025.csv.gz", "4h", 20695),
    ],
)
def test_real_files_are_read_whole(name, resolution, count):
    path = DEVELOPMENT_DATA / name
    if not path.exists():
        pytest.skip(f"no {name}: the development data is not beside the project")
    source = read_csv_bars(path, resolution)
    checked = check_bars(source.frame, resolution)
    assert (len(checked.bars), checked.reasons, source.notes) == (count, {}, [])
    raw = pd.read_csv(path, dtype=str)
    assert [float(text) for text in raw["close"]] == checked.bars["close"].tolist()
    assert (pd.to_datetime(raw["ts"], utc=True) == checked.bars["ts"]).all()
