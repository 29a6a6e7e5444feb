"""The reports of a run: a page that needs no server, a PDF, and all the data."""

import json
import re
import zlib
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from builders import candles, closes, random_walk

from services.backtest import BacktestRequest, SimulationSettings, run_backtest
from services.backtest.trades import trades_from_records
from services.metrics import METRICS
from services.reports import json_parts, report_html, report_json, report_pdf
from services.reports.chart import MOST_BARS, chart_data
from services.reports.look import tokens
from services.reports.trades import trade_rows
from services.runs import Manifest, SavedRun
from strategies.base import Strategy
from strategies.registry import load_strategy

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>&\"'"
FIELDS = (Path(__file__).parent.parent / "docs" / "run-json.md").read_text()
MANIFEST = Manifest({"program": "9.9"}, "ba" * 32, "c0" * 32, 1, "f1" * 32)


class EveryOtherBar(Strategy):
    """Buys and sells in turn: as many trades as bars allow."""

    rule = "buy on even bars, sell on odd ones"

    def signals(self, df):
        return np.where(np.arange(len(df)) % 2 == 0, 1, -1).astype(np.int8)


class BuyAtOnce(Strategy):
    """Buys once and holds."""

    rule = "buy"

    def signals(self, df):
        return np.ones(len(df), np.int8)


class Never(Strategy):
    """Never trades."""

    rule = "never"

    def signals(self, df):
        return np.zeros(len(df), np.int8)


def saved(bars, strategy=None, *, settings=SimulationSettings(), resolution="1d", **said):  # noqa: B008
    result = run_backtest(bars, strategy or load_strategy("rsi"), settings)
    request = BacktestRequest(said.pop("symbol", "TEST"), resolution, "rsi", settings=settings)
    moment = pd.Timestamp("2026-01-02 03:04", tz="UTC")
    return SavedRun(7, moment, request, result, **{"manifest": MANIFEST} | said)


@pytest.fixture(scope="module")
def run():
    return saved(random_walk(400, 5))


class Outline(HTMLParser):
    """Notes every element with its attributes, and the text that stands in scripts."""

    def __init__(self, page: str):
        super().__init__()
        self.elements, self.scripts, self.words = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data):
        if self.elements and self.elements[-1][0] == "script":
            self.scripts[-1] += data
        self.words.append(data)

    def data(self) -> dict:
        return json.loads(self.scripts[0])


# All data


def refuse(constant):
    raise AssertionError(f"{constant} is no JSON")


def test_the_data_are_valid_json_and_give_the_run_back(run):
    data = json.loads(report_json(run), parse_constant=refuse)
    series, result = data["series"], run.result
    assert series["equity"] == result.equity.tolist()
    assert series["close"] == result.bars["close"].tolist()
    assert pd.to_datetime(series["time"]).tolist() == result.bars["ts"].tolist()
    assert series["signal"] == result.signals.tolist()
    peak = np.maximum.accumulate(np.maximum(series["equity"], data["costs"]["cash"]))
    assert series["drawdown"] == pytest.approx((np.array(series["equity"]) / peak - 1).tolist())
    assert {len(column) for column in series.values()} == {400}
    table = trades_from_records(data["trades"])
    pd.testing.assert_frame_equal(table, result.trades)
    assert [trade["number"] for trade in data["trades"]] == list(range(1, len(table) + 1))
    assert data["metrics"] == result.metrics
    assert data["manifest"]["bars_hash"] == MANIFEST.bars_hash


def test_the_data_come_in_pieces_of_a_column(run):
    parts = list(json_parts(run))
    assert "".join(parts) == report_json(run)
    assert max(map(len, parts)) < len(report_json(run)) / 4


def test_what_is_undefined_is_null(run):
    data = json.loads(report_json(saved(closes(10, 11, 12), Never())), parse_constant=refuse)
    assert data["metrics"]["win_rate"] is None
    line = json.loads(report_json(run))["lines"][0]
    assert line["values"][0] is None and line["values"][-1] is not None


def test_every_field_of_the_data_is_documented(run):
    data = json.loads(report_json(run))
    names = [*data, *data["run"], *data["request"], *data["costs"], *data["series"]]
    names += [*data["lines"][0], *data["trades"][0], *data["manifest"]]
    assert [name for name in names if f"`{name}`" not in FIELDS] == []


# The page


def test_the_page_carries_everything_and_asks_nobody(run):
    page = report_html(run)
    outline = Outline(page)
    loads = [a for tag, a in outline.elements if {"src", "href", "srcset", "data"} & set(a)]
    assert loads == [] and "@import" not in page
    addresses = re.findall(r"url\(([^)]{0,40})", page.split("<body>")[0])
    assert addresses and all(address.startswith("data:") for address in addresses)
    policy = next(a["content"] for tag, a in outline.elements if tag == "meta" and "content" in a)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")


def test_the_page_says_every_number_with_its_definition(run):
    words = " ".join(Outline(report_html(run)).words)
    for spec in METRICS:
        assert spec.label in words and spec.definition in words
    for text in ("Monthly returns", "Underwater", "Buy & Hold", "Manifest", MANIFEST.code_hash):
        assert text in words


def test_nothing_that_people_wrote_becomes_markup_or_script(run):
    said = saved(
        random_walk(60, 2),
        symbol=EVIL,
        name=EVIL,
        notes=EVIL,
        tags=(EVIL,),
        cautions=(EVIL,),
        bars_note=EVIL,
    )
    plain, evil = Outline(report_html(run)), Outline(report_html(said))
    assert "img" not in {tag for tag, _ in evil.elements}
    assert len(evil.scripts) == len(plain.scripts)
    assert evil.scripts[1:] == plain.scripts[1:]
    assert not any(name.startswith("on") for _, attrs in evil.elements for name in attrs)
    assert "".join(evil.words).count("alert(1)") >= 6  # it is still there to be read


