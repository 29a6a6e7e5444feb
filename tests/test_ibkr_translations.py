"""What the adapter translates without a connection: codes, zones, symbols, back-off, raw bytes."""

import struct
import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from services.errors import (
    AmbiguousContract,
    ConnectionLost,
    EmptyAnswer,
    NotSubscribed,
    PacingViolation,
    RequestRefused,
    RequestTimedOut,
    UnknownContract,
)
from services.ibkr.backoff import Backoff
from services.ibkr.framing import Framing
from services.ibkr.refusals import is_information, translate
from services.ibkr.status import Health
from services.ibkr.zones import iana_name

ROOT = Path(__file__).parent.parent
SERVICE = "Historical Market Data Service error message:"


@pytest.mark.parametrize(
    ("code", "text", "error"),
    [
        (162, SERVICE + "HMDS query returned no data: AAPL@SMART Trades", EmptyAnswer),
        (162, SERVICE + "No historical market data for ABC/STK@SMART Last 60", EmptyAnswer),
        (162, SERVICE + "No head time stamp", EmptyAnswer),
        (162, SERVICE + "No data", EmptyAnswer),
        (162, "There is no data for the requested period", EmptyAnswer),
        (162, SERVICE + "Historical data request pacing violation", PacingViolation),
        (162, SERVICE + "Violation of the pacing rules", PacingViolation),
        (162, SERVICE + "API historical data query cancelled: 5", RequestRefused),
        (162, SERVICE + "No market data permissions for NASDAQ STK", NotSubscribed),
        (
            162,
            SERVICE + "Trading TWS session is connected from a different IP address",
            NotSubscribed,
        ),
        (162, SERVICE + "HMDS server disconnect occurred. Attempting reconnection", ConnectionLost),
        (162, SERVICE + "HMDS query timed out", RequestTimedOut),
        (162, SERVICE + "No data of type EODChart is available for 'IDEALPRO'", RequestRefused),
        (162, SERVICE + "Time length exceed max.", RequestRefused),
        (100, "Max rate of messages per second has been exceeded.", PacingViolation),
        (200, "No security definition has been found for the request", UnknownContract),
        (200, "The contract description specified for BHP is ambiguous", AmbiguousContract),
        (321, "Error validating request: Invalid step", RequestRefused),
        (354, "Requested market data is not subscribed.", NotSubscribed),
        (10197, "No market data during competing live session", NotSubscribed),
        (504, "Not connected", ConnectionLost),
        (1101, "Connectivity restored, data lost", ConnectionLost),
    ],
)
def test_each_refusal_is_an_error_of_its_own_that_quotes_the_broker(code, text, error):
    found = translate(code, text)
    assert type(found) is error
    assert f"The broker says: {text} (code {code})" in str(found)


def test_a_refusal_keeps_the_brokers_code():
    assert translate(321, "Invalid step").code == 321


@pytest.mark.parametrize("code", [2103, 2104, 2106, 2107, 2108, 2158, 2174, 1100, 1102, 10167])
def test_messages_that_only_inform_end_no_request(code):
    assert is_information(code)


@pytest.mark.parametrize(
    ("broker", "name"),
    [
        ("US/Eastern", "America/New_York"),
        ("EST", "America/New_York"),
        ("EST (Eastern Standard Time)", "America/New_York"),
        ("EST5EDT", "America/New_York"),
        ("MET", "Europe/Berlin"),
        ("GB-Eire", "Europe/London"),
        ("Europe/Zurich", "Europe/Zurich"),
        ("Japan", "Asia/Tokyo"),
    ],
)
def test_the_brokers_time_zones_get_their_iana_names(broker, name):
    assert iana_name(broker) == name
    assert ZoneInfo(name)


@pytest.mark.parametrize("zone", ["", "Moon/Tranquility", "../etc", "XYZ (Nowhere)"])
def test_an_unknown_time_zone_stays_empty(zone):
    assert iana_name(zone) == ""


def test_backing_off_doubles_from_one_second_to_a_minute_and_begins_anew():
    backoff = Backoff(chance=lambda: 1.0)
    assert [backoff.next() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    backoff.reset()
    assert backoff.next() == 1


def test_backing_off_has_a_jitter_of_half_a_step():
    assert Backoff(chance=lambda: 0.0).next() == 0.5
    assert Backoff(chance=lambda: 0.5).next() == 0.75


def framed(*lengths: int) -> bytes:
    return b"".join(struct.pack(">I", n) + b"x" * n for n in lengths)


@pytest.mark.parametrize("piece", [1, 3, 4, 7, 1000])
def test_well_formed_frames_pass_however_they_are_cut(piece):
    stream, framing = framed(5, 0, 300, 4, 0, 0, 1), Framing()
    pieces = [stream[at : at + piece] for at in range(0, len(stream), piece)]
    assert [framing.broken_by(p) for p in pieces] == [None] * len(pieces)


@pytest.mark.parametrize("piece", [1, 3, 4, 7, 1000])
def test_a_length_prefix_of_two_gigabytes_is_seen_however_it_is_cut(piece):
    stream, framing = framed(5, 0, 300) + b"\x7f\xff\xff\xff", Framing()
    pieces = [stream[at : at + piece] for at in range(0, len(stream), piece)]
    assert [framing.broken_by(p) for p in pieces][-1] == b"\x7f\xff\xff\xff"


def test_the_farms_and_the_upstream_line_are_remembered():
    health = Health()
    health.hear(2104, "Market data farm connection is OK:usfarm.nj")
    health.hear(2106, "HMDS data farm connection is OK:ushmds")
    health.hear(2105, "HMDS data farm connection is broken:ushmds")
    health.hear(
        2108,
        "Market data farm connection is inactive but should be available upon demand.usfarm",
    )
    assert health.farms == {"usfarm.nj": "ok", "ushmds": "broken", "usfarm": "inactive"}
    health.hear(1100, "Connectivity between IB and TWS has been lost.")
    assert not health.upstream
    health.hear(1102, "Connectivity restored, data maintained.")
    assert health.upstream


def test_importing_the_adapter_imports_no_client_library():
    code = (
        "import sys, services.ibkr; libraries = {'ib_insync', 'ib_async', 'eventkit'}; "
        "sys.exit(bool(libraries & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
