"""A long study in a browser: watched, cancelled, gone on with, and followed in the list."""

import threading

import numpy as np
import pytest
from patience import until

from services.ingest import ingest_sample
from services.jobs.runner import JobRunner
from services.parameters import Parameters, param
from services.settings import Settings
from services.studies import find_study
from services.studies import prepare as preparing
from services.workspace import open_workspace
from strategies.base import Strategy
from strategies.registry import STRATEGIES, strategy_class

pytestmark = pytest.mark.browser

WORKER = "the worker of the test"
COUNT = 40
FORM = f"/optimise?symbol=AAPL&strategy=gated&duration=2 Y&g.step=2:{COUNT + 1}:1&holdout=0"
PATIENCE = 20
BAR = ".opt-progress [role=progressbar]"
CELLS = ".opt-map td a"


class Gated(Strategy):
    """Trade every so many bars; each combination waits until the test lets it through."""

    rule = "Buy on every step-th bar, sell on the bar after it."
    gate = threading.Semaphore(0)

    class Params(Parameters):
        """How often to buy, in bars."""

        step: int = param(2, "bars between two buys", ge=2, le=1000, search=(2, 3))

    def signals(self, df):
        if threading.current_thread().name == WORKER:
            assert self.gate.acquire(timeout=60)
        found = np.zeros(len(df), dtype=np.int8)
        found[:: self.params.step], found[1 :: self.params.step] = 1, -1
        return found


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """Give a workspace whose studies are stored two combinations at a time."""
    monkeypatch.setitem(STRATEGIES, "gated", Gated)
    monkeypatch.setattr(Gated, "gate", threading.Semaphore(0))
    monkeypatch.setattr(preparing, "_MOST_ROWS", 2)
    settings = Settings(database_url="", data_dir=tmp_path)
    workspace = open_workspace(settings, strategy_class)
    ingest_sample(workspace.database, "AAPL")
    yield workspace
    Gated.gate.release(1000)
    workspace.database.close()


@pytest.fixture
def page(workspace, open_browser, serve):
    return open_browser(serve(workspace.settings).url, home=False)


def at_work(workspace) -> threading.Thread:
    """Let this process be the worker that does the study's job."""
    job = until(lambda: find_study(workspace.database, 1).job_id, PATIENCE)
    thread = threading.Thread(target=JobRunner(workspace).run, args=(job,), name=WORKER)
    thread.start()
    return thread


def start(page) -> None:
    page.driver.get(f"{page.server_url}{FORM}")
    page.wait_for_contains_text("#opt-count", f"{COUNT} combinations", timeout=PATIENCE)
    button = page.find_element("#opt-start")
    page.driver.execute_script("arguments[0].scrollIntoView({ block: 'center' })", button)
    button.click()
    until(lambda: "study=1" in page.driver.current_url, PATIENCE)


def let_through(worker: threading.Thread) -> bool:
    """Let one more combination through; tell whether the worker has ended."""
    Gated.gate.release()
    worker.join(0.02)
    return not worker.is_alive()


def done_on(page) -> int:
    return int(page.find_element(".opt-progress-head .muted").text.split(" of ")[0])


def test_a_study_that_was_started_on_a_phone_is_in_view(page, workspace):
    page.driver.set_window_size(500, 844)
    start(page)
    until(lambda: 0 <= top_of(page, "#opt-result") < 300, PATIENCE)


def top_of(page, selector: str) -> float:
    return page.driver.execute_script(
        "return document.querySelector(arguments[0]).getBoundingClientRect().top", selector
    )


def test_a_long_study_is_watched_cancelled_and_gone_on_with(page, workspace):
    start(page)
    page.wait_for_contains_text(".opt-progress", "Waiting for a worker", timeout=PATIENCE)
    page.wait_for_contains_text(".opt-message", "No worker is running", timeout=PATIENCE)
    worker = at_work(workspace)
    Gated.gate.release(10)
    page.wait_for_contains_text(".opt-progress", f"10 of {COUNT}", timeout=PATIENCE)
    assert page.find_element(BAR).get_attribute("aria-valuenow") == "25"
    page.wait_for_contains_text("#opt-best", "best so far", timeout=PATIENCE)
    Gated.gate.release(10)
    page.wait_for_contains_text(".opt-progress", f"20 of {COUNT}", timeout=PATIENCE)

    page.find_element("#opt-cancel").click()
    until(lambda: let_through(worker), PATIENCE)
    page.wait_for_contains_text(".opt-progress", "Cancelled: what was done is kept", PATIENCE)
    kept = find_study(workspace.database, 1).done
    assert 20 <= kept < COUNT
    assert done_on(page) == kept
    until(lambda: len(page.find_elements(CELLS)) == kept, PATIENCE)

    page.find_element("#opt-resume").click()
    until(lambda: find_study(workspace.database, 1).state == "waiting", PATIENCE)
    worker = at_work(workspace)
    Gated.gate.release(COUNT)
    until(lambda: not worker.is_alive(), PATIENCE)
    until(lambda: len(page.find_elements(CELLS)) == COUNT, PATIENCE)
    assert not page.find_elements(".opt-progress")
    page.wait_for_element(".opt-verdict", timeout=PATIENCE)


def test_the_list_follows_a_study_that_runs_and_cancels_it(page, workspace):
    start(page)
    worker = at_work(workspace)
    page.driver.get(f"{page.server_url}/optimise")
    Gated.gate.release(10)
    page.wait_for_contains_text("#studies-table .study-state", "Running 25 %", timeout=PATIENCE)
    Gated.gate.release(10)
    page.wait_for_contains_text("#studies-table .study-state", "Running 50 %", timeout=PATIENCE)
    page.find_element("#studies-table [data-study-do=cancel]").click()
    until(lambda: let_through(worker), PATIENCE)
    page.wait_for_contains_text("#studies-table .study-state", "Cancelled", timeout=PATIENCE)
    page.find_element("#studies-table [data-study-do=go-on]").click()
    page.wait_for_contains_text("#studies-table .study-state", "Waiting", timeout=PATIENCE)


def test_a_combination_that_fails_is_named_and_the_rest_completes(page, workspace, monkeypatch):
    signals = Gated.signals

    def sometimes(self, df):
        if self.params.step % 10 == 0:
            raise ZeroDivisionError("nothing to divide by")
        return signals(self, df)

    monkeypatch.setattr(Gated, "signals", sometimes)
    start(page)
    Gated.gate.release(1000)
    worker = at_work(workspace)
    until(lambda: not worker.is_alive(), PATIENCE)
    until(lambda: len(page.find_elements(CELLS)) == COUNT, PATIENCE)
    failed = page.find_element(".opt-map a[aria-label^='step 10:']")
    assert failed.get_attribute("aria-label") == "step 10: Sharpe failed"
    page.wait_for_contains_text("#opt-results", "4 combinations failed", timeout=PATIENCE)
    page.wait_for_contains_text("#opt-results", "nothing to divide by", timeout=PATIENCE)
