"""`python -m scripts.jobs`: list, cancel, retry, and its errors."""

import json

import pytest

from scripts import jobs
from services.jobs import submit
from services.jobs.store import JobTable
from services.processes import this_process
from services.workspace import open_workspace

TSLA = {"symbol": "TSLA", "resolution": "1d", "duration": "5 Y"}


@pytest.fixture
def office(home):
    workspace = open_workspace()
    yield workspace
    workspace.database.close()


def test_an_empty_list_says_so(office, capsys):
    assert jobs.main([]) == 0
    assert capsys.readouterr().out == "There are no jobs.\n"


def test_the_list_shows_what_runs(office, capsys):
    table = JobTable(office.database)
    job = table.claim(submit(office, "ingest", TSLA).id, this_process())
    table.touch(job, {"done": 1, "total": 4, "progress": 0.25, "message": "storing"})
    submit(office, "update", {"symbol": "IBM", "resolution": "1d"})
    assert jobs.main(["list", "--state", "running"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == ["ID", "STATE", "DONE", "TIME", "JOB", "MESSAGE"]
    assert row.split()[:3] == [str(job.id), "running", "25%"]
    assert row.endswith("TSLA 1d, 5 Y from Interactive Brokers  storing")
    assert jobs.main(["--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [job["state"] for job in listed] == ["running", "queued"]
    assert listed[0]["arguments"] == TSLA


def test_cancel_and_retry(office, capsys):
    job = submit(office, "ingest", TSLA)
    assert jobs.main(["cancel", str(job.id)]) == 0
    assert capsys.readouterr().out == (
        f"Job {job.id}: TSLA 1d, 5 Y from Interactive Brokers is cancelled. "
        "Cancelled before it began.\n"
    )
    assert jobs.main(["retry", str(job.id), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["attempt"] == 2


def test_cancelling_what_runs_says_when_it_ends(office, capsys):
    job = JobTable(office.database).claim(submit(office, "ingest", TSLA).id, this_process())
    assert jobs.main(["cancel", str(job.id)]) == 0
    assert "is being cancelled" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "status", "words"),
    [
        (["cancel", "99"], 1, 'There is no job "99"'),
        (["retry", "x"], 1, 'There is no job "x"'),
        (["--state", "runing"], 1, 'Did you mean "running"'),
        (["cancel"], 2, "needs the number of a job"),
        (["list", "3"], 2, "takes no number"),
        (["--limit", "0"], 2, "--limit"),
        (["stop", "3"], 2, "invalid choice"),
    ],
)
def test_errors_are_one_line(office, capsys, argv, status, words):
    try:
        answer = jobs.main(argv)
    except SystemExit as ended:
        answer = ended.code
    out, errors = capsys.readouterr()
    assert (answer, out, errors.count("\n")) == (status, "", 1)
    assert words in errors


def test_a_redis_that_does_not_answer_is_told_without_its_password(office, capsys, monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://:s3cret@127.0.0.1:9/0")
    assert jobs.main([]) == 0
    out = capsys.readouterr().out
    assert "The job queue on Redis does not answer" in out
    assert "s3cret" not in out
