import numpy as np
import pandas as pd
import pytest
from builders import random_walk
from quality_bars import (
    NEW_YORK,
    broken_bars,
    daily,
    found,
    kinds,
    utc,
)
from real_bars import real_bars
from sqlalchemy import func, insert, select

from db.models import AcceptedFinding, PriceSeries, QuarantinedBar, SymbolEvent
from services.bars import PRICE_COLUMNS
from services.errors import InvalidParams, NoBars, UnknownSymbol
from services.ingest.pipeline import ingest
from services.ingest.sample_source import ingest_sample
from services.ingest.source import SourceBars
from services.instruments import add_instrument
from services.quality import (
    accept_finding,
    examine,
    quality_report,
    store_coverage,
    unaccept_finding,
)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:exchange_calendars")


def as_source(bars: pd.DataFrame) -> SourceBars:
    return SourceBars(bars, "test", np.arange(1, len(bars) + 1))


def store(database, bars: pd.DataFrame, symbol: str = "IBM", resolution: str = "1d") -> None:
    add_instrument(database, symbol, exchange="NYSE", currency="USD", asset_class="equity")
    ingest(database, symbol, resolution, as_source(bars))


def test_the_sample_apple_shows_its_two_known_splits(database):
    real_bars("AAPL")
    ingest_sample(database, "AAPL")
    report = quality_report(database, "AAPL", "1d")
    assert (report.symbol, report.calendar, report.coverage) == ("AAPL", "XNYS", 1.0)
    assert [(f.kind, f"{f.start:%Y-%m-%d}") for f in report.findings] == [
        ("known_split_shown", "2000-06-21"),
        ("known_split_shown", "2005-02-28"),
        ("large_move", "2000-09-29"),
    ]


def test_a_stored_series_is_examined_with_its_quarantine(database):
    store(database, broken_bars())
    with database.writing() as session:
        for number, state in enumerate(("open", "open", "dropped")):
            session.execute(
                insert(QuarantinedBar).values(
                    digest=f"digest {number}",
                    symbol="IBM",
                    resolution="1d",
                    reason="test",
                    state=state,
                    seen_at=utc("2024-01-01").to_pydatetime(),
                )
            )
    report = quality_report(database, "ibm", "1d")
    assert report.quarantined == 2
    expected = examine(broken_bars(), "1d", NEW_YORK, symbol="IBM", quarantined=2)
    assert report.summary == expected.summary
    assert [f.text for f in report.findings] == [f.text for f in expected.findings]


def test_accepting_a_finding_twice_is_accepting_it_and_it_can_be_taken_back(database):
    store(database, broken_bars())
    spike = found(quality_report(database, "IBM", "1d"), "spike")[0]
    for _ in range(2):
        accept_finding(database, "IBM", "1d", spike.kind, spike.start)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(AcceptedFinding)) == 1
    report = quality_report(database, "IBM", "1d")
    assert found(report, "spike") == []
    assert [finding.key for finding in report.accepted] == [spike.key]
    unaccept_finding(database, "IBM", "1d", spike.kind, spike.start)
    assert len(found(quality_report(database, "IBM", "1d"), "spike")) == 1


def test_a_kind_that_no_report_has_cannot_be_accepted(database):
    with pytest.raises(InvalidParams, match="no kind of finding"):
        accept_finding(database, "IBM", "1d", "nonsense", utc("2024-01-01"))


def test_coverage_is_noted_beside_the_series(database):
    bars = daily().drop(index=range(100, 110)).reset_index(drop=True)
    store(database, bars)
    with database.writing() as session:
        if session.get(PriceSeries, ("IBM", "1d")) is None:
            session.add(PriceSeries(symbol="IBM", resolution="1d", bars=len(bars)))
    coverage = store_coverage(database, "IBM", "1d")
    assert coverage == pytest.approx(len(bars) / (len(bars) + 10))
    with database.reading() as session:
        assert session.get(PriceSeries, ("IBM", "1d")).coverage == pytest.approx(coverage)


def test_an_instrument_without_an_exchange_has_no_coverage(database):
    ingest(database, "FOO", "1d", as_source(daily()))
    assert store_coverage(database, "FOO", "1d") is None
    assert quality_report(database, "FOO", "1d").calendar is None


def test_asking_for_what_is_not_stored_is_answered_by_name(database):
    with pytest.raises(UnknownSymbol):
        quality_report(database, "NOPE", "1d")
    store(database, daily())
    with pytest.raises(NoBars):
        quality_report(database, "IBM", "1h")


def test_a_split_of_another_symbol_explains_nothing(database):
    bars = daily()
    bars.loc[1000:, PRICE_COLUMNS] /= 2
    store(database, bars)
    with database.writing() as session:
        session.add(
            SymbolEvent(symbol="GOOG", date=bars["ts"][1000].date(), event_type="split", value=2.0)
        )
    assert kinds(quality_report(database, "IBM", "1d")) == ["suspected_split"]


@pytest.mark.parametrize(
    ("exchange", "resolution"),
    [(name, "1m") for name in ("NYSE", "SEHK", "PAXOS", "IDEALPRO", "ASX")]
    + [("NYSE", "1h"), ("NYSE", "1d")],
)
def test_coverage_counted_in_the_database_is_that_of_the_report(database, exchange, resolution):
    generator = np.random.default_rng(len(exchange))
    steps = {"1m": ("2024-01-28", "7min"), "1h": ("2024-01-01", "1h"), "1d": ("2021-01-01", "1D")}
    begin, step = steps[resolution]
    ts = pd.date_range(begin, periods=900, freq=step, tz="UTC").as_unit("us")
    ts = ts[generator.random(900) < 0.8]
    bars = random_walk(len(ts)).assign(ts=ts)
    add_instrument(database, "ANY", exchange=exchange)
    ingest(database, "ANY", resolution, as_source(bars))
    expected = quality_report(database, "ANY", resolution).coverage
    assert 0 < expected < 1
    assert store_coverage(database, "ANY", resolution) == pytest.approx(expected, abs=1e-12)
