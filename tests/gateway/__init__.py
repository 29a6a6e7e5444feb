"""A stand-in for TWS and IB Gateway: the real wire protocol, real bars, faults on demand."""

from .faults import Fault
from .market import Market
from .server import Received, StandIn

__all__ = ["Fault", "Market", "Received", "StandIn"]
