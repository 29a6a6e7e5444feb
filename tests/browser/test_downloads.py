"""The downloads of a run, made by clicks in a real browser and opened afterwards."""

import json

import pandas as pd
import pytest
from chart_page import open_run, script
from patience import until
from PIL import Image

from services.workspace import open_workspace

pytestmark = pytest.mark.browser

STEM = "MSFT_1d_ma_cross_run1"
NAMES = {
    "png": f"{STEM}_full.png",
    "html": f"{STEM}.html",
    "pdf": f"{STEM}.pdf",
    "csv": f"{STEM}_trades.csv",
    "json": f"{STEM}.json",
}


@pytest.fixture
def result(sample_settings):
    workspace = open_workspace(sample_settings)
    yield workspace.recent_runs.get(workspace.database, 1).result
    workspace.database.close()


@pytest.fixture
def downloads(page, tmp_path):
    """Open run 1 and give a function that downloads it in a form, and returns the file."""
    page.driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    open_run(page, "/runs/1")

    def download(kind: str):
        link = f".report-actions a[download][href$='.{kind}']"
        script(page, "document.querySelector('.report-actions details').open = true")
        page.find_element(link).click()
        path = tmp_path / NAMES[kind]
        until(path.exists, 20, f"no file {NAMES[kind]}")
        return path

    return download


def test_picture_and_trades_are_the_run(downloads, result):
    picture = Image.open(downloads("png"))
    picture.load()
    assert min(picture.size) > 500
    table = pd.read_csv(downloads("csv"), parse_dates=["entry_time"])
    assert table["entry_time"].tolist() == result.trades["entry_time"].tolist()
    assert table["profit"].tolist() == pytest.approx(result.trades["profit"].tolist())


def test_all_the_data_are_the_run(downloads, result):
    data = json.loads(downloads("json").read_text())
    assert data["series"]["equity"] == result.equity.tolist()
    assert len(data["trades"]) == len(result.trades)


def test_the_pdf_is_a_whole_pdf(downloads):
    content = downloads("pdf").read_bytes()
    assert content.startswith(b"%PDF-") and content.rstrip().endswith(b"%%EOF")


def test_the_page_works_from_disk_without_a_network(page, downloads, result):
    path = downloads("html")
    page.driver.execute_cdp_cmd("Network.enable", {})
    page.driver.execute_cdp_cmd(
        "Network.emulateNetworkConditions",
        {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0},
    )
    page.driver.get(path.as_uri())
    until(lambda: script(page, "return document.getElementById('chart').dataset.painted"), 20)
    asked = script(page, "return performance.getEntriesByType('resource').map((e) => e.name)")
    assert [name for name in asked if not name.startswith(("data:", "blob:"))] == []
    drawn = script(
        page, "return document.getElementById('chart').data.map((t) => [t.name, t.x?.length])"
    )
    assert dict(drawn)["Buy"] == len(result.trades)
    rows = (
        "return [...document.querySelectorAll('#trades tbody tr')]"
        ".map((row) => row.cells[1].innerText)"
    )
    assert script(page, rows) == [f"{t:%Y-%m-%d}" for t in result.trades["entry_time"]]

    # A zoom makes candles of its own: here every bar is one.
    script(page, "document.querySelector('#trades tbody tr:nth-child(2)').click()")
    first = result.trades.iloc[1]
    until(lambda: script(page, "return document.getElementById('chart').layout.shapes?.length"), 5)
    box = script(
        page,
        "const s = document.getElementById('chart').layout.shapes.at(-1); return [s.x0, s.x1]",
    )
    assert box == [first.entry_bar - 0.5, first.exit_bar + 0.5]
    x, close = script(
        page, "const t = document.getElementById('chart').data[0]; return [t.x, t.close]"
    )
    assert close == pytest.approx(result.bars["close"].iloc[[int(i) for i in x]].tolist())
    script(page, "document.querySelectorAll('#filters button')[1].click()")
    winners = int((result.trades["profit"] > 0).sum())
    assert len(script(page, rows)) == winners
    errors = [e for e in page.driver.get_log("browser") if e["level"] == "SEVERE"]
    assert errors == []
