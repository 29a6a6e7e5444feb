"""Says whether a finished study would still come out as it did: its bars, its strategy's code."""

from typing import Any

import pandas as pd

from db.session import Database
from services.errors import NoBars, UnknownSymbol
from services.finer_bars import load_finer_for
from services.market_data import read_bars
from services.metrics import METRICS_VERSION
from services.runs.fingerprint import code_hash
from services.studies.prepare import digest_of
from services.studies.saved import SINCE, UNTIL, Study

_TICK = pd.Timedelta(microseconds=1)


def study_changes(database: Database, study: Study, strategy_class: Any | None) -> str:
    """Say what changed since a study was done (None: no such strategy any more); "" is nothing.

    Bars that came after the last one that it saw do not count.
    """
    until = study.summary.get(UNTIL)
    if until is None:
        return ""
    asked = study.request.backtest
    bars = _bars_changed(database, study, pd.Timestamp(until))
    changed = [
        name
        for name, differs in (
            (f"the {asked.resolution} bars of {asked.symbol}", bars),
            ("the strategy's code", _code_changed(study, strategy_class)),
            ("the metrics' definitions", study.metrics_version != METRICS_VERSION),
        )
        if differs
    ]
    if not changed:
        return ""
    return (
        f"Since this study {' and '.join(changed)} changed: it is shown as it was stored. Ask for "
        "it again to have it of today."
    )


def _bars_changed(database: Database, study: Study, until: pd.Timestamp) -> bool:
    asked = study.request.backtest
    with database.reading() as session:
        bars = read_bars(
            session, asked.symbol, asked.resolution, with_indicators=False, end=until + _TICK
        )
    if bars.empty:
        return True
    start, end = asked.span(until)
    # A duration reaches back from the last bar there was, seen or kept unseen.
    start = pd.Timestamp(study.summary[SINCE]) if SINCE in study.summary else start
    try:
        finer = load_finer_for(database, asked, bars, (start, end))
    except (NoBars, UnknownSymbol):
        return True
    return digest_of(bars, finer) != study.bars_hash


def _code_changed(study: Study, strategy_class: Any | None) -> bool:
    return strategy_class is None or code_hash(strategy_class) != study.code_hash
