"""Reports on paper: whole, legible, the same every time, and saved without overwriting."""

import io
import itertools
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from builders import closes, random_walk
from matplotlib import image as images

from services.backtest import SimulationSettings, run_backtest
from services.backtest.result import StrategyInfo
from services.errors import InvalidParams, NoBars, StorageError
from services.indicators.lines import Line
from services.plots import files, plot_path, report_png, save_report
from services.plots.numbers import axis_texts
from services.plots.report import draw_report
from services.plots.thin import MOST_POINTS, thin_heights, thin_line
from services.plots.ticks import date_ticks, log_ticks, value_ticks
from strategies.registry import STRATEGIES, load_strategy

NOW = pd.Timestamp("2024-01-31 15:45:00.5", tz="UTC")
USUAL = SimulationSettings()
FREE = SimulationSettings(commission="none", slippage_bps=0)
A4_RATIO = 297 / 210


def backtest(bars, strategy="ma_cross", settings=USUAL, **params):
    return run_backtest(bars, load_strategy(strategy, **params), settings)


def crowded():
    """A result whose every text is longer, and whose panes are more, than a page can hold."""
    bars = random_walk(400, seed=3)
    close, wave = bars["close"].to_numpy(), np.sin(np.arange(400) / 9)
    lines = [Line(f"a rather long label of line {i}", close * (1 + i / 9)) for i in range(9)]
    lines += [Line(f"p{i}", wave * 10.0**i, f"PANE {i}", (0.0,)) for i in range(5)]
    params = {f"parameter_number_{i}": i * 1.5 for i in range(30)}
    info = StrategyInfo("a_strategy_with_quite_a_long_name", params, "Buy when it is time. " * 40)
    return replace(backtest(bars, settings=FREE), lines=tuple(lines), strategy=info)


def times_hundred_thousand(bars):
    return bars.assign(**{name: bars[name] * 1e5 for name in ("open", "high", "low", "close")})


def divided_by_a_million(bars):
    return bars.assign(**{name: bars[name] / 1e6 for name in ("open", "high", "low", "close")})


RESULTS = {
    **{name: (lambda name=name: backtest(random_walk(500), name), "1d") for name in STRATEGIES},
    "one bar": (lambda: backtest(closes(10.0)), "1d"),
    "two bars": (lambda: backtest(closes(10.0, 11.0)), "1d"),
    "no trade, flat, no volume": (
        lambda: backtest(closes(*[10.0] * 200, spread=0.0, volume=float("nan"))),
        "1d",
    ),
    "candles, free": (lambda: backtest(random_walk(120), "macd", FREE), "1d"),
    "minutes": (lambda: backtest(random_walk(900, resolution="1m"), "rsi"), "1m"),
    "weeks": (lambda: backtest(random_walk(900, resolution="1w"), "supertrend"), "1w"),
    "huge prices": (
        lambda: backtest(times_hundred_thousand(random_walk(300)), "bollinger"),
        "1d",
    ),
    "tiny prices": (lambda: backtest(divided_by_a_million(random_walk(300)), "bollinger"), "1d"),
    "log scale": (lambda: backtest(closes(*1.02 ** np.arange(300)), "ath_breakout"), "1d"),
    "crowded": (crowded, "1d"),
}


def boxes(page):
    """Measure every text of a page in pixels; none may hide in the axes."""
    assert not page.figure.texts
    assert all(not axes.texts and axes.get_legend() is None for axes in page.figure.axes)
    renderer = page.figure.canvas.get_renderer()
    return [(text.get_text(), text.get_window_extent(renderer)) for text in texts_of(page)]


def texts_of(page):
    return [a for a in page.figure.artists if hasattr(a, "get_text")]


