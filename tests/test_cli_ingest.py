"""The commands ingest, add_instrument and migrate, as a user types them."""

import gzip
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from builders import random_walk

from scripts import add_instrument, ingest, migrate
from scripts.cli import door
from services.ingest import SAMPLES
from services.instruments import get_instrument
from services.market_data import catalogue, load_bars
from services.progress import Progress
from services.settings import load_settings
from services.workspace import open_workspace

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def bars_file(home):
    path = home / "bars.csv"
    random_walk(60).to_csv(path, index=False)
    return str(path)


def database():
    return open_workspace(load_settings()).database


def one_line(text: str) -> str:
    assert text.count("\n") == 1
    return text


def test_a_file_is_ingested(bars_file, capsys):
    assert ingest.main(["-s", "aapl", "-r", "1d", "--file", bars_file]) == 0
    assert "AAPL 1d: 60 rows read, 60 new, 0 changed, 0 unchanged" in capsys.readouterr().out
    assert len(load_bars(database(), "AAPL", "1d")) == 60


@pytest.mark.parametrize(
    "words",
    [
        ["AAPL", "1d", "10 D", "--file"],
        ["--file", None, "AAPL", "1d", "10 D"],
        ["AAPL", "--file", None, "1d", "10 D"],
        ["AAPL", "1d", "--duration", "10 D", "--file"],
        ["AAPL", "-r", "1d", "--duration", "10 D", "--source", "csv", "--file"],
    ],
)
def test_symbol_resolution_and_duration_need_no_flags(bars_file, words, capsys):
    words = [bars_file if word is None else word for word in words]
    if words[-1] == "--file":
        words.append(bars_file)
    assert ingest.main(words) == 0
    assert "11 new" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["AAPL", "1d", "-s", "IBM"],
        ["AAPL"],
        [],
        ["AAPL", "1d", "1 Y", "more"],
        ["AAPL", "1d", "--source", "sample", "--file", "x.csv"],
        ["AAPL", "1d", "-c", "first"],
        ["AAPL", "1d", "--file", "x.csv", "--as", "MINE"],
        ["AAPL", "1d", "--source", "sample", "--exchange", "LSE"],
        ["AAPL", "1d", "--adjustment", "raw"],
        ["AAPL", "1d", "--sauce", "csv"],
    ],
)
def test_bad_usage_is_status_2(words, capsys):
    with pytest.raises(SystemExit) as caught:
        ingest.main(words)
    assert caught.value.code == 2
    assert "error:" in one_line(capsys.readouterr().err)


def test_all_samples_are_loaded_when_none_is_named(capsys):
    assert ingest.main(["--source", "sample"]) == 0
    assert {entry.symbol for entry in catalogue(database())} == set(SAMPLES)
    assert ingest.main(["--source", "sample"]) == 0
    assert capsys.readouterr().out.count(" 0 new, 0 changed") == len(SAMPLES)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["AAPL", "1d"], "start TWS or IB Gateway"),
        (["AAPL", "1d", "--source", "ibkr", "-c", "7"], "start TWS or IB Gateway"),
        (["AAPL", "1d", "--file", "nowhere.csv"], "There is no file nowhere.csv"),
        (["AAPL", "2d", "--file", "bars.csv"], "Unknown resolution"),
        (["AAPL", "1d", "one year", "--file", "bars.csv"], "is not a duration"),
        (["AAPL", "1m", "--file", "bars.csv"], "-r 1d"),
        (["<script>", "1d", "--file", "bars.csv"], "is not a symbol"),
        (["A'; DROP TABLE instruments", "1d", "--file", "bars.csv"], "is not a symbol"),
        (["APPL", "1d", "--source", "sample"], "Did you mean"),
        (["AAPL", "1d", "--source", "smaple"], "Did you mean"),
    ],
)
def test_an_error_is_one_line_with_the_remedy_and_status_1(bars_file, words, sentence, capsys):
    assert ingest.main(words) == 1
    printed = capsys.readouterr()
    assert sentence in one_line(printed.err)
    assert printed.out == ""


def test_a_broken_file_loses_nothing_that_was_stored(bars_file, home, capsys):
    assert ingest.main(["AAPL", "1d", "--file", bars_file]) == 0
    broken = home / "broken.csv.gz"
    broken.write_bytes(gzip.compress(Path(bars_file).read_bytes())[:-20])
    assert ingest.main(["AAPL", "1d", "--file", str(broken)]) == 1
    assert "cut short" in one_line(capsys.readouterr().err)
    assert len(load_bars(database(), "AAPL", "1d")) == 60


