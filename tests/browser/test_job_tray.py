"""The job tray, in a real browser: what it shows, cancels, asks for again and tells."""

import json
import urllib.error
import urllib.request

import pytest
from patience import until

from services.jobs import get_job, submit
from services.jobs.store import JobTable
from services.leases import Leases
from services.processes import this_process
from services.settings import Settings
from services.workspace import open_workspace

pytestmark = pytest.mark.browser

TSLA = {"symbol": "TSLA", "resolution": "1d", "duration": "5 Y"}
ME = this_process()


@pytest.fixture
def workspace(tmp_path):
    workspace = open_workspace(Settings(database_url="", data_dir=tmp_path))
    yield workspace
    workspace.database.close()


@pytest.fixture
def page(workspace, open_browser, serve):
    page = open_browser(serve(workspace.settings).url)
    page.wait_for_text_to_equal("h1", "Home")
    return page


def run(workspace, arguments=TSLA, **told):
    """Let this process be the worker that runs a job."""
    table = JobTable(workspace.database)
    job = table.claim(submit(workspace, "ingest", arguments).id, ME)
    table.touch(job, told)
    return job


def finish(workspace, job, state, message):
    assert JobTable(workspace.database).finish(job, {"state": state, "message": message})


def job_text(page, part: str) -> str:
    return page.find_element(f"#job-list .tray-job .tray-{part}").text


def shown(page, selector: str) -> bool:
    return page.find_element(selector).is_displayed()


def test_an_idle_tray_says_what_will_appear_in_it(page):
    assert not shown(page, "#job-count")
    page.find_element("#job-tray-toggle").click()
    page.wait_for_contains_text("#job-panel", "Nothing is running")
    page.find_element("h1").click()
    assert not shown(page, "#job-panel")


def test_a_job_shows_on_every_page_and_its_end_is_told(page, workspace):
    job = run(workspace, done=3, total=12, progress=0.25, message="storing TSLA 1d")
    page.driver.execute_script(
        "window.told = []; document.addEventListener('jobschanged', e => "
        "window.told.push(e.detail.jobs.map(job => job.state).join()))"
    )
    page.find_element(".rail .nav-link[href='/runs']").click()
    page.wait_for_text_to_equal("#job-count", "1")
    page.find_element("#job-tray-toggle").click()
    assert job_text(page, "name") == "TSLA 1d, 5 Y from Interactive Brokers"
    assert job_text(page, "message") == "storing TSLA 1d"
    assert job_text(page, "facts").startswith("25 % · ")
    assert "so far" in job_text(page, "facts")
    bar = page.find_element("#job-list [role=progressbar]")
    assert bar.get_attribute("aria-valuenow") == "25"
    finish(workspace, job, "done", "Bars: 1,258 new.")
    page.wait_for_contains_text(
        "#toasts", "TSLA 1d, 5 Y from Interactive Brokers: Bars: 1,258 new."
    )
    assert job_text(page, "facts") == "Done · just now"
    assert not shown(page, "#job-count")
    assert page.driver.execute_script("return window.told") == ["running", "done"]


def test_a_tab_that_was_closed_finds_its_job_again(page, workspace):
    run(workspace, message="storing TSLA 1d")
    page.driver.get("about:blank")
    page.driver.get(page.server_url)
    page.wait_for_text_to_equal("#job-count", "1")


def test_cancel_and_retry(page, workspace):
    job = run(workspace)
    page.find_element("#job-tray-toggle").click()
    page.wait_for_text_to_equal("#job-list .tray-order", "Cancel")
    page.find_element("#job-list .tray-order").click()
    page.wait_for_text_to_equal("#job-list .tray-facts", "Cancelling: it ends after this piece")
    assert get_job(workspace, job.id).cancel_requested
    finish(workspace, job, "cancelled", "Cancelled: what was stored before is kept.")
    page.wait_for_text_to_equal("#job-list .tray-order", "Retry")
    page.find_element("#job-list .tray-order").click()
    page.wait_for_text_to_equal("#job-list .tray-facts", "Waiting for its turn")
    assert "attempt 2" in job_text(page, "name")
    assert get_job(workspace, job.id).state == "queued"


