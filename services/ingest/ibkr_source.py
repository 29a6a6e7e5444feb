"""The source `ibkr`: bars from Interactive Brokers, complete, in order, and kept up to date."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd

from services.calendars import calendar_of
from services.errors import InvalidParams, NoBars
from services.ibkr import Gateway
from services.ibkr.contracts import Contract
from services.ingest.backfill import bring_up_to_date, fetch_span_again
from services.ingest.broker_contract import find_contract, store_contract
from services.ingest.broker_history import BrokerHistory
from services.ingest.fetching import SOURCE, Fetching, Tally
from services.ingest.pacing import PacingBudget
from services.ingest.pipeline import LISTED, IngestReport, RejectedRow
from services.ingest.request import IngestRequest
from services.ingest.turns import turn_at
from services.instruments import Instrument, normalise_symbol, stored_instrument
from services.progress import Progress, Report, silent
from services.quality import store_coverage
from services.series import Series, series_of
from services.timespan import Duration, check_resolution
from services.workspace import Workspace

DEFAULT_DURATION = "1 Y"
# What the broker's prices of a kind of contract are adjusted for; None where it does not say.
_ADJUSTMENT = {"STK": "split", "CASH": "none", "CRYPTO": "none", "IND": "none"}
_WITH_HOURS = ("STK", "IND", "FUT", "CONTFUT")

OpenGateway = Callable[..., Any]


def ingest_ibkr(
    workspace: Workspace,
    request: IngestRequest,
    report: Report = silent,
    *,
    open_gateway: OpenGateway = Gateway,
) -> IngestReport:
    """Bring a series from the broker: the wanted span, and all from there to now.

    Without a duration a stored series is brought up to date; a new one gets a year. Raises
    InvalidParams, NoBars or a BrokerError; what was stored until then stays.
    """
    symbol = normalise_symbol(request.symbol)
    check_resolution(request.resolution)
    duration = Duration.parse(request.duration) if request.duration else None
    with _fetching(workspace, request, symbol, report, open_gateway) as fetching:
        if duration is None and fetching.stored() is None:
            duration = Duration.parse(DEFAULT_DURATION)
        now = fetching.history.now()
        bring_up_to_date(fetching, duration.before(now) if duration else None)
    return _reported(fetching)


def update_series(
    workspace: Workspace,
    symbol: str,
    resolution: str,
    report: Report = silent,
    *,
    open_gateway: OpenGateway = Gateway,
) -> IngestReport:
    """Bring a stored series of the broker's up to now; raises as ingest_ibkr does."""
    _check_ours(workspace, symbol, resolution)
    request = IngestRequest(symbol, resolution)
    return ingest_ibkr(workspace, request, report, open_gateway=open_gateway)


def refetch(
    workspace: Workspace,
    symbol: str,
    resolution: str,
    start: pd.Timestamp,
    end: pd.Timestamp,
    report: Report = silent,
    *,
    open_gateway: OpenGateway = Gateway,
) -> IngestReport:
    """Fetch the bars from `start` to `end` of a stored series once more."""
    _check_ours(workspace, symbol, resolution)
    request = IngestRequest(symbol, resolution)
    with _fetching(workspace, request, normalise_symbol(symbol), report, open_gateway) as fetching:
        fetch_span_again(fetching, start, end)
    return _reported(fetching)


