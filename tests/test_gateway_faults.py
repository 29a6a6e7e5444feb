"""Each fault of the stand-in gateway does what its name says, seen from the client's side."""

import asyncio
import socket

import pandas as pd
import pytest
from broker import let_pass
from gateway import Fault, Market, StandIn
from gateway.clients import LIBRARY, PATIENCE, Bare, history, refusal, stock, talk
from waiting import until

CLOCK = "2013-03-02 12:00"


@pytest.fixture(scope="module")
def market():
    return Market(now=pd.Timestamp(CLOCK, tz="UTC"))


@pytest.fixture
def gw(market):
    with StandIn(market, CLOCK) as gateway:
        yield gateway


@pytest.fixture
def client(gw):
    with Bare(gw.port) as bare:
        yield bare.start()


async def failure(coroutine, timeout: float) -> str:
    """Return the name of what a request ends with."""
    try:
        await asyncio.wait_for(coroutine, timeout)
    except Exception as error:  # noqa: BLE001
        return type(error).__name__
    return "answered"


def decode_errors(caplog) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.name == f"{LIBRARY}.Decoder"]


def test_a_gateway_that_does_not_listen_refuses_and_listens_again(gw):
    gw.stop_listening()
    with pytest.raises(ConnectionRefusedError):
        Bare(gw.port)
    gw.listen_again()
    with Bare(gw.port) as client:
        assert client.start()


@pytest.mark.parametrize(
    ("kind", "bytes_seen"),
    [("close", b""), ("http", b"HTTP/1.1 400 Bad Request"), ("half_greeting", b"\0\0\0\x1a176")],
)
def test_a_greeting_goes_wrong_once(gw, kind, bytes_seen):
    gw.faults.add(Fault("connect", kind))
    with Bare(gw.port) as client:
        assert client.read(len(bytes_seen)) == bytes_seen
        assert len(client.read(1000)) < 30
    with Bare(gw.port) as client:
        assert client.start()


def test_a_greeting_hangs(gw):
    gw.faults.add(Fault("connect", "hang"))
    with Bare(gw.port) as client:
        assert client.is_silent()


def test_a_session_is_not_started(gw):
    for kind, outcome in (
        ("hang", Bare.is_silent),
        ("close", lambda client: client.read(1) == b""),
    ):
        gw.faults.add(Fault("start", kind))
        with Bare(gw.port) as client:
            client.read_frame()
            client.send(71, 2, 1, "")
            assert outcome(client)


def test_a_client_id_is_taken_until_its_owner_leaves(gw):
    with Bare(gw.port, client_id=5) as first:
        first.start()
        with Bare(gw.port, client_id=5) as second:
            second.read_frame()
            second.send(71, 2, 5, "")
            assert second.read_frame()[3] == "326"
            assert second.read_frame() == []
    until(lambda: not gw.is_taken(5))
    with Bare(gw.port, client_id=5) as third:
        assert third.start()


def test_a_client_id_is_said_to_be_taken(gw):
    gw.faults.add(Fault("start", "client_id_in_use"))
    with Bare(gw.port) as client:
        client.read_frame()
        client.send(71, 2, 1, "")
        assert client.read_frame()[3] == "326"


@pytest.mark.parametrize("on", ["details", "history", "head_time", "current_time"])
def test_a_request_is_never_answered_and_the_next_one_is(gw, on):
    gw.faults.add(Fault(on, "never"))

    async def work(ib):
        requests = {
            "details": lambda: ib.reqContractDetailsAsync(stock("IBM")),
            "history": lambda: history(stock("IBM"))(ib),
            "head_time": lambda: ib.reqHeadTimeStampAsync(stock("IBM"), "TRADES", True, 2),
            "current_time": ib.reqCurrentTimeAsync,
        }
        return [await failure(requests[on](), seconds) for seconds in (0.2, PATIENCE)]

    assert talk(gw, work) == ["TimeoutError", "answered"]


def test_a_request_of_the_connection_is_never_answered(gw):
    gw.faults.add(Fault("orders", "never"))
    with Bare(gw.port) as client:
        client.start()
        client.send(5, 1)
        assert client.is_silent()
        client.send(5, 1)
        assert client.read_frame() == ["53", "1"]


def test_the_connection_breaks_instead_of_an_answer(gw, client):
    gw.faults.add(Fault("history", "drop"))
    client.ask_history()
    assert client.read(10) == b""


def test_the_connection_breaks_in_the_middle_of_a_frame(gw, client):
    client.ask_history()
    whole = len("\0".join(client.read_frame())) + 5
    gw.faults.add(Fault("history", "drop_mid_frame"))
    client.ask_history()
    assert 4 < len(client.read(10_000)) < whole


def test_the_library_ends_its_request_when_the_connection_breaks(gw):
    gw.faults.add(Fault("history", "drop_mid_frame"))
    assert talk(gw, lambda ib: failure(history(stock("IBM"))(ib), PATIENCE)) == "ConnectionError"


@pytest.mark.parametrize(
    ("code", "text"),
    [(162, "HMDS query returned no data"), (162, "pacing violation"), (321, "x"), (366, "y")],
)
def test_an_error_is_answered_for_one_symbol_so_many_times(gw, code, text):
    gw.faults.add(Fault("history", "error", symbol="IBM", times=2, code=code, text=text))
    assert talk(gw, history(stock("GOOG")))
    assert refusal(gw, history(stock("IBM"))) == code
    assert refusal(gw, history(stock("IBM"))) == code
    assert talk(gw, history(stock("IBM")))
    assert len(gw.faults) == 0