@pytest.mark.parametrize("kind", ["full", "simple"])
@pytest.mark.parametrize("name", RESULTS)
def test_no_text_overlaps_another_or_leaves_the_page(name, kind):
    make, resolution = RESULTS[name]
    page = draw_report(
        make(),
        "A$B_1^2" * 9,
        resolution,
        kind,
        subtitle="a subtitle " * 20,
        cautions=["a caution of many words " * 20],
    )
    measured = boxes(page)
    assert len(measured) > 20
    width, height = page.figure.canvas.get_width_height()
    for text, box in measured:
        assert min(box.x0, box.y0) >= 0 and box.x1 <= width and box.y1 <= height, text
    for (text, box), (other, beside) in itertools.combinations(measured, 2):
        overlaps = (
            min(box.x1, beside.x1) - max(box.x0, beside.x0) > 0
            and min(box.y1, beside.y1) - max(box.y0, beside.y0) > 0
        )
        assert not overlaps, f"{text!r} overlaps {other!r}"


@pytest.mark.parametrize("kind", ["full", "simple"])
def test_a_caution_stands_on_the_page(kind):
    page = draw_report(crowded(), "ABC", "1d", kind, cautions=["Mind the split."])
    assert "Mind the split." in [text.get_text() for text in texts_of(page)]


@pytest.mark.parametrize("kind", ["full", "simple"])
def test_no_text_is_smaller_than_seven_points(kind):
    page = draw_report(crowded(), "ABC", "1d", kind)
    assert min(text.get_fontsize() for text in texts_of(page)) >= 7


@pytest.mark.parametrize("kind", ["full", "simple"])
def test_a_report_is_a_png_of_an_a4_landscape_page(kind):
    pixels = images.imread(io.BytesIO(report_png(backtest(random_walk(300)), "ABC", "1d", kind)))
    height, width = pixels.shape[:2]
    assert 150 * 11.6 < width < 200 * 11.8
    assert width / height == pytest.approx(A4_RATIO, abs=0.01)
    assert np.isfinite(pixels).all() and pixels[..., :3].std() > 0.05


def markers(result, kind="full"):
    """Read the positions of the drawn markers back, by name."""
    axes = draw_report(result, "ABC", "1d", kind).figure.axes
    lines = [line for one in axes for line in one.lines]
    return {line.get_gid(): line.get_xdata() for line in lines if line.get_gid()}


@pytest.mark.parametrize("kind", ["full", "simple"])
@pytest.mark.parametrize("count", [140, 3000])
def test_every_fill_has_a_marker_at_its_bar(kind, count):
    result = backtest(random_walk(count), fast=3, slow=7)
    closed = result.trades[result.trades["exit_bar"] >= 0]
    drawn = markers(result, kind)
    assert len(result.trades) > 5
    assert list(drawn["buy"]) == result.trades["entry_bar"].tolist()
    assert list(drawn["sell"]) == closed["exit_bar"].tolist()


def words_of(result, kind="full"):
    return [text.get_text() for text in texts_of(draw_report(result, "ABC", "1d", kind))]


def test_a_position_that_is_still_held_is_marked_at_the_last_bar():
    held = backtest(closes(*range(10, 80)), "ath_breakout")
    assert held.trades["exit_reason"].tolist() == ["open"]
    assert list(markers(held)["open"]) == [69]
    assert any(words.startswith("Still open: from ") for words in words_of(held))
    assert "open" not in markers(backtest(closes(*[10.0] * 60)))


@pytest.mark.parametrize("kind", ["full", "simple"])
def test_a_run_without_costs_says_so_on_its_face(kind):
    bars = random_walk(100)
    assert any("NO COSTS" in words for words in words_of(backtest(bars, settings=FREE), kind))
    assert not any("NO COSTS" in words for words in words_of(backtest(bars), kind))


def test_the_table_says_return_and_drawdown_and_what_is_undefined():
    result = backtest(closes(100.0, 100.0, 110.0, 99.0), settings=FREE)
    words = words_of(result)
    row = words.index("Max drawdown")
    assert words[words.index("Return") + 1 :][:2] == ["0.00 %", "−1.00 %"]
    assert words[row + 1 : row + 3] == ["0.00 %", "−10.00 %"]
    assert words[words.index("Win rate") + 1] == "n/a"


