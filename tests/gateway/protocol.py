"""The wire format of TWS: frames of NUL-ended fields behind a length, and every message sent."""

import struct
from dataclasses import dataclass

NEWEST = 176
OLDEST = 157
CONTRACT_FIELDS = 12


def frame(*fields) -> bytes:
    """Encode a message: its length in four bytes, then each field and a NUL."""
    body = "".join(f"{_text(field)}\0" for field in fields).encode()
    return struct.pack(">I", len(body)) + body


def _text(field) -> str:
    if isinstance(field, bool):
        return str(int(field))
    if isinstance(field, float):
        return repr(int(field)) if field.is_integer() and abs(field) < 1e15 else repr(float(field))
    return str(field)


def split_fields(body: bytes) -> list[str]:
    """Decode a frame's body into its fields."""
    return body.decode(errors="backslashreplace").split("\0")[:-1]


@dataclass(frozen=True)
class AskedContract:
    """The contract a client describes in a request, as text."""

    con_id: str
    symbol: str
    sec_type: str
    expiry: str
    strike: str
    right: str
    multiplier: str
    exchange: str
    primary_exchange: str
    currency: str
    local_symbol: str
    trading_class: str


def read_contract(fields: list[str]) -> tuple[AskedContract, list[str]]:
    """Take the twelve fields of a contract off the front; return it and the rest."""
    return AskedContract(*fields[:CONTRACT_FIELDS]), fields[CONTRACT_FIELDS:]


def agreed_version(hello: str) -> int:
    """Choose the protocol version from a client's `v157..176`."""
    span = hello.removeprefix("v").split(" ")[0]
    return min(int(span.split("..")[-1]), NEWEST)


def greeting(version: int, now) -> bytes:
    return frame(version, now.strftime("%Y%m%d %H:%M:%S EST"))


def managed_accounts(account: str) -> bytes:
    return frame(15, 1, account)


def next_valid_id(number: int) -> bytes:
    return frame(9, 1, number)


def error(version: int, req_id: int, code: int, text: str) -> bytes:
    return frame(4, 2, req_id, code, text, *([""] if version >= 166 else []))


def contract_details(version: int, req_id: int, instrument, exchange: str) -> bytes:
    i = instrument
    head = [10] if version >= 164 else [10, 8]
    first = [req_id, i.symbol, i.sec_type, "", 0, "", exchange, i.currency, i.local_symbol]
    first += [i.trading_class, i.trading_class, i.con_id, i.min_tick]
    first += [100] if version < 164 else []
    second = ["", "ACTIVETIM,LMT,MKT,STP", i.valid_exchanges, 1, 0, i.long_name]
    second += [i.primary_exchange, "", i.industry, i.category, i.subcategory, i.timezone]
    second += [i.trading_hours, i.liquid_hours, "", 0]
    ids = [1, "ISIN", i.isin] if i.isin else [0]
    tail = [1, "", "", "26", "", i.stock_type]
    tail += [1] if version == 163 else []
    tail += [1, 1, 100] if version >= 164 else []
    return frame(*head, *first, *second, *ids, *tail)


def contract_details_end(req_id: int) -> bytes:
    return frame(52, 1, req_id)


def historical_data(req_id: int, start: str, end: str, bars: list[tuple]) -> bytes:
    """Encode bars of (date, open, high, low, close, volume, average, count): data and end."""
    return frame(17, req_id, start, end, len(bars), *(value for bar in bars for value in bar))


def historical_update(req_id: int, bar: tuple) -> bytes:
    """Encode a changed last bar; the order of its fields is not that of `historical_data`."""
    date, first, high, low, last, volume, average, count = bar
    return frame(90, req_id, count, date, first, last, high, low, average, volume)


def head_timestamp(req_id: int, text: str) -> bytes:
    return frame(88, req_id, text)


def current_time(epoch: int) -> bytes:
    return frame(49, 1, epoch)


def symbol_samples(version: int, req_id: int, instruments: list) -> bytes:
    fields = []
    for i in instruments:
        fields += [i.con_id, i.symbol, i.sec_type, i.primary_exchange, i.currency, 0]
        fields += [i.long_name, ""] if version >= 176 else []
    return frame(79, req_id, len(instruments), *fields)


def position(account: str, instrument, size: float, average_cost: float) -> bytes:
    i = instrument
    contract = [i.con_id, i.symbol, i.sec_type, "", 0, "", "", i.primary_exchange, i.currency]
    return frame(61, 3, account, *contract, i.local_symbol, i.trading_class, size, average_cost)


def position_end() -> bytes:
    return frame(62, 1)


def account_value(tag: str, value: str, currency: str, account: str) -> bytes:
    return frame(6, 2, tag, value, currency, account)


def account_time(text: str) -> bytes:
    return frame(8, 1, text)


def account_download_end(account: str) -> bytes:
    return frame(54, 1, account)


def account_update_multi(req_id: int, account: str, tag: str, value: str, currency: str) -> bytes:
    return frame(73, 1, req_id, account, "", tag, value, currency)


def account_update_multi_end(req_id: int) -> bytes:
    return frame(74, 1, req_id)


def account_summary(req_id: int, account: str, tag: str, value: str, currency: str) -> bytes:
    return frame(63, 1, req_id, account, tag, value, currency)


def account_summary_end(req_id: int) -> bytes:
    return frame(64, 1, req_id)


def open_order_end() -> bytes:
    return frame(53, 1)


def completed_orders_end() -> bytes:
    return frame(102)


def executions_end(req_id: int) -> bytes:
    return frame(55, 1, req_id)


def user_info(req_id: int) -> bytes:
    return frame(107, req_id, "")
