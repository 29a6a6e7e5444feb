"""Asks the broker what a symbol or a name may mean, for a person who waits."""

from dataclasses import dataclass

from services.ibkr import Gateway
from services.ibkr.contracts import Contract
from services.ingest.broker_contract import ASSET_CLASSES
from services.settings import Settings

# Well apart from the worker's ids. The search has a connection of its own for a moment: as a job
# it would wait behind a backfill of hours, and it takes nothing from the budget of history.
CLIENT_ID_SHIFT = 20
PATIENCE = 8.0  # seconds
_MOST = 16


@dataclass(frozen=True)
class Candidate:
    """A contract to choose: `exchange` is what tells it from others of its name."""

    symbol: str
    name: str
    exchange: str
    currency: str
    sec_type: str
    asset_class: str

    @classmethod
    def of(cls, contract: Contract) -> "Candidate":
        """Take over what a person chooses by."""
        listed = contract.sec_type in ("STK", "IND")
        place = contract.primary_exchange if listed else ""
        return cls(
            contract.symbol,
            contract.name,
            place or contract.exchange,
            contract.currency,
            contract.sec_type,
            ASSET_CLASSES[contract.sec_type],
        )


def search_broker(settings: Settings, text: str) -> list[Candidate]:
    """Return the contracts that a symbol or a name may mean, likeliest first.

    Raises a BrokerError: at the latest when PATIENCE is over for one of a few questions.
    """
    bounded = settings.model_copy(update={"ib_timeout": min(settings.ib_timeout, PATIENCE)})
    with Gateway(bounded, client_id=settings.ib_client_id + CLIENT_ID_SHIFT) as gateway:
        found = gateway.search(text)
    known = [Candidate.of(c) for c in found if c.sec_type in ASSET_CLASSES]
    return list(dict.fromkeys(known))[:_MOST]


def exact(candidates: list[Candidate], symbol: str) -> list[Candidate]:
    """Return the candidates of that very symbol."""
    wanted = _plain(symbol)
    return [c for c in candidates if wanted in (_plain(c.symbol), _plain(c.symbol + c.currency))]


def _plain(symbol: str) -> str:
    return "".join(sign for sign in symbol.upper() if sign.isalnum())