def test_a_job_whose_worker_died_says_so(page, workspace):
    table = JobTable(workspace.database)
    table.claim(submit(workspace, "ingest", TSLA).id, ME.rpartition(":")[0] + ":1")
    page.find_element("#job-tray-toggle").click()
    page.wait_for_contains_text("#job-list .tray-message", "The worker stopped in the middle")
    assert page.find_element("#job-list .tray-order").text == "Retry"


def test_waiting_without_a_worker_is_told_and_its_coming_too(page, workspace):
    submit(workspace, "ingest", TSLA)
    page.find_element("#job-tray-toggle").click()
    page.wait_for_text_to_equal(
        "#job-trouble",
        "No worker is running: start one with python -m dashboard.worker.",
        timeout=10,
    )
    Leases(workspace.database, ME).show_life()
    until(lambda: not shown(page, "#job-trouble"), 5)


def test_a_redis_that_does_not_answer_is_told(workspace, open_browser, serve):
    settings = workspace.settings.model_copy(update={"redis_url": "redis://:s3cret@127.0.0.1:9/0"})
    page = open_browser(serve(settings).url)
    page.wait_for_element("#job-tray-toggle.is-troubled").click()
    page.wait_for_text_to_equal(
        "#job-trouble", "The job queue on Redis does not answer: start Redis, or unset REDIS_URL."
    )


def test_a_long_row_of_jobs_is_counted(page, workspace):
    for number in range(15):
        submit(workspace, "update", {"symbol": f"S{number:02}", "resolution": "1d"})
    page.find_element("#job-tray-toggle").click()
    page.wait_for_text_to_equal("#job-count", "15")
    page.wait_for_text_to_equal("#job-more", "and 3 more waiting")
    assert job_text(page, "name") == "Update S00 1d"


def test_a_title_is_text_and_never_markup(page, workspace):
    run(workspace, message="<b>1 < 2</b>")
    page.find_element("#job-tray-toggle").click()
    page.wait_for_text_to_equal("#job-list .tray-message", "<b>1 < 2</b>")


def test_the_keyboard_opens_and_closes_the_tray(page):
    page.driver.execute_script("document.getElementById('job-tray-toggle').focus()")
    focused = page.driver.switch_to.active_element
    focused.send_keys("\n")
    until(lambda: shown(page, "#job-panel"), 3)
    page.find_element("body").send_keys("\ue00c")
    assert not shown(page, "#job-panel")
    assert page.driver.switch_to.active_element.get_attribute("id") == "job-tray-toggle"


def test_the_panel_fits_a_phone(page, workspace):
    run(workspace, message="storing TSLA 1d " * 5, progress=0.4)
    page.driver.set_window_size(500, 900)
    page.find_element("#job-tray-toggle").click()
    page.wait_for_element("#job-list .tray-job")
    box = page.find_element("#job-panel").rect
    width = page.driver.execute_script("return document.documentElement.clientWidth")
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert page.driver.execute_script("return document.documentElement.scrollWidth") == width


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content-Type": "text/plain"}, b"{}"),
        ({"Content-Type": "application/json", "Sec-Fetch-Site": "cross-site"}, b"{}"),
        ({"Content-Type": "application/json", "Origin": "http://evil.example"}, b"{}"),
    ],
)
def test_another_site_cannot_cancel(workspace, serve, headers, body):
    job = submit(workspace, "ingest", TSLA)
    url = f"{serve(workspace.settings).url}/api/jobs/{job.id}/cancel"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(url, body, headers))
    assert refused.value.code == 403
    assert get_job(workspace, job.id).state == "queued"
    ours = urllib.request.Request(url, b"{}", {"Content-Type": "application/json"})
    assert json.load(urllib.request.urlopen(ours))["state"] == "cancelled"
