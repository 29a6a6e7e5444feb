"""Interactive Brokers: the one room that knows the broker's client library."""

from services.ibkr.contracts import Contract
from services.ibkr.gateway import Gateway
from services.ibkr.status import ConnectionInfo

__all__ = ["ConnectionInfo", "Contract", "Gateway"]
