"""Finds the broker's contract for a symbol, and fills the instrument with what it says."""

from typing import Protocol

from db.session import Database
from services.errors import AmbiguousContract, InvalidParams, UnknownContract
from services.ibkr.contracts import Contract
from services.instruments import Instrument, add_instrument, normalise_symbol

SEC_TYPES = {
    "equity": "STK",
    "crypto": "CRYPTO",
    "forex": "CASH",
    "index": "IND",
    "future": "CONTFUT",
}
ASSET_CLASSES = {code: name for name, code in SEC_TYPES.items()} | {"FUT": "future"}
_LISTED = 6  # candidates that a sentence names


class Finder(Protocol):
    """What is needed of a gateway to find contracts."""

    def contracts(self, symbol: str, **how) -> list[Contract]:
        """Return the contracts of a symbol; raise UnknownContract when there is none."""


def check_asset_class(name: str) -> str:
    """Return the name unchanged; raise InvalidParams when the broker is not asked for such."""
    if name in SEC_TYPES:
        return name
    raise InvalidParams(
        f'Unknown asset class "{name}": use one of {", ".join(SEC_TYPES)}.', field="asset_class"
    )


def find_contract(
    gateway: Finder,
    known: Instrument | None,
    symbol: str,
    *,
    exchange: str | None = None,
    currency: str | None = None,
    asset_class: str | None = None,
) -> Contract:
    """Return the one contract that is meant; raise UnknownContract or AmbiguousContract.

    What is stored of the instrument counts where nothing else is said.
    """
    if known and known.con_id and not (exchange or currency or asset_class):
        found = gateway.contracts(symbol, con_id=known.con_id, exchange=known.exchange)
        return _only_one(found, symbol)
    currency = currency or (known.currency if known else None)
    kinds = [asset_class or (known.asset_class if known else None)]
    if kinds == [None]:
        kinds = _likely(symbol)
    for kind in kinds:
        try:
            found = gateway.contracts(
                symbol,
                exchange=exchange,
                currency=currency,
                sec_type=SEC_TYPES[check_asset_class(kind)],
            )
        except UnknownContract:
            if kind == kinds[-1]:
                raise
            continue
        return _only_one(found, symbol)
    raise AssertionError("no kind of contract was tried")


def store_contract(
    database: Database, symbol: str, contract: Contract, known: Instrument | None
) -> Instrument:
    """Fill the instrument of that symbol; raise InvalidParams when it is another contract's."""
    if known and known.con_id not in (None, contract.con_id):
        raise InvalidParams(
            f"{symbol} is stored already as another contract ({known.name or symbol}, "
            f"{known.currency}, id {known.con_id}): store {contract.label()} under a name of its "
            f"own with --as {symbol}.{contract.currency}.",
            field="symbol",
        )
    return add_instrument(
        database,
        normalise_symbol(symbol),
        name=contract.name[:200] or None,
        asset_class=ASSET_CLASSES.get(contract.sec_type),
        exchange=contract.exchange[:32] or None,
        currency=contract.currency or None,
        timezone=contract.timezone or None,
        con_id=contract.con_id,
        tick_size=contract.min_tick or None,
        industry=contract.industry[:100] or None,
        sector=contract.category[:100] or None,
        contract_spec=_spec(contract),
    )


def _spec(contract: Contract) -> dict:
    """Return what the broker says of a contract and no column holds."""
    return {
        "symbol": contract.symbol,
        "sec_type": contract.sec_type,
        "primary_exchange": contract.primary_exchange,
        "local_symbol": contract.local_symbol,
        "trading_class": contract.trading_class,
        "industry": contract.industry,
        "category": contract.category,
        "subcategory": contract.subcategory,
        "trading_hours": contract.trading_hours,
        "liquid_hours": contract.liquid_hours,
        "valid_exchanges": contract.valid_exchanges,
        "multiplier": contract.multiplier,
    }


def _only_one(found: list[Contract], symbol: str) -> Contract:
    distinct = list({contract.con_id: contract for contract in found}.values())
    if not distinct:
        raise UnknownContract(f'Interactive Brokers knows no "{symbol}": check how it is written.')
    if len(distinct) == 1:
        return distinct[0]
    listed = "; ".join(contract.label() for contract in distinct[:_LISTED])
    more = f"; and {len(distinct) - _LISTED} more" if len(distinct) > _LISTED else ""
    raise AmbiguousContract(
        f"{symbol} is the symbol of {len(distinct)} contracts ({listed}{more}): choose one by its "
        "exchange and currency, as in --exchange LSE --currency GBP.",
        tuple(distinct),
    )


def _likely(symbol: str) -> list[str]:
    """Return the kinds of contract that a symbol may be, the likeliest first."""
    letters = symbol.replace(".", "").replace("/", "")
    if len(letters) == 6 and letters.isalpha():
        return ["forex", "equity"]
    return ["equity", "crypto"]
