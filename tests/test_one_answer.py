"""One answer, whichever way one asks: sweep, page, command line and a slow simulator.

On the sample shares. Sweep, page and command line agree to the last bit; the simulator, which
finds shares by bisection and shares no code with the engine, to one part in 10^12.
"""

import json
import shutil
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pandas as pd
import pytest
from slow_realism import slow_realism
from slow_simulator import slow_buy_and_hold, slow_simulation

from pages.optimise_data import StudyReader
from scripts import backtest
from services.backtest import BacktestRequest, SimulationSettings
from services.backtest.trades import trade_records
from services.indicators import with_indicators
from services.ingest import ingest_sample
from services.market_data import load_bars
from services.metrics import METRICS
from services.optimise.objective import best_of
from services.research import run_request
from services.settings import Settings
from services.studies import StudyRequest
from services.studies.prepare import create_prepared, prepare_study
from services.studies.work import run_study
from services.workspace import open_workspace
from strategies.registry import STRATEGIES, load_strategy, strategy_class

CLOSE = 1e-12
FLAGS = {"cash_interest": "interest", "borrow_rate": "borrow"}  # named otherwise in addresses
GRIDS = {
    "ma_cross": {"fast": [5, 20], "slow": [50, 120]},
    "rsi": {"period": [7, 14], "lower": [25.0, 35.0], "upper": [60.0]},
    "bollinger": {"period": [10, 20], "deviations": [1.5, 2.0]},
    "macd": {"fast": [8, 12], "slow": [26], "signal": [9]},
    "supertrend": {"period": [7, 10], "multiplier": [2.0, 3.0]},
}
PLAIN = SimulationSettings()
CASES = {
    "as usual": ("AAPL", "ma_cross", PLAIN),
    "filled at the close": ("MSFT", "rsi", SimulationSettings(fill="close")),
    "percent": ("GOOG", "bollinger", SimulationSettings(5_000, "percent:0.25", 7)),
    "free": ("IBM", "macd", SimulationSettings(commission="none", slippage_bps=0)),
    "stops": (
        "AAPL",
        "supertrend",
        SimulationSettings(stop_loss="4%", take_profit="9%", commission="ibkr_tiered"),
    ),
    "trailing, both ways": (
        "GOOG",
        "ma_cross",
        SimulationSettings(side="both", trailing_stop="3ATR", fill="close", borrow_rate=2.5),
    ),
    "short, sized, whole shares": (
        "MSFT",
        "macd",
        SimulationSettings(
            side="short", stop_loss="2ATR", intrabar="target_first", take_profit="5%",
            sizing="percent:60", fractional=False, cash_interest=3.0,
        ),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory, migrated_sqlite):
    """Give a data folder with the sample shares."""
    folder = tmp_path_factory.mktemp("data")
    shutil.copy(migrated_sqlite, folder / "research.db")
    workspace = open_workspace(Settings(database_url="", data_dir=folder))
    for symbol in ("AAPL", "GOOG", "IBM", "MSFT"):
        ingest_sample(workspace.database, symbol)
    workspace.database.close()
    return folder


@pytest.fixture
def office(folder, monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DATA_DIR", str(folder))
    workspace = open_workspace(strategy_class=strategy_class)
    yield workspace
    workspace.database.close()


def swept(office, symbol, strategy, settings):
    """Sweep as the page does; return its results as the page reads them, and the best one's row."""
    asked = BacktestRequest(symbol, "1d", strategy, settings=settings)
    kind = STRATEGIES[strategy]
    prepared = prepare_study(office.database, StudyRequest(asked, GRIDS[strategy]), kind)
    study = run_study(office.database, create_prepared(office.database, prepared).id, kind)
    found = StudyReader(office).read(study.id)
    return found, best_of(found.frame, study.request.objective)


def opened(office, address):
    """Run the backtest that an address of the page names."""
    query = dict(parse_qsl(urlsplit(address).query))
    request = BacktestRequest.from_query(query)
    params = {name[2:]: value for name, value in query.items() if name.startswith("p.")}
    return run_request(office, request, load_strategy(request.strategy, **params), save=False)


def typed(capsys, address):
    """Run the same backtest on the command line; return what it prints."""
    query = dict(parse_qsl(urlsplit(address).query))
    words = ["--json", "--no-save", "--no-fetch"]
    for name, value in query.items():
        if name.startswith("p."):
            words += ["--param", f"{name[2:]}={value}"]
        elif name == "fractional":
            words += ["--whole-shares"]
        else:
            words += [f"--{FLAGS.get(name, name).replace('_', '-')}", value]
    assert backtest.main(words) == 0
    return json.loads(capsys.readouterr().out)


def slowly(bars, run):
    """Simulate in plain Python what the strategy signals; return equity, position and trades."""
    settings = run.request.settings
    strategy = load_strategy(run.request.strategy, **run.request.params)
    signals = strategy.signals_from(with_indicators(bars), 0).tolist()
    if settings == SimulationSettings(
        settings.cash, settings.commission, settings.slippage_bps, settings.fill
    ):
        names = ("cash", "commission", "slippage_bps", "fill")
        return slow_simulation(bars, signals, **{name: getattr(settings, name) for name in names})
    return slow_realism(bars, signals, vars(settings), bars_a_year=252)


def slow_metrics(equity, position, trades, cash) -> dict[str, float]:
    """Compute by hand what needs no year: the metrics' other tests hold the rest."""
    curve = np.array([cash, *equity])
    closed = [trade["gain"] for trade in trades if trade["exit_bar"] >= 0]
    lost = -sum(gain for gain in closed if gain < 0)
    return {
        "total_return": equity[-1] / cash - 1,
        "max_drawdown": float((curve / np.maximum.accumulate(curve) - 1).min()),
        "exposure": sum(side != 0 for side in position) / len(position),
        "trades": len(closed),
        "win_rate": sum(gain > 0 for gain in closed) / len(closed),
        "profit_factor": sum(gain for gain in closed if gain > 0) / lost,
    }


@pytest.mark.parametrize("case", CASES)
def test_sweep_page_command_line_and_a_slow_simulator_give_one_answer(office, capsys, case):
    symbol, strategy, settings = CASES[case]
    found, best = swept(office, symbol, strategy, settings)
    assert len(found.frame) >= 2
    for place in {0, best}:
        run = opened(office, found.address_of(place))
        printed = typed(capsys, found.address_of(place))
        cell = {
            spec.name: None if pd.isna(value := found.frame[spec.name].iloc[place]) else value
            for spec in METRICS
        }
        assert cell == dict(run.result.metrics) == printed["metrics"]
        assert printed["benchmark_metrics"] == dict(run.result.benchmark_metrics)
        assert printed["trades"] == [
            {name: value for name, value in trade.items() if name not in ("entry_bar", "exit_bar")}
            for trade in trade_records(run.result.trades)
        ]
        assert run.result.metrics["trades"] > 5  # else it would say little
        assert_slow_agrees(load_bars(office.database, symbol, "1d"), run)


def assert_slow_agrees(bars, run):
    settings, ours = run.request.settings, run.result
    equity, position, trades = slowly(bars[["ts", "open", "high", "low", "close"]], run)
    assert ours.position.tolist() == position
    np.testing.assert_allclose(ours.equity, equity, rtol=CLOSE)
    for column, name in (("entry_bar", "entry_bar"), ("exit_bar", "exit_bar")):
        assert ours.trades[column].tolist() == [trade[name] for trade in trades]
    exits = [np.nan if t["exit_price"] is None else t["exit_price"] for t in trades]
    np.testing.assert_allclose(ours.trades["exit_price"], exits, rtol=CLOSE)
    entries = [trade["entry_price"] for trade in trades]
    np.testing.assert_allclose(ours.trades["entry_price"], entries, rtol=CLOSE)
    np.testing.assert_allclose(ours.trades["quantity"], [t["shares"] for t in trades], rtol=CLOSE)
    wanted = slow_metrics(equity, position, trades, settings.cash)
    for name, value in wanted.items():
        # Gains are differences of large numbers: what they lose in digits, their sums lose too.
        tolerance = {"rtol": 1e-9} if name == "profit_factor" else {"rtol": CLOSE, "atol": CLOSE}
        np.testing.assert_allclose(ours.metrics[name], value, **tolerance, err_msg=name)
    if not (settings.cash_interest or settings.borrow_rate):
        costs = {n: getattr(settings, n) for n in ("cash", "commission", "slippage_bps")}
        held, _ = slow_buy_and_hold(bars, **costs)
        np.testing.assert_allclose(ours.benchmark_equity, held, rtol=CLOSE)