def test_rejected_rows_are_listed(home, capsys):
    bars = random_walk(60)
    bars.loc[3:9, "high"] = 0.5
    bars.to_csv(home / "bars.csv", index=False)
    assert ingest.main(["AAPL", "1d", "--file", "bars.csv"]) == 0
    printed = capsys.readouterr().out
    assert "7 rejected" in printed
    assert "rejected 7: high below low" in printed
    assert "row 4, 2024-01-04 00:00: high below low" in printed
    assert "and 2 more" in printed


def test_an_instrument_is_added_and_completed(capsys):
    assert add_instrument.main(
        ["aapl", "--name", "Apple Inc.", "--asset-class", "equity", "--exchange", "SMART",
         "--currency", "USD"]
    ) == 0  # fmt: skip
    assert add_instrument.main(["AAPL", "--timezone", "America/New_York"]) == 0
    stored = get_instrument(database(), "AAPL")
    assert (stored.name, stored.timezone) == ("Apple Inc.", "America/New_York")
    assert add_instrument.main(["AAPL", "--timezone", "Mars"]) == 1
    assert "time zone" in one_line(capsys.readouterr().err)


def test_migrating_tells_what_it_did(capsys):
    assert migrate.main([]) == 0
    assert migrate.main([]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert "from revision none to" in first
    assert "nothing to do" in second


def test_an_unwritable_data_folder_and_an_unreachable_server_are_one_line(
    home, monkeypatch, capsys
):
    (home / "file").write_text("")
    monkeypatch.setenv("DATA_DIR", str(home / "file" / "data"))
    assert migrate.main([]) == 1
    assert "DATA_DIR" in one_line(capsys.readouterr().err)
    monkeypatch.setenv("DATABASE_URL", "postgresql://trader:s3cret@127.0.0.1:1/research")
    assert ingest.main(["--source", "sample"]) == 1
    assert "s3cret" not in one_line(capsys.readouterr().err)
    monkeypatch.setenv("PORT", "many")
    assert migrate.main([]) == 1
    assert "PORT" in one_line(capsys.readouterr().err)


def test_what_nobody_foresaw_is_one_line_and_a_traceback_in_the_log(home, capsys):
    def fail():
        raise ZeroDivisionError("nobody foresaw this")

    assert door.run_main(fail) == 1
    assert "Unexpected error, see" in one_line(capsys.readouterr().err)
    log = (home / "logs" / "trading.log").read_text()
    assert "Traceback" in log
    assert "nobody foresaw this" in log


def test_ctrl_c_is_status_130(capsys):
    def interrupt():
        raise KeyboardInterrupt

    assert door.run_main(interrupt) == 130
    assert "Interrupted" in one_line(capsys.readouterr().err)


@pytest.mark.parametrize("script", ["ingest", "add_instrument", "migrate"])
def test_help_comes_at_once_as_nothing_large_is_imported_for_it(script):
    code = (
        "import atexit, runpy, sys\n"
        "before = set(sys.modules)\n"
        "atexit.register(lambda: print(*set(sys.modules) - before, file=sys.stderr))\n"
        f"sys.argv = ['{script}', '--help']\n"
        f"runpy.run_module('scripts.{script}', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, check=True, capture_output=True, text=True, env=os.environ,
    )  # fmt: skip
    assert "usage:" in done.stdout
    roots = {name.partition(".")[0] for name in done.stderr.split()}
    assert roots - sys.stdlib_module_names == {"scripts", "services"}


class Terminal(io.StringIO):
    """Takes what is written and says that someone looks at it."""

    def isatty(self):
        return True


def test_a_terminal_shows_chunks_bars_and_the_rest(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with door.progress_bar() as report:
        report(Progress(2, 6, "TSLA 1d, 2023-11-24 to 2024-11-22", 502))
    shown = terminal.getvalue()
    assert "TSLA 1d, 2023-11-24 to 2024-11-22: |" in shown
    assert re.search(r"2 of 6 chunks, 502 bars, \d\d:\d\d left", shown)


def test_no_bar_is_drawn_where_nobody_looks(monkeypatch):
    nowhere = io.StringIO()
    monkeypatch.setattr(sys, "stderr", nowhere)
    with door.progress_bar() as report:
        report(Progress(2, 6, "TSLA 1d", 502))
    assert nowhere.getvalue() == ""