def test_threads_draw_the_same_bytes_as_one_alone():
    results = [backtest(random_walk(300, seed), "macd") for seed in range(3)]
    alone = [report_png(result, "ABC", "1d") for result in results]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda result: report_png(result, "ABC", "1d"), results * 5))
    assert together == alone * 5
    assert len(set(alone)) == 3


def test_importing_the_plots_is_cheap_and_no_plot_loads_pyplot():
    code = (
        "import sys, services.plots as p; heavy = {'matplotlib', 'numba'} & set(sys.modules);"
        "import services.plots.report; sys.exit(bool(heavy) or 'matplotlib.pyplot' in sys.modules)"
    )
    root = Path(__file__).parent.parent
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        ("AAPL", "AAPL_1d_20240131T154500_full.png"),
        ("BRK.B", "BRK.B_1d_20240131T154500_full.png"),
        ("BTC/USD", "BTC-USD_1d_20240131T154500_full.png"),
        ("../../etc/x", "etc-x_1d_20240131T154500_full.png"),
        ("..", "symbol_1d_20240131T154500_full.png"),
        ("C:\\a\0b", "C-a-b_1d_20240131T154500_full.png"),
    ],
)
def test_a_plot_is_named_by_symbol_resolution_and_time(symbol, name, tmp_path):
    assert plot_path(tmp_path, symbol, "1d", "full", NOW) == tmp_path / name


def test_saving_makes_the_folder_and_never_overwrites(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "utc_now", lambda: NOW)
    result = backtest(random_walk(60))
    folder = tmp_path / "data" / "plots"
    paths = [save_report(result, "ABC", "1d", "simple", folder) for _ in range(3)]
    assert [path.name for path in paths] == [
        "ABC_1d_20240131T154500_simple.png",
        "ABC_1d_20240131T154500-2_simple.png",
        "ABC_1d_20240131T154500-3_simple.png",
    ]
    assert paths[0].read_bytes() == report_png(result, "ABC", "1d", "simple")


def test_a_folder_that_cannot_be_written_is_named_with_the_remedy(tmp_path):
    in_the_way = tmp_path / "plots"
    in_the_way.write_text("a file")
    with pytest.raises(StorageError, match=r"plots .*: make the folder writable") as caught:
        save_report(backtest(random_walk(60)), "ABC", "1d", "full", in_the_way)
    assert str(in_the_way) in str(caught.value)


