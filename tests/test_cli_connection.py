"""The command test_connection, as a user types it."""

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pandas as pd
import pytest
from broker import asked, let_pass
from gateway import Fault, StandIn
from waiting import PATIENCE, until

from scripts import test_connection
from services.settings import Settings
from services.timespan import utc_now

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def broker(monkeypatch):
    with StandIn(clock=utc_now()) as broker:
        monkeypatch.setenv("IB_PORT", str(broker.port))
        monkeypatch.setenv("IB_TIMEOUT", "60")
        yield broker


def test_it_prints_versions_account_clock_and_farms(broker, capsys):
    assert test_connection.main([]) == 0
    printed = dict(line.split(":", maxsplit=1) for line in capsys.readouterr().out.splitlines())
    printed = {name: value.strip() for name, value in printed.items()}
    assert printed["Gateway"] == f"127.0.0.1:{broker.port}"
    assert printed["Library"].startswith(Settings().ib_library + " ")
    assert printed["Server version"] == "176"
    assert printed["Client id"] == "1"
    assert printed["Account"] == "DU1234567"
    assert printed["Server time"].startswith(f"{broker.now():%Y-%m-%dT%H:%M}")
    assert printed["Data farms"] == "secdefil ok, usfarm ok, ushmds ok"


def test_the_same_as_one_json_object(broker, capsys):
    assert test_connection.main(["--json", "-c", "7"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert err == ""
    assert found["client_id"] == 7
    assert found["server_version"] == 176
    assert found["accounts"] == ["DU1234567"]
    assert found["farms"]["usfarm"] == "ok"
    since = utc_now() - broker.now()  # the broker's clock stands
    assert abs(found["clock_ahead_seconds"]) <= since.total_seconds() + 1


def test_a_client_id_that_is_taken_is_passed_over_and_said(broker, capsys):
    broker.faults.add(Fault(on="start", kind="client_id_in_use", times=2))
    assert test_connection.main(["--json"]) == 0
    assert json.loads(capsys.readouterr().out)["client_id"] == 3


@pytest.mark.parametrize(
    ("shift", "said"), [(90, "behind"), (-90, "ahead of")], ids=["behind", "ahead"]
)
def test_clocks_that_disagree_are_told(broker, capsys, shift, said):
    broker.set_time(utc_now() + pd.Timedelta(seconds=shift))
    assert test_connection.main([]) == 0
    assert f"seconds {said} the gateway: set this machine's clock" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["http", "close", "hang"])
def test_a_handshake_that_fails_is_one_line_on_standard_error(broker, capsys, monkeypatch, kind):
    if kind == "hang":
        monkeypatch.setenv("IB_TIMEOUT", "0.5")
    broker.faults.add(Fault(on="connect", kind=kind))
    assert test_connection.main([]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert f"127.0.0.1:{broker.port}" in err


def test_a_farm_that_is_broken_is_shown(broker, capsys):
    broker.faults.add(Fault(on="current_time", kind="late", seconds=600))
    asks_the_time = asked(broker, "current_time")

    def break_farm():
        until(asks_the_time)
        broker.send_to_all(2103, "Market data farm connection is broken:usfarm")
        let_pass(broker, 600)

    threading.Thread(target=break_farm, daemon=True).start()
    assert test_connection.main([]) == 0
    assert "usfarm broken" in capsys.readouterr().out


def run(*words: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "scripts.test_connection", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def test_nothing_listens_is_one_line_of_a_process_that_ends_with_1():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
    done = run(IB_PORT=port)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"Nothing listens on 127.0.0.1:{port}: start TWS or IB Gateway, and check that its API is "
        "on and IB_HOST and IB_PORT are right.\n"
    )


def test_a_whole_process_ends_by_itself(broker):
    done = run("--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["accounts"] == ["DU1234567"]


@pytest.mark.parametrize("words", [["-c", "minus"], ["-c", "-1"], ["-c"], ["--what"]])
def test_bad_usage_is_one_line_and_2(words, capsys):
    with pytest.raises(SystemExit) as ended:
        test_connection.main(words)
    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_an_unusable_setting_is_named(monkeypatch, capsys):
    monkeypatch.setenv("IB_PORT", "ninety")
    assert test_connection.main([]) == 1
    assert "IB_PORT" in capsys.readouterr().err
