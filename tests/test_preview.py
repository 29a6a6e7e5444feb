"""What a dropped file would become is told before anything is stored."""

import gzip
import io
import os
import time

import pytest

from services.errors import InvalidFile, InvalidParams
from services.ingest.csv_source import open_csv
from services.ingest.preview import Preview, guess_symbol, preview_file
from services.ingest.uploads import (
    discard_upload,
    find_upload,
    safe_name,
    save_upload,
    sweep_uploads,
    uploads_dir,
)

DAILY = """Date,Open,High,Low,Close,Volume
2024-01-02,10,11,9,10.5,100
2024-01-03,10,9,11,10.5,100
2024-01-04,10,11,9,10.5,100
2024-01-04,10,11,9,10.5,100
2024-01-05,10,x,9,10.5,100
"""
HOURLY = """time,open,high,low,close
2024-01-02 14:30,10,11,9,10
2024-01-02 15:30,10,11,9,10
2024-01-02 16:30,10,11,9,10
"""


@pytest.fixture
def write(tmp_path):
    def write(name: str, text: str):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_rows_that_would_be_rejected_are_named_with_number_and_reason(write):
    preview = preview_file(write("prices.csv", DAILY))
    assert (preview.rows, preview.stored) == (5, 2)
    assert [(row.number, row.reason) for row in preview.rejected] == [
        (2, "high below low"),
        (4, "duplicate time"),
        (5, "price missing or not a number"),
    ]
    assert preview.rejected_count == 3
    assert list(preview.bars["close"]) == [10.5, 10.5]


def test_recognised_columns_are_paired_with_their_fields_in_the_files_order(write):
    preview = preview_file(write("prices.csv", DAILY.replace("Close", "Close/Last")))
    assert preview.columns == (
        ("Date", "date"),
        ("Open", "open"),
        ("High", "high"),
        ("Low", "low"),
        ("Close/Last", "close"),
        ("Volume", "volume"),
    )


@pytest.mark.parametrize(
    ("step", "resolution"),
    [(1, "1m"), (5, "5m"), (15, "15m"), (30, "30m"), (60, "1h"), (240, "4h")],
)
def test_the_distance_of_the_rows_tells_the_resolution(write, step, resolution):
    rows = [f"{1704205800 + 60 * step * i},10,11,9,10\n" for i in range(20)]
    path = write("x.csv", "time,open,high,low,close\n" + "".join(rows))
    assert preview_file(path).resolution == resolution


def test_dates_a_day_and_a_week_apart_are_daily_and_weekly(write):
    assert preview_file(write("d.csv", DAILY)).resolution == "1d"
    weeks = [f"2024-01-{day:02},10,11,9,10\n" for day in (1, 8, 15, 22)]
    path = write("w.csv", "date,open,high,low,close\n" + "".join(weeks))
    assert preview_file(path).resolution == "1w"


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("AAPL.csv", "AAPL"),
        ("aapl_us_d.csv", "AAPL"),
        ("EXE_1m_2024.csv", "EXE"),
        ("BRK.B_daily.csv", "BRK.B"),
        ("BRK-B.csv", "BRK-B"),
        ("SP500_INDEX.csv", "SP500_INDEX"),
        ("TSLA (1).csv", "TSLA"),
        ("MSFT, 1D.csv", "MSFT"),
        ("prices.csv", ""),
        ("2024-01-31.csv", ""),
    ],
)
def test_the_files_name_tells_the_symbol_where_it_holds_one(write, name, symbol):
    assert guess_symbol(open_csv(write(name, DAILY))) == symbol


def test_a_column_of_tickers_tells_the_symbol_better_than_the_name(write):
    text = DAILY.replace("Volume", "Volume,Symbol").replace(",100\n", ",100,IBM\n")
    assert preview_file(write("AAPL.csv", text)).symbol == "IBM"


