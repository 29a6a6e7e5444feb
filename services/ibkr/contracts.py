"""Contracts: how a trader's symbol becomes the broker's question, and what the answers hold."""

import re
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from services.errors import UnknownContract
from services.ibkr.session import Session
from services.ibkr.zones import iana_name

_HOME = {"STK": "SMART", "CASH": "IDEALPRO", "CRYPTO": "PAXOS"}
_PAIRS = {
    "CASH": re.compile(r"([A-Z]{3})[./-]?([A-Z]{3})"),
    "CRYPTO": re.compile(r"([A-Z0-9]{2,10}?)[./-]?(USD|EUR|GBP)"),
}


@dataclass(frozen=True)
class Contract:
    """One tradable thing as the broker describes it; empty strings where it says nothing.

    `exchange` is where bars are asked for, `timezone` an IANA name; hours are the broker's text.
    """

    con_id: int
    symbol: str
    sec_type: str
    exchange: str
    currency: str
    primary_exchange: str = ""
    local_symbol: str = ""
    trading_class: str = ""
    name: str = ""
    industry: str = ""
    category: str = ""
    subcategory: str = ""
    timezone: str = ""
    trading_hours: str = ""
    liquid_hours: str = ""
    min_tick: float | None = None
    multiplier: str = ""
    valid_exchanges: tuple[str, ...] = ()
    expiry: str = ""

    def label(self) -> str:
        """Return a line to choose by, as in 'TSLA · Tesla Inc · NASDAQ · USD'."""
        place = self.primary_exchange or self.exchange
        parts = (self.symbol, self.name, self.expiry, place, self.currency)
        return " · ".join(part for part in parts if part)

    def to_library(self, library: ModuleType) -> Any:
        """Return the library's contract: the number and the exchange say all that is needed."""
        return library.Contract(
            conId=self.con_id,
            symbol=self.symbol,
            secType=self.sec_type,
            exchange=self.exchange,
            currency=self.currency,
        )

    def trades_on(self, exchange: str) -> bool:
        """Tell whether the contract is listed or traded on an exchange."""
        places = (self.exchange, self.primary_exchange, *self.valid_exchanges)
        return exchange.upper() in places

    @classmethod
    def from_match(cls, description: Any) -> "Contract":
        """Take over one match of a search: what to choose by, not yet the details."""
        contract = description.contract
        listed = contract.primaryExchange.split(".", maxsplit=1)[0]  # as in NASDAQ.NMS
        return cls(
            con_id=contract.conId,
            symbol=contract.symbol,
            sec_type=contract.secType,
            exchange=_HOME.get(contract.secType, listed),
            currency=contract.currency,
            primary_exchange=listed,
            name=contract.description,
        )

    @classmethod
    def from_details(cls, details: Any) -> "Contract":
        """Take over the library's contract details."""
        contract = details.contract
        return cls(
            con_id=contract.conId,
            symbol=contract.symbol,
            sec_type=contract.secType,
            exchange=contract.exchange,
            currency=contract.currency,
            primary_exchange=contract.primaryExchange,
            local_symbol=contract.localSymbol,
            trading_class=contract.tradingClass,
            name=details.longName,
            industry=details.industry,
            category=details.category,
            subcategory=details.subcategory,
            timezone=iana_name(details.timeZoneId),
            trading_hours=details.tradingHours,
            liquid_hours=details.liquidHours,
            min_tick=details.minTick or None,
            multiplier=contract.multiplier,
            valid_exchanges=tuple(part for part in details.validExchanges.split(",") if part),
            expiry=contract.lastTradeDateOrContractMonth,
        )


async def find_contracts(
    session: Session,
    symbol: str,
    exchange: str | None,
    currency: str | None,
    sec_type: str,
    con_id: int | None,
    limit: float,
) -> list[Contract]:
    """Return the contracts that fit; raise UnknownContract when none does."""
    if con_id:
        wanted = session.library.Contract(conId=con_id, exchange=exchange or "")
        return _once(await _details(session, wanted, f"the contract {con_id}", limit))
    question = _question(symbol, exchange, currency, sec_type)
    wanted = session.library.Contract(**question)
    if exchange is None or question["exchange"] != "SMART" or exchange.upper() == "SMART":
        return await _details(session, wanted, symbol, limit)
    return await _on_exchange(session, wanted, symbol, exchange, limit)


async def _on_exchange(
    session: Session, wanted: Any, symbol: str, exchange: str, limit: float
) -> list[Contract]:
    """Look for a stock that is routed smartly and trades there, else for one that only does."""
    try:
        found = await _details(session, wanted, symbol, limit)
    except UnknownContract:
        found = []
    if there := [c for c in found if c.primary_exchange == exchange.upper()]:
        return there
    if there := [c for c in found if c.trades_on(exchange)]:
        return there
    wanted.exchange = exchange.upper()
    return await _details(session, wanted, f"{symbol} on {exchange}", limit)


async def _details(session: Session, wanted: Any, subject: str, limit: float) -> list[Contract]:
    def send(number: int) -> None:
        session.client.reqContractDetails(number, wanted)

    answers = await session.ask(send, f"the contract details of {subject}", limit)
    if not answers:
        raise UnknownContract(
            f"The broker knows no contract for {subject}: check symbol, exchange and currency "
            "(delisted symbols are not available)."
        )
    return [Contract.from_details(details) for details in answers]


def _once(found: list[Contract]) -> list[Contract]:
    """Keep one of a contract's many places: the smart router, else the exchange it is listed on."""
    ranked = sorted(found, key=lambda c: (c.exchange != "SMART", c.exchange != c.primary_exchange))
    return ranked[:1]


def _question(
    symbol: str, exchange: str | None, currency: str | None, sec_type: str
) -> dict[str, str]:
    """Translate a trader's symbol: "BRK.B", "EURUSD", "EUR.USD", "BTC-USD"."""
    symbol = "".join(sign for sign in symbol if sign.isprintable()).strip().upper()
    sec_type = sec_type.upper()
    place = _HOME.get(sec_type, "")
    if sec_type == "STK":
        symbol = re.sub(r"(?<=\w)[.](?=\w)", " ", symbol)
    else:
        place = (exchange or place).upper()
    if sec_type in _PAIRS and (pair := _PAIRS[sec_type].fullmatch(symbol)):
        symbol, currency = pair.groups()
    return {
        "symbol": symbol,
        "secType": sec_type,
        "exchange": place,
        "currency": (currency or "").upper(),
    }
