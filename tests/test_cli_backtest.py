"""The command backtest, as a user or a script types it."""

import json
import math
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from builders import random_walk
from sqlalchemy import func, select

from db.models import BacktestRun
from scripts import backtest
from services import research
from services.backtest import SimulationSettings, run_backtest
from services.ingest.pipeline import ingest
from services.ingest.source import SourceBars
from services.market_data import load_bars
from services.metrics import METRICS
from services.runs import load_run
from services.settings import load_settings
from services.timespan import RESOLUTIONS
from services.workspace import open_workspace
from strategies.registry import STRATEGIES, load_strategy

ROOT = Path(__file__).parent.parent
KEYS = [
    "symbol", "resolution", "strategy", "params", "start", "end", "bars", "metrics",
    "benchmark_metrics", "trades", "run_id", "plot",
]  # fmt: skip
TRADE_KEYS = {
    "entry_time", "entry_price", "exit_time", "exit_price", "quantity", "costs", "profit",
    "return", "exit_reason",
}  # fmt: skip
USUAL = ["-s", "TEST", "-r", "1d", "--strategy", "ma_cross", "--param", "fast=5", "slow=20"]
SQL, HTML = "x'; DROP TABLE backtest_runs; --", "<script>alert(1)</script>"

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def database(home, migrated_sqlite):
    """Give the command's own database with 400 days of TEST from 2024-01-01 on."""
    (home / "data").mkdir()
    (home / "data" / "research.db").write_bytes(migrated_sqlite.read_bytes())
    database = open_workspace(load_settings()).database
    source = SourceBars(random_walk(400, 5), np.arange(1, 401), "test")
    ingest(database, "TEST", "1d", source)
    yield database
    database.close()


def count_runs(database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(BacktestRun))


def spoken(capsys, *words, base=USUAL) -> str:
    """Run the command, which must succeed in silence on standard error; return its output."""
    status = backtest.main([*base, *words])
    printed = capsys.readouterr()
    assert (status, printed.err) == (0, "")
    return printed.out


def answer(capsys, *words, base=USUAL) -> dict:
    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    out = spoken(capsys, *words, "--json", base=base)
    assert out.count("\n") == 1
    return json.loads(out, parse_constant=refuse)


def refusal(capsys, *words, base=USUAL, status=1) -> str:
    """Run the command, which must fail with one line on standard error; return that line."""
    try:
        got = backtest.main([*base, *words])
    except SystemExit as stop:
        got = stop.code
    printed = capsys.readouterr()
    assert got == status
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert printed.err[:-1].isprintable()
    assert "Traceback" not in printed.err
    assert "Unexpected" not in printed.err
    return printed.err


def test_a_parameter_given_twice_at_once_is_refused(capsys):
    assert '"fast" is given twice' in refusal(capsys, "--param", "fast=5", "fast=6")


def test_json_is_one_object_with_the_agreed_keys(database, capsys):
    said = answer(capsys)
    assert list(said) == KEYS
    assert (said["symbol"], said["resolution"], said["strategy"]) == ("TEST", "1d", "ma_cross")
    assert said["params"] == {"fast": 5, "slow": 20}
    assert (said["start"], said["end"]) == ("2024-01-01T00:00:00Z", "2025-02-03T00:00:00Z")
    assert (said["bars"], said["run_id"], said["plot"]) == (400, 1, None)
    names = [spec.name for spec in METRICS]
    assert list(said["metrics"]) == list(said["benchmark_metrics"]) == names
    assert said["benchmark_metrics"]["trades"] is None
    assert said["trades"]
    for trade in said["trades"]:
        assert set(trade) >= TRADE_KEYS