def test_the_time_zone_moves_the_bars_and_is_asked_for_only_where_it_matters(write):
    opened = Preview(write("hours.csv", HOURLY))
    assert opened.look().lacks_zone
    assert opened.look().bars["ts"].dt.hour.tolist() == [14, 15, 16]
    berlin = opened.look(timezone="Europe/Berlin")
    assert berlin.bars["ts"].dt.hour.tolist() == [13, 14, 15]
    assert not preview_file(write("d.csv", DAILY)).lacks_zone


def test_what_does_not_fit_is_said_in_the_words_of_the_form(write):
    opened = Preview(write("d.csv", DAILY))
    with pytest.raises(InvalidFile, match="choose the resolution 1d") as told:
        opened.look("1h")
    assert "-r 1d" not in str(told.value)
    notes = " ".join(Preview(write("h.csv", HOURLY)).look().notes)
    assert "choose the time zone" in notes
    assert "--timezone" not in notes
    with pytest.raises(InvalidParams, match="not a time zone"):
        opened.look("1d", "Nowhere/Town")


def test_an_upload_is_kept_under_its_content_and_found_again(settings):
    upload = save_upload(settings, "../evil/AAPL.csv", io.BytesIO(b"a,b\n1,2\n"))
    assert upload.name == "AAPL.csv"
    assert upload.path.parent.parent == uploads_dir(settings)
    assert find_upload(settings, upload.key, upload.name) == upload.path
    again = save_upload(settings, "AAPL.csv", io.BytesIO(b"a,b\n1,2\n"))
    assert again == upload
    assert [path.name for path in uploads_dir(settings).iterdir()] == [upload.key]


def test_too_large_and_empty_uploads_are_refused_and_leave_nothing(settings):
    with pytest.raises(InvalidFile, match="larger than"):
        save_upload(settings, "big.csv", io.BytesIO(b"x" * 101), largest=100)
    with pytest.raises(InvalidFile, match="empty"):
        save_upload(settings, "none.csv", io.BytesIO(b""))
    assert list(uploads_dir(settings).iterdir()) == []


def test_only_files_that_were_sent_are_discarded_or_found(settings, tmp_path):
    own = tmp_path / "mine" / "AAPL.csv"
    own.parent.mkdir()
    own.write_text("mine")
    discard_upload(settings, own)
    assert own.exists()
    with pytest.raises(InvalidFile, match="drop it here again"):
        find_upload(settings, "../../mine", "AAPL.csv")
    upload = save_upload(settings, "AAPL.csv", io.BytesIO(b"1"))
    discard_upload(settings, upload.path)
    assert not upload.path.parent.exists()


def test_old_uploads_are_swept_and_fresh_ones_stay(settings):
    old = save_upload(settings, "old.csv", io.BytesIO(b"1"))
    fresh = save_upload(settings, "new.csv", io.BytesIO(b"2"))
    os.utime(old.path.parent, (0, time.time() - 90_000))
    assert sweep_uploads(settings) == 1
    assert not old.path.exists()
    assert fresh.path.exists()


@pytest.mark.parametrize(
    ("given", "kept"),
    [("C:\\data\\a.csv", "a.csv"), ("..", "file.csv"), ("a/b;c.csv", "b_c.csv"), ("", "file.csv")],
)
def test_a_files_name_is_no_path(given, kept):
    assert safe_name(given) == kept


def test_a_gzipped_file_is_looked_at_too(tmp_path):
    path = tmp_path / "AAPL.csv.gz"
    path.write_bytes(gzip.compress(DAILY.encode()))
    preview = preview_file(path)
    assert (preview.symbol, preview.stored) == ("AAPL", 2)


def test_a_long_name_in_any_script_is_one_that_a_file_can_have(settings):
    kept = save_upload(settings, "股" * 120 + ".csv", io.BytesIO(b"Date,Open\n"))
    assert kept.path.exists()
    assert kept.name.endswith("股.csv")