def test_the_pages_trades_are_all_trades():
    many = saved(random_walk(2001, 3), EveryOtherBar())
    rows = Outline(report_html(many)).data()["trades"]
    assert len(rows) == len(many.result.trades) == 1000
    assert [row[0] for row in rows] == [str(n) for n in range(1, 1001)]


def test_the_chart_of_the_page_holds_every_bar_and_fill(run):
    chart = chart_data(run.result)
    by_name = dict(zip((t["name"] for t in chart["traces"]), chart["sources"], strict=True))
    assert by_name["Price"]["close"] == run.result.bars["close"].tolist()
    assert by_name["Strategy equity"]["y"] == pytest.approx(run.result.equity.tolist())
    assert by_name["RSI 14"]["y"][-1] == pytest.approx(run.result.lines[0].values[-1])
    assert by_name["Buy"]["bar"] == run.result.trades["entry_bar"].tolist()
    assert all(source["rule"] for source in chart["sources"])


def test_a_long_run_is_joined_before_it_is_written():
    n = MOST_BARS + 5
    run = saved(random_walk(n, 1, resolution="1m"), EveryOtherBar(), resolution="1m")
    chart = chart_data(run.result)
    price = chart["sources"][0]
    assert (chart["step"], len(price["close"])) == (2, (n + 1) // 2)
    pairs = run.result.bars["high"].to_numpy()[: n // 2 * 2].reshape(-1, 2)
    assert price["high"][:-1] == pytest.approx(pairs.max(axis=1).tolist())
    assert price["close"][-1] == run.result.bars["close"].iloc[-1]
    volume = next(
        s["y"] for t, s in zip(chart["traces"], chart["sources"], strict=True)
        if t["name"] == "Volume"
    )  # fmt: skip
    assert sum(volume) == pytest.approx(run.result.bars["volume"].sum())
    assert max(max(span) for span in chart["trades"]) < len(price["close"])


def test_both_themes_have_the_same_colours_by_name():
    light, dark = tokens()
    assert set(light) == set(dark) >= {"--up", "--down", "--equity", "--bg", "--font"}
    assert light["--bg"] != dark["--bg"]


@pytest.mark.parametrize("count", [1, 2])
def test_a_run_of_hardly_a_bar_has_all_reports(count):
    tiny = saved(closes(*range(10, 10 + count)), Never())
    assert Outline(report_html(tiny)).data()["trades"] == []
    assert report_pdf(tiny).startswith(b"%PDF")
    assert json.loads(report_json(tiny))["trades"] == []


# Paper


def test_a_run_in_which_nothing_ever_moved_has_all_reports():
    free = SimulationSettings(commission="none", slippage_bps=0)
    still = saved(candles(*[(5.0, 5.0, 5.0, 5.0)] * 300), settings=free)
    assert report_pdf(still).startswith(b"%PDF")
    assert json.loads(report_json(still), parse_constant=refuse)["metrics"]["sharpe"] is None
    assert "Backtest report" in report_html(still)


def pdf_text(content: bytes) -> str:
    """Decompress the streams of a PDF, to look for operators in them."""
    found = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL)
    parts = []
    for part in found:
        try:
            parts.append(zlib.decompress(part))
        except zlib.error:
            parts.append(part)
    return b"\n".join(parts).decode("latin-1")


def pages(content: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b(?!s)", content))


def test_the_pdf_is_a4_with_embedded_fonts_and_text(run):
    content = report_pdf(run)
    assert content.startswith(b"%PDF") and pages(content) >= 4
    boxes = set(re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", content))
    assert {(round(float(w)), round(float(h))) for w, h in boxes} == {(842, 595)}
    assert b"/ToUnicode" in content and b"/CharProcs" in content
    text = pdf_text(content)
    assert "Tj" in text or "TJ" in text


def test_an_equal_run_is_an_equal_pdf_in_any_thread(run):
    once = report_pdf(run)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: report_pdf(run), range(4))) == {once}


def test_the_pdf_names_the_run_and_its_date(run):
    content = report_pdf(run)
    assert b"(D:20260102030400" in content
    assert b"TEST 1d rsi" in content


def test_a_pdf_of_very_many_trades_stays_short():
    many = saved(random_walk(4001, 3), EveryOtherBar())
    assert len(many.result.trades) == 2000
    assert pages(report_pdf(many)) <= 8


def test_the_pdf_survives_letters_that_its_font_lacks(run):
    odd = saved(random_walk(60, 2), symbol="株式", notes="$\\frac{1}{0}$ 😀", name=EVIL)
    assert report_pdf(odd).startswith(b"%PDF")


def test_rows_of_trades_say_what_the_table_holds(run):
    table, rows = run.result.trades, trade_rows(run.result, "1d")
    assert [float(row[2].replace(",", "")) for row in rows] == pytest.approx(
        table["entry_price"].round(2).tolist(), abs=0.006
    )
    for row, profit in zip(rows, table["profit"], strict=True):
        assert row[7].startswith("+") == (profit > 0)
        assert float(row[7].replace(",", "").replace("−", "-")) == pytest.approx(profit, abs=0.006)


def test_an_open_trade_has_no_exit():
    held = saved(closes(10, 11, 12, 13), BuyAtOnce())
    (row,) = trade_rows(held.result, "1d")
    assert row[3:6] == ["open", "", "still open"]
    (trade,) = json.loads(report_json(held))["trades"]
    assert (trade["exit_time"], trade["exit_reason"]) == (None, "open")
    assert "one still open" in report_html(held)