def test_json_speaks_in_fractions_and_iso_times(database, capsys):
    said = answer(capsys)
    bars = load_bars(database, "TEST", "1d")
    expected = run_backtest(bars, load_strategy("ma_cross", fast=5, slow=20))
    assert said["metrics"] == expected.metrics
    assert said["metrics"]["total_return"] == expected.equity.iloc[-1] / 100_000 - 1
    assert -1 <= said["metrics"]["max_drawdown"] <= 0
    assert len(said["trades"]) == len(expected.trades)
    for trade, row in zip(said["trades"], expected.trades.to_dict("records"), strict=True):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", trade["entry_time"])
        assert pd.Timestamp(trade["entry_time"]) == row["entry_time"]
        assert trade["entry_price"] == row["entry_price"]
        assert trade["return"] == row["return"]
        assert trade["costs"] == row["costs"] > 0


def test_json_has_null_where_a_trade_is_open_or_a_metric_undefined(database, capsys):
    open_ends = []
    for end in pd.date_range("2024-03-01", "2024-06-01", freq="5D"):
        said = answer(capsys, "--end", f"{end:%Y-%m-%d}", "--no-save")
        open_ends += [trade for trade in said["trades"] if trade["exit_reason"] == "open"]
    assert open_ends
    assert all(trade["exit_time"] is trade["exit_price"] is None for trade in open_ends)
    single = answer(capsys, "--start", "2024-05-05", "--end", "2024-05-05", "--no-save")
    assert single["bars"] == 1
    assert single["metrics"]["cagr"] is single["metrics"]["sharpe"] is None


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_every_strategy_runs_by_its_name_alone(database, capsys, strategy):
    said = answer(capsys, base=["-s", "test", "--strategy", strategy])
    assert said["strategy"] == strategy
    assert said["params"] == load_strategy(strategy).params.model_dump()


def test_the_flags_of_the_simulation_reach_it(database, capsys):
    words = ["--cash", "5000", "--commission", "percent:0.2", "--slippage", "3", "--fill", "close"]
    said = answer(capsys, *words)
    settings = SimulationSettings(5000, "percent:0.2", 3, "close")
    bars = load_bars(database, "TEST", "1d")
    expected = run_backtest(bars, load_strategy("ma_cross", fast=5, slow=20), settings)
    assert said["metrics"] == expected.metrics
    assert load_run(database, said["run_id"]).request.settings == settings


@pytest.mark.parametrize(
    ("words", "bars"),
    [
        (["--fetch-duration", "1 M"], 32),
        (["--fetch-duration", "1y"], 367),
        (["--start", "2025-01-01"], 34),
        (["--end", "2024-01-31"], 31),
        (["--start", "2024-02-01", "--end", "2024-02-29"], 29),
    ],
)
def test_a_span_is_a_duration_or_dates(database, capsys, words, bars):
    assert answer(capsys, *words)["bars"] == bars


@pytest.mark.parametrize(
    "words",
    [
        ["--param", "fast=5", "slow=20"],
        ["--param", "fast=5", "--param", "slow=20"],
        ["--param", "fast = 5", "slow= 20"],
    ],
)
def test_parameters_may_come_together_or_one_by_one(database, capsys, words):
    said = answer(capsys, *words, base=["-s", "TEST", "--strategy", "ma_cross"])
    assert said["params"] == {"fast": 5, "slow": 20}


def test_the_same_run_is_saved_once_and_not_at_all_when_told_so(database, capsys):
    assert answer(capsys, "--no-save")["run_id"] is None
    assert count_runs(database) == 0
    assert "is saved" not in spoken(capsys, "--no-save")
    assert [answer(capsys)["run_id"], answer(capsys, "--save")["run_id"]] == [1, 1]
    assert "Run 1 is saved: open /runs/1" in spoken(capsys)
    assert count_runs(database) == 1


def test_a_reader_is_told_what_was_tested_and_how_it_went(database, capsys):
    out = spoken(capsys)
    first, second = out.splitlines()[:2]
    span = "2024-01-01 to 2025-02-03 (bars from a file, adjustment unknown)"
    assert first == f"TEST 1d ma_cross: 400 bars, {span}"
    assert second.startswith("fast 5, slow 20 · cash 100,000 · IBKR commission")
    assert "Strategy" in out
    assert "Buy & Hold" in out
    for spec in METRICS:
        assert spec.label in out
    assert "Caution" not in out