def test_a_full_disk_leaves_no_half_picture(tmp_path, monkeypatch):
    class FullDisk(io.FileIO):
        def write(self, data):
            super().write(data[:100])
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "open", lambda self, mode: FullDisk(self, mode.replace("b", "")))
    with pytest.raises(StorageError, match="No space left on device"):
        save_report(backtest(random_walk(60)), "ABC", "1d", "full", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_kind_or_resolution_is_refused():
    result = backtest(random_walk(60))
    with pytest.raises(InvalidParams, match='Unknown plot "ful".*Did you mean "full"'):
        report_png(result, "ABC", "1d", "ful")
    with pytest.raises(InvalidParams, match="Unknown resolution"):
        report_png(result, "ABC", "1q")


def test_a_result_without_bars_is_refused():
    result = backtest(random_walk(60))
    with pytest.raises(NoBars):
        report_png(replace(result, bars=result.bars.iloc[:0]), "ABC", "1d")


def test_a_thinned_line_keeps_its_extremes_ends_and_gaps():
    values = np.random.default_rng(1).normal(size=100_003)
    values[:5_000] = np.nan
    values[77_777], values[55_555] = 99.0, -99.0
    x, y = thin_line(values)
    assert len(x) < 7_000 and (np.diff(x) > 0).all()
    assert (x[0], x[-1]) == (0, 100_002)
    assert y[x == 77_777] == 99 and y[x == 55_555] == -99
    assert np.isnan(y[x < 4_900]).all() and np.isfinite(y[x >= 5_100]).all()
    short = values[:MOST_POINTS]
    assert thin_line(short)[1] is short


def test_thinned_heights_keep_the_highest():
    values = np.full(50_000, 1.0)
    values[1234], values[99] = 7.0, np.nan
    x, heights = thin_heights(values)
    assert heights.max() == 7 and len(x) == len(heights) <= 1_500


@pytest.mark.parametrize(
    ("start", "periods", "freq", "labels"),
    [
        ("2024-01-02 14:30", 60, "1min", ["14:40", "14:50", "15:00", "15:10", "15:20"]),
        ("2024-01-01", 120, "1D", ["Feb", "Mar", "Apr"]),
        ("2019-06-03", 2000, "1D", ["2020", "2021", "2022", "2023", "2024"]),
        ("1920-01-01", 1200, "MS", ["1940", "1960", "1980", "2000"]),
        ("2024-01-02", 1, "1D", ["2 Jan"]),
        ("2024-01-02", 2, "1D", ["2 Jan", "3 Jan"]),
    ],
)
def test_dates_are_labelled_at_calendar_steps(start, periods, freq, labels):
    stamps = pd.date_range(start, periods=periods, freq=freq).to_numpy()
    assert [tick.label for tick in date_ticks(stamps, room=6)] == labels


def test_the_context_is_written_where_it_changes():
    stamps = pd.date_range("2023-11-01", periods=150, freq="D").to_numpy()
    ticks = date_ticks(stamps, room=8)
    assert [(t.label, t.context) for t in ticks] == [
        ("Dec", "2023"),
        ("Jan", "2024"),
        ("Feb", ""),
        ("Mar", ""),
    ]
    assert [stamps[t.bar] for t in ticks] == [
        np.datetime64(day) for day in ("2023-12-01", "2024-01-01", "2024-02-01", "2024-03-01")
    ]


@pytest.mark.parametrize("room", [3, 6, 11])
@pytest.mark.parametrize("freq", ["1min", "1h", "1D", "7D", "365D"])
def test_dates_never_crowd(freq, room):
    for periods in (2, 3, 7, 50, 999, 5000):
        if freq == "365D" and periods > 999:
            continue
        stamps = pd.date_range("1990-01-05 09:31", periods=periods, freq=freq, unit="s").to_numpy()
        bars = [tick.bar for tick in date_ticks(stamps, room)]
        assert bars, (freq, periods)
        assert len(bars) == 1 or np.diff(bars).min() >= 0.6 * periods / room


def test_a_short_session_is_not_labelled_on_top_of_the_next():
    days = pd.date_range("2024-01-01", periods=30, freq="D").to_numpy()
    lengths = [10, 10, 1] * 10
    hours = np.concatenate([np.arange(n) for n in lengths]).astype("timedelta64[h]")
    bars = [tick.bar for tick in date_ticks(np.repeat(days, lengths) + hours, room=22)]
    assert len(bars) == 20
    assert np.diff(bars).min() >= 10


def test_values_are_labelled_at_round_steps():
    assert value_ticks(3.0, 47.0, 5) == [10, 20, 30, 40]
    assert value_ticks(-45.0, 40.0, 3) == [-25, 0, 25]
    assert value_ticks(-70.0, 80.0, 3) == [-50, 0, 50]
    assert log_ticks(90.0, 2500.0, 5) == [100, 200, 500, 1000, 2000]
    assert log_ticks(1.0, 1e6, 4) == [1, 100, 10_000, 1_000_000]
    assert axis_texts([99_500.0, 100_000.0]) == ["99,500", "100,000"]
    assert axis_texts([-0.02, 0.0, 0.02], " %") == ["−0.02 %", "0 %", "0.02 %"]
    assert axis_texts([10e6, 12.5e6, 15e6]) == ["10.0M", "12.5M", "15.0M"]
    assert axis_texts([30.0, 67.5]) == ["30.0", "67.5"]
    assert axis_texts([0.0001, 0.00012]) == ["0.00010", "0.00012"]
