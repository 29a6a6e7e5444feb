"""A study across a split that its bars still show says so."""

from services.backtest import BacktestRequest
from services.ingest import ingest_sample
from services.settings import Settings
from services.studies.cautions import study_cautions
from services.workspace import open_workspace


def test_a_split_within_the_span_is_named_and_one_outside_is_not(tmp_path):
    database = open_workspace(Settings(database_url="", data_dir=tmp_path)).database
    ingest_sample(database, "MSFT")
    (caution,) = study_cautions(database, BacktestRequest("MSFT", "1d", "rsi"))
    assert "2003-02-18" in caution
    assert study_cautions(database, BacktestRequest("MSFT", "1d", "rsi", duration="5 Y")) == ()
    database.close()