def test_a_run_without_costs_says_so(database, capsys):
    free = ["--commission", "none", "--slippage", "0"]
    assert "Caution: NO COSTS" in spoken(capsys, *free)
    assert "NO COSTS" not in spoken(capsys, "--commission", "none")
    assert "NO COSTS" not in spoken(capsys, "--slippage", "0")


@pytest.mark.parametrize("kind", ["full", "simple"])
def test_a_plot_is_written_under_the_agreed_name(database, home, capsys, kind):
    said = answer(capsys, "--plot", kind)
    plot = Path(said["plot"])
    assert re.fullmatch(rf"TEST_1d_\d{{8}}T\d{{6}}_{kind}\.png", plot.name)
    assert plot.resolve().parent == home / "data" / "plots"
    assert plot.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_the_path_of_a_plot_is_printed(database, home, capsys):
    out = spoken(capsys, "--plot", "simple")
    (line,) = [line for line in out.splitlines() if line.startswith("Plot: ")]
    assert Path(line.removeprefix("Plot: ")).exists()


def test_a_sample_is_fetched_when_told_so(database, capsys):
    base = ["-s", "ibm", "--strategy", "rsi", "--fetch-duration", "1 Y"]
    assert 'No symbol "IBM"' in refusal(capsys, base=base)
    assert 'No symbol "IBM"' in refusal(capsys, "--no-fetch", base=base)
    assert "No symbol" in refusal(capsys, "--auto-fetch", "--no-fetch", base=base)
    assert backtest.main([*base, "--auto-fetch", "--json"]) == 0
    printed = capsys.readouterr()
    said = json.loads(printed.out)
    assert printed.err.startswith("Caution: the sample's bars are used, which end on ")
    assert 240 < said["bars"] < 260
    assert answer(capsys, base=base) == said
    assert backtest.main([*base, "--auto-fetch"]) == 0
    assert "could not be brought up to date" in capsys.readouterr().err


def test_fetching_what_has_no_sample_tells_how_to_get_it(database, capsys):
    line = refusal(capsys, "--auto-fetch", base=["-s", "NVDA", "--strategy", "rsi"])
    assert "no broker answers" in line
    assert 'python -m scripts.ingest -s "NVDA" -r 1d --file' in line


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["-s", "TSET"], 'No symbol "TSET" is stored. Did you mean "TEST"?'),
        (["-s", ""], "Choose a symbol"),
        (["-s", "  "], "Choose a symbol"),
        (["-r", "1h"], "No 1h bars of TEST are stored (there are 1d)"),
        (["-r", "1D"], 'Unknown resolution "1D"'),
        (["--strategy", "ma_crosss"], 'Did you mean "ma_cross"?'),
        (["--strategy", "MA_CROSS"], 'Did you mean "ma_cross"?'),
        (["--param", "fats=5"], 'ma_cross has no parameter "fats"'),
        (["--param", "fats=5"], 'Did you mean "fast"?'),
        (["--param", "fast=ten"], "fast must be a whole number, 2 to 400, not 'ten'"),
        (["--param", "fast=5.5"], "fast must be a whole number"),
        (["--param", "fast="], "fast must be a whole number"),
        (["--param", "fast=nan"], "fast must be a whole number"),
        (["--param", "fast=1"], "fast must be a whole number, 2 to 400, not '1'"),
        (["--param", "slow=1001"], "slow must be a whole number, 3 to 1000"),
        (["--param", "fast=20", "slow=20"], "fast must be below slow, not 20 and 20"),
        (["--param", "fast=60"], "fast must be below slow, not 60 and 20"),
        (["--param", "fast"], "write it as name=value"),
        (["--param", "=5"], "write it as name=value"),
        (["--start", "2024-02-30"], '"2024-02-30" is not a date'),
        (["--end", "yesterday"], '"yesterday" is not a date'),
        (["--start", "2024-06-01", "--end", "2024-05-01"], "The start lies after the end"),
        (["--fetch-duration", "1 Y", "--start", "2024-01-01"], "a duration or dates, not both"),
        (["--fetch-duration", "1 Y", "--end", "2024-01-01"], "a duration or dates, not both"),
        (["--fetch-duration", "0 Y"], '"0 Y" is not a duration'),
        (["--fetch-duration", "-1 Y"], '"-1 Y" is not a duration'),
        (["--fetch-duration", "1 X"], "write a number and S, D, W, M or Y"),
        (["--fetch-duration", "1.5 Y"], "is not a duration"),
        (["--start", "2030-01-01"], "those at hand run from 2024-01-01 to 2025-02-03"),
        (["--end", "1999-12-31"], "No bars lie in that span"),
        (["--cash", "-5"], "cash must be between"),
        (["--cash", "0"], "cash must be between"),
        (["--cash", "nan"], "cash must be a number"),
        (["--cash", "inf"], "cash must be a number"),
        (["--cash", "much"], "cash must be a number, not 'much'"),
        (["--commission", "ibkr"], 'Did you mean "ibkr_fixed"?'),
        (["--commission", "percent:-1"], "the number after the colon"),
        (["--commission", "percent:nan"], "the number after the colon"),
        (["--slippage", "-1"], "slippage must be between"),
        (["--slippage", "nan"], "slippage must be a number"),
        (["--fill", "open"], 'Did you mean "next_open"?'),
    ],
)
def test_a_mistake_is_one_sentence_with_the_remedy(database, capsys, words, sentence):
    assert sentence in refusal(capsys, *words)
    assert count_runs(database) == 0