def test_a_fault_can_let_the_first_requests_pass(gw):
    gw.faults.add(Fault("history", "error", skip=1))
    assert talk(gw, history(stock("IBM")))
    assert refusal(gw, history(stock("IBM"))) == 162


@pytest.mark.parametrize(("kept", "code"), [(True, 1102), (False, 1101)])
def test_the_line_upstream_is_lost_and_comes_back(gw, kept, code):
    gw.faults.add(Fault("history", "upstream_lost", data_kept=kept))

    async def work(ib):
        return len(await history(stock("IBM"))(ib)), [c for c in ib.codes if c < 2000]

    assert talk(gw, work) == (19, [1100, code])


@pytest.mark.parametrize("kind", ["bad_float", "bad_count", "bad_date", "truncated"])
def test_bars_cannot_be_decoded(gw, kind, caplog):
    gw.faults.add(Fault("history", kind))

    async def work(ib):
        answer = asyncio.ensure_future(history(stock("IBM"))(ib))
        while not decode_errors(caplog):
            await asyncio.sleep(0.01)
        await ib.reqCurrentTimeAsync()
        return answer.done(), answer.cancel()

    assert talk(gw, work) == (False, True)


def test_bars_are_rewritten(gw):
    gw.faults.add(Fault("history", "rewrite", rewrite=lambda bars: [bars[1], bars[0], bars[0]]))
    first, second, third = talk(gw, history(stock("IBM")))
    assert first.date > second.date == third.date


def test_prices_that_are_no_prices_arrive(gw):
    values = (float("nan"), 0.0, -1.0, 1e308)
    gw.faults.add(
        Fault("history", "rewrite", rewrite=lambda bars: [(*b[:1], *values, *b[5:]) for b in bars])
    )
    bar = talk(gw, history(stock("IBM")))[0]
    assert bar.open != bar.open
    assert (bar.high, bar.low, bar.close) == values[1:]


def test_there_are_no_bars(gw):
    gw.faults.add(Fault("history", "empty"))
    assert len(talk(gw, history(stock("IBM")))) == 0


@pytest.mark.parametrize(
    ("kind", "bytes_seen"),
    [
        ("unknown_message", b"\x00\x00\x00\x0a999\x00"),
        ("zero_frame", b"\x00\x00\x00\x00"),
        ("huge_prefix", b"\x7f\xff\xff\xff"),
        ("garbage", b"\x80\x81\x82\x83"),
    ],
)
def test_noise_stands_before_the_answer(gw, client, kind, bytes_seen):
    gw.faults.add(Fault("history", kind))
    client.ask_history()
    assert client.read(len(bytes_seen)) == bytes_seen
    rest = client.read(300)
    assert b"17\x001\x00" in rest


def test_the_answer_is_late(gw, client):
    gw.faults.add(Fault("history", "late", seconds=600))
    client.ask_history()
    assert client.is_silent(0.1)
    client.ask_history("GOOG", req_id=2)
    assert client.read_frame()[1] == "2"
    let_pass(gw, 600)
    assert client.read_frame()[1] == "1"


def test_a_restart_drops_refuses_and_holds_the_client_id(gw):
    with Bare(gw.port, client_id=3) as client:
        client.start()
        gw.restart(refuse=600, linger=600)
        assert client.read_frame() == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", gw.port), timeout=PATIENCE)
    let_pass(gw, 600)
    until(lambda: _greets(gw.port))
    assert gw.is_taken(3)
    let_pass(gw, 600)
    until(lambda: not gw.is_taken(3))


def _greets(port: int) -> bool:
    try:
        with Bare(port, client_id=99) as client:
            return bool(client.start())
    except OSError:
        return False


def test_a_restart_comes_in_the_middle_of_a_request(gw, client):
    gw.faults.add(Fault("history", "restart", seconds=0.1))
    client.ask_history()
    assert client.read_frame() == []
    until(lambda: _greets(gw.port))


def test_a_split_rewrites_the_past(market):
    with StandIn(Market(now=market.anchor), CLOCK) as gw:
        before = talk(gw, history(stock("IBM")))
        gw.market.split("IBM", "2013-02-20", 2.0)
        after = talk(gw, history(stock("IBM")))
    for old, new in zip(before, after, strict=True):
        factor = 2 if str(old.date) < "2013-02-20" else 1
        assert (new.close, new.volume) == (old.close / factor, old.volume * factor)


def test_a_wedged_gateway_answers_nothing_on_an_open_connection(gw, client):
    gw.wedge()
    client.send(49, 1)
    assert client.is_silent()
    gw.wedge(False)
    client.send(49, 1)
    assert client.read_frame()[0] == "49"


def test_a_request_wedges_its_connection_only(gw, client):
    gw.faults.add(Fault("history", "wedge"))
    client.ask_history()
    client.send(49, 1)
    assert client.is_silent()
    assert _greets(gw.port)


def test_the_clock_is_skewed(market):
    with StandIn(market) as gw:
        gw.skew = pd.Timedelta(minutes=5)
        before = pd.Timestamp.now("UTC").floor("s")
        told = talk(gw, lambda ib: ib.reqCurrentTimeAsync())
        after = pd.Timestamp.now("UTC")
    assert before <= told - pd.Timedelta(minutes=5) <= after


def test_a_message_goes_to_every_client(gw, client):
    gw.send_to_all(2103, "Market data farm connection is broken:usfarm")
    assert client.read_frame()[3] == "2103"


def test_a_fault_that_cannot_happen_is_refused():
    with pytest.raises(ValueError, match="No fault"):
        Fault("history", "explode")
    with pytest.raises(ValueError, match="cannot happen"):
        Fault("history", "http")
