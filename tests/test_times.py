"""Times that are all written alike take a short way, which must not lead elsewhere."""

import pandas as pd
import pytest

from services.errors import InvalidFile
from services.ingest.times import read_times

FORMS = (
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%SZ",
)
# Both changes of the clock in New York lie within.
MOMENTS = pd.date_range("2024-03-09", "2024-03-12", freq="7min").append(
    pd.date_range("2024-11-02", "2024-11-05", freq="11min")
)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("zone", [None, "America/New_York"])
def test_times_that_are_written_alike_are_those_that_pandas_reads(form, zone):
    cells = pd.Series(MOMENTS.strftime(form))
    read = read_times(cells, "1m", zone, "x.csv")
    expected = pd.to_datetime(cells, utc=False).dt.tz_localize(None)
    assert (read.own == expected).all()
    if form.endswith("Z") or zone is None:
        assert (read.utc == expected.dt.tz_localize("UTC")).all()
    else:
        local = expected.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
        assert read.utc.equals(local.dt.tz_convert("UTC").astype(read.utc.dtype))
        assert read.unclear == local.isna().sum()
    assert read.has_clock == ("%H" in form)


@pytest.mark.parametrize("odd", ["2024-02-30", "2024-13-01", "2024-01-0x", "", "20240105"])
def test_one_cell_that_is_written_otherwise_spoils_no_other(odd):
    read = read_times(pd.Series(["2024-01-02", odd, "2024-01-04"]), "1d", None, "x.csv")
    assert read.own.isna().tolist() == [False, True, False]


def test_times_of_which_none_can_be_read_are_refused():
    with pytest.raises(InvalidFile, match="times that cannot be read"):
        read_times(pd.Series(["yesterday", "tomorrow"]), "1d", None, "x.csv")