FREE_TEXT = [
    "-s", "-r", "--strategy", "--param", "--fetch-duration", "--start", "--end", "--cash",
    "--commission", "--slippage", "--fill",
]  # fmt: skip


@pytest.mark.parametrize("flag", FREE_TEXT)
@pytest.mark.parametrize(
    "text", [SQL, HTML, "a\nb", "fast=\x1b[31m", "\N{GREEK SMALL LETTER ALPHA}"]
)
def test_hostile_text_in_any_field_is_one_sentence_and_harms_nothing(database, capsys, flag, text):
    refusal(capsys, flag, text)
    refusal(capsys, "--auto-fetch", flag, text)
    assert count_runs(database) == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--strategy", "rsi"], "--symbol is needed"),
        (["-s", "TEST"], "--strategy is needed"),
        (["-s", "TEST", "--strategy", "rsi", "--stratgy", "x"], "--stratgy"),
        (["-s", "TEST", "--strategy", "rsi", "--plot", "both"], "'full'"),
        (["-s", "TEST", "--strategy"], "expected one argument"),
        (["-s", "TEST", "--strategy", "rsi", "more"], "more"),
        (["-s", "TEST", "--strategy", "rsi", "a\nb"], "a b"),
    ],
)
def test_bad_usage_is_one_line_and_status_2(capsys, words, sentence):
    line = refusal(capsys, *words, base=[], status=2)
    assert sentence in line
    assert "--help" in line


def test_a_data_folder_that_cannot_be_made_is_one_line(home, monkeypatch, capsys):
    (home / "file").write_text("")
    monkeypatch.setenv("DATA_DIR", str(home / "file" / "data"))
    assert "set DATA_DIR" in refusal(capsys)
    monkeypatch.setenv("DATA_DIR", str(home / "file"))
    refusal(capsys)


def test_a_plots_folder_that_cannot_be_written_is_one_line(database, home, capsys):
    (home / "data" / "plots").write_text("")
    assert "cannot be written" in refusal(capsys, "--plot", "full")


def test_a_server_that_is_down_is_one_line_without_the_password(home, monkeypatch, capsys):
    monkeypatch.setenv("DATABASE_URL", "postgresql://trader:s3cret@127.0.0.1:1/research")
    line = refusal(capsys)
    assert "research on 127.0.0.1:1 does not answer" in line
    assert "s3cret" not in line
    assert not any("s3cret" in path.read_text() for path in (home / "logs").iterdir())


