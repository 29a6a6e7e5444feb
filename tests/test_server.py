"""`python -m dashboard` and `python -m scripts.prepare`, as a shell starts them."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest
from waiting import PATIENCE, until

from services.settings import ROOT


def environment(folder, **names) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return kept | {"PYTHONPATH": str(ROOT), "DATA_DIR": str(folder / "data"), **names}


def run(folder, module: str, *words: str, **names) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=folder,
        env=environment(folder, **names),
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )


@pytest.fixture
def busy_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_ctrl_c_before_it_is_there_ends_it_without_a_word(tmp_path):
    # In the place of a library, one whose import takes an hour.
    stand_in = "import pathlib, time; pathlib.Path('importing').touch(); time.sleep(3600)"
    (tmp_path / "pandas.py").write_text(stand_in)
    process = subprocess.Popen(
        [sys.executable, "-m", "dashboard"],
        cwd=tmp_path,
        env=environment(tmp_path, PORT=str(free_port())),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    until((tmp_path / "importing").exists)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=PATIENCE) == ("", None)
    assert process.returncode == 130


def test_it_says_where_it_listens_answers_and_ends_cleanly(tmp_path):
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "dashboard"],
        cwd=tmp_path,
        env=environment(tmp_path, PORT=str(port)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline() == f"Dashboard: http://127.0.0.1:{port}\n"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
            assert answer.status == 200
    finally:
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert rest == ""
    assert "Traceback" not in errors


def test_help_is_given_and_what_it_does_not_know_is_refused_without_serving(tmp_path):
    told = run(tmp_path, "dashboard", "--help")
    assert (told.returncode, told.stderr) == (0, "")
    assert "--worker" in told.stdout
    refused = run(tmp_path, "dashboard", "--port", "8051")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "--port" in refused.stderr


def test_a_port_in_use_is_one_sentence(tmp_path, busy_port):
    done = run(tmp_path, "dashboard", PORT=str(busy_port))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"127.0.0.1:{busy_port}" in done.stderr
    assert "PORT=" in done.stderr


@pytest.mark.parametrize(
    ("names", "word"),
    [
        ({"PORT": "eighty"}, "PORT"),
        ({"HOST": "no.such.host.invalid"}, "HOST"),
        ({"DATABASE_URL": "postgresql://ann:secret@127.0.0.1:9/x"}, "does not answer"),
    ],
)
def test_what_is_wrong_at_the_start_is_one_sentence(tmp_path, names, word):
    done = run(tmp_path, "dashboard", **{"PORT": str(free_port()), **names})
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert word in done.stderr
    assert "secret" not in done.stderr


def test_preparing_twice_loads_the_samples_once(tmp_path):
    first, second = run(tmp_path, "scripts.prepare"), run(tmp_path, "scripts.prepare")
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "Sample AAPL: 3,270 bars loaded." in first.stdout
    assert "Sample AAPL: 3,270 bars, stored already." in second.stdout
