"""The answer to each kind of request, faults apart."""

from . import protocol
from .history import Refused, answer_history, one_instrument, read_history

SUMMARY = (("NetLiquidation", "1000000", "USD"), ("TotalCashValue", "1000000", "USD"))
KIND_OF = {
    "1": "quotes", "3": "order", "5": "orders", "6": "account", "7": "executions", "8": "ids",
    "9": "details", "16": "orders", "17": "accounts", "20": "history", "25": "cancel_history",
    "49": "current_time", "61": "positions", "62": "account_summary", "76": "account_multi",
    "81": "search", "87": "head_time", "99": "completed_orders", "104": "user_info",
}  # fmt: skip


def details(connection, fields: list[str]) -> bytes:
    asked, _ = protocol.read_contract(fields[3:])
    if not asked.sec_type and asked.con_id in ("", "0"):
        raise Refused(
            321, "Error validating request.-'bw' : cause - Please enter a valid security type"
        )
    found = connection.gateway.market.find(asked)
    if not found:
        raise Refused(200, "No security definition has been found for the request")
    req_id = int(fields[2])
    frames = [
        protocol.contract_details(
            connection.version, req_id, i, asked.exchange or i.valid_exchanges.split(",")[0]
        )
        for i in found
    ]
    return b"".join(frames) + protocol.contract_details_end(req_id)


def history(connection, fields: list[str]) -> tuple[str, str, list[tuple]]:
    gateway = connection.gateway
    if gateway.enforce_pacing and gateway.broke_pacing(fields):
        raise Refused(
            162,
            "Historical Market Data Service error message:Historical data request pacing violation",
        )
    return answer_history(
        gateway.market, read_history(fields[2:]), gateway.now(), conservative=gateway.conservative
    )


def cancel_history(connection, fields: list[str]) -> bytes:
    req_id = int(fields[2])
    task = connection.open.pop(req_id, None)
    if task is None:
        raise Refused(366, f"No historical data query found for ticker id:{req_id}")
    task.cancel()
    raise Refused(
        162,
        "Historical Market Data Service error message:API historical data query cancelled: "
        f"{req_id}",
    )


def head_time(connection, fields: list[str]) -> bytes:
    market = connection.gateway.market
    asked, rest = protocol.read_contract(fields[2:])
    _, rth, _, date_format = rest[:4]
    instrument = one_instrument(market, asked)
    first = market.first_time(instrument, rth == "1")
    text = str(int(first.timestamp()))
    if date_format != "2":
        text = f"{first:%Y%m%d-%H:%M:%S}"
    return protocol.head_timestamp(int(fields[1]), text)


def search(connection, fields: list[str]) -> bytes:
    found = connection.gateway.market.search(fields[2])
    return protocol.symbol_samples(connection.version, int(fields[1]), found)


def current_time(connection, _fields) -> bytes:
    return protocol.current_time(int(connection.gateway.now().timestamp()))


def account(connection, fields: list[str]) -> bytes:
    name = fields[3] or connection.gateway.account
    frames = [protocol.account_value(*value, name) for value in SUMMARY]
    clock = protocol.account_time(f"{connection.gateway.now().tz_convert('US/Eastern'):%H:%M}")
    return b"".join(frames) + clock + protocol.account_download_end(name)


def account_multi(connection, fields: list[str]) -> bytes:
    req_id, name = int(fields[2]), fields[3] or connection.gateway.account
    frames = [protocol.account_update_multi(req_id, name, *value) for value in SUMMARY]
    return b"".join(frames) + protocol.account_update_multi_end(req_id)


def account_summary(connection, fields: list[str]) -> bytes:
    req_id, name = int(fields[2]), connection.gateway.account
    frames = [protocol.account_summary(req_id, name, *value) for value in SUMMARY]
    return b"".join(frames) + protocol.account_summary_end(req_id)


def order(_connection, _fields) -> bytes:
    raise Refused(201, "Order rejected - reason:This stand-in gateway takes no orders.")


def quotes(_connection, _fields) -> bytes:
    raise Refused(354, "Requested market data is not subscribed.")


ANSWERS = {
    "account": account,
    "account_multi": account_multi,
    "account_summary": account_summary,
    "accounts": lambda connection, _: protocol.managed_accounts(connection.gateway.account),
    "cancel_history": cancel_history,
    "completed_orders": lambda *_: protocol.completed_orders_end(),
    "current_time": current_time,
    "details": details,
    "executions": lambda _, fields: protocol.executions_end(int(fields[2])),
    "head_time": head_time,
    "history": history,
    "ids": lambda connection, _: protocol.next_valid_id(next(connection.gateway.order_ids)),
    "order": order,
    "orders": lambda *_: protocol.open_order_end(),
    "positions": lambda *_: protocol.position_end(),
    "quotes": quotes,
    "search": search,
    "user_info": lambda _, fields: protocol.user_info(int(fields[1])),
}