@pytest.mark.parametrize("url", ["mysql://u:s3cret@h/d", "postgresql://u:s3cret@h:x/d", "nonsense"])
def test_an_address_that_is_none_is_one_line_without_the_password(monkeypatch, capsys, url):
    monkeypatch.setenv("DATABASE_URL", url)
    line = refusal(capsys)
    assert "DATABASE_URL is not the address" in line
    assert "s3cret" not in line


def test_a_file_that_is_no_database_is_left_alone(home, capsys):
    (home / "data").mkdir()
    file = home / "data" / "research.db"
    file.write_text("date,close\n2024-01-01,5\n" * 400)
    assert "is not a SQLite database" in refusal(capsys)
    assert file.read_text().startswith("date,close")


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("CREATE TABLE instruments (id INTEGER)", "run: python -m scripts.migrate"),
        ("CREATE TABLE other (id INTEGER)", "run: python -m scripts.migrate"),
        ("UPDATE alembic_version SET version_num = '9999'", "newer version of this program"),
        ("DROP TABLE market_prices", "run: python -m scripts.migrate"),
    ],
)
def test_tables_of_another_version_are_one_line(home, migrated_sqlite, capsys, statement, sentence):
    (home / "data").mkdir()
    file = home / "data" / "research.db"
    if not statement.startswith("CREATE"):
        file.write_bytes(migrated_sqlite.read_bytes())
    with sqlite3.connect(file) as connection:
        connection.execute(statement)
    connection.close()
    assert sentence in refusal(capsys)


def test_the_strategies_are_listed_without_a_database(capsys):
    out = spoken(capsys, base=["--list-strategies"])
    for name, strategy in STRATEGIES.items():
        assert f"{name}: {strategy.rule}" in out
    assert "fast=20" in out


def as_program(*words) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=os.environ, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def test_the_program_prints_one_object_to_its_pipe(database):
    done = as_program("-m", "scripts.backtest", *USUAL, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert list(json.loads(done.stdout)) == KEYS
    wrong = as_program("-m", "scripts.backtest", *USUAL, "--param", "fats=5", "--json")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr.count("\n") == 1


def test_help_imports_nothing_heavy():
    done = as_program("-X", "importtime", "-m", "scripts.backtest", "--help")
    assert done.returncode == 0
    for flag in ("--symbol", "--strategy", "--fetch-duration", "--json", "--no-save", "--no-fetch"):
        assert flag in done.stdout
    for resolution in RESOLUTIONS:
        assert resolution in done.stdout
    imported = {line.split("|")[-1].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert "argparse" in imported
    assert not imported & {"pandas", "numpy", "sqlalchemy", "talib", "numba", "matplotlib"}


def test_no_number_of_an_answer_is_infinite(database, capsys):
    said = answer(capsys)
    for metrics in (said["metrics"], said["benchmark_metrics"]):
        assert all(value is None or math.isfinite(value) for value in metrics.values())


class Hasty(STRATEGIES["rsi"]):
    """Buys when the next bar closes higher."""

    def signals(self, df):
        close = df["close"].to_numpy()
        return np.append(close[1:] > close[:-1], False).astype(np.int8)


def test_a_strategy_that_peeks_is_told_in_one_line_and_json_stays_json(
    database, capsys, monkeypatch
):
    monkeypatch.setitem(STRATEGIES, "rsi", Hasty)
    # Time for the check, however busy the machine is.
    monkeypatch.setattr(research, "_CHECK_SECONDS", 60.0)
    words = ["-s", "TEST", "-r", "1d", "--strategy", "rsi"]
    assert "looks ahead" in spoken(capsys, base=words)
    assert backtest.main([*words, "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["symbol"] == "TEST"
    assert printed.err.count("looks ahead") == printed.err.count("\n") == 1