@contextmanager
def _fetching(
    workspace: Workspace,
    request: IngestRequest,
    symbol: str,
    report: Report,
    open_gateway: OpenGateway,
) -> Iterator[Fetching]:
    """Wait for the series, connect, fill the instrument, and be ready to fetch."""
    database, settings = workspace.database, workspace.settings
    name = normalise_symbol(request.name_as) if request.name_as else symbol
    with (
        turn_at(database, name, request.resolution, report),
        open_gateway(settings, client_id=request.client_id) as gateway,
    ):
        report(Progress(0, 0, f"connecting to Interactive Brokers for {symbol}"))
        gateway.connect()
        known = stored_instrument(database, name)
        contract = find_contract(
            gateway,
            known if _is_meant(known, symbol) else None,
            _broker_symbol(known, symbol),
            exchange=request.exchange,
            currency=request.currency,
            asset_class=request.asset_class,
        )
        instrument = store_contract(database, name, contract, known)
        stored = series_of(database, name, request.resolution)
        history = BrokerHistory(
            gateway,
            contract,
            request.resolution,
            _regular_hours(request, stored, contract),
            PacingBudget(database),
            settings.ib_timeout,
        )
        yield Fetching(
            database,
            name,
            history,
            timezone=instrument.timezone or "UTC",
            adjustment=_ADJUSTMENT.get(contract.sec_type),
            report=report,
            calendar=calendar_of(instrument),
        )


def _broker_symbol(known: Instrument | None, symbol: str) -> str:
    """Return the broker's own name of an instrument that is stored under another."""
    return (_own_symbol(known) if _is_meant(known, symbol) else None) or symbol


def _is_meant(known: Instrument | None, symbol: str) -> bool:
    """Tell whether a symbol means the contract that is stored under the wanted name, if any."""
    own = _own_symbol(known)
    if known is None or own is None:
        return True
    names = (known.symbol, own, f"{own}{known.currency or ''}")
    return _letters(symbol) in map(_letters, names)


def _own_symbol(known: Instrument | None) -> str | None:
    return (known.contract_spec or {}).get("symbol") if known and known.con_id else None


def _letters(symbol: str) -> str:
    return "".join(sign for sign in symbol.upper() if sign.isalnum())


def _regular_hours(request: IngestRequest, stored: Series | None, contract: Contract) -> bool:
    if request.regular_hours is not None:
        return request.regular_hours
    if stored and stored.regular_hours is not None and stored.source == SOURCE:
        return stored.regular_hours
    return contract.sec_type in _WITH_HOURS


def _check_ours(workspace: Workspace, symbol: str, resolution: str) -> None:
    symbol, resolution = normalise_symbol(symbol), check_resolution(resolution)
    stored = series_of(workspace.database, symbol, resolution)
    if stored is None or not stored.bars:
        raise NoBars(f"No {resolution} bars of {symbol} are stored: fetch them first.")
    if stored.source != SOURCE:
        raise InvalidParams(
            f"{symbol} {resolution} did not come from Interactive Brokers (but from "
            f"{stored.source or 'elsewhere'}): bring a newer file in, or fetch it from the broker."
        )


def _reported(fetching: Fetching) -> IngestReport:
    database, symbol, resolution = fetching.key
    stored, tally = fetching.stored(), fetching.tally
    if stored is None:
        raise NoBars(
            f"Interactive Brokers has no {resolution} bars of {symbol} in that span"
            + (f" ({_counted(tally)})" if tally.reasons else "")
            + ": ask for a longer one, or check the symbol and your market data subscriptions."
        )
    tally.notes += _missing(store_coverage(database, symbol, resolution))
    return IngestReport(
        symbol=symbol,
        resolution=resolution,
        source="Interactive Brokers",
        received=tally.received,
        stored_new=tally.new,
        changed=tally.changed,
        unchanged=tally.unchanged,
        recomputed=0,
        kept_out=tally.kept_out,
        outside_duration=0,
        rejected_count=sum(tally.reasons.values()),
        reasons=tally.reasons,
        rejected=[
            RejectedRow(number, None if pd.isna(ts) else ts, reason)
            for number, (ts, reason) in enumerate(tally.rejected[:LISTED], start=1)
        ],
        first=stored.first,
        last=stored.last,
        notes=tally.notes,
    )


def _missing(coverage: float | None) -> list[str]:
    """Say that bars are missing, as the broker may answer "no data" where there were sessions."""
    if coverage is None or coverage >= 1:
        return []
    return [
        f"{coverage:.1%} of the bars that the exchange's calendar expects are there: the quality "
        "report names what is missing."
    ]


def _counted(tally: Tally) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in tally.reasons.items())
