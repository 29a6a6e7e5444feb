"""Answer one request for historical data: validate it as the broker does, cut out its bars."""

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd

from .instruments import Instrument
from .market import Market
from .protocol import AskedContract, read_contract

SIZES = {
    "1 secs": "1s", "5 secs": "5s", "10 secs": "10s", "15 secs": "15s", "30 secs": "30s",
    "1 min": "1m", "2 mins": "2m", "3 mins": "3m", "5 mins": "5m", "10 mins": "10m",
    "15 mins": "15m", "20 mins": "20m", "30 mins": "30m", "1 hour": "1h", "2 hours": "2h",
    "3 hours": "3h", "4 hours": "4h", "8 hours": "8h", "1 day": "1d", "1 week": "1w", "1W": "1w",
    "1 month": "1M", "1M": "1M",
}  # fmt: skip
# The smallest bar size, in seconds, that a duration in each unit may ask, and its longest count.
SMALLEST = {"S": 1, "D": 5, "W": 10, "M": 30, "Y": 60}
LONGEST = {"S": 86400, "D": 365, "W": 52, "M": 12, "Y": 100}
COARSER = {"S": "days", "D": "years", "W": "years", "M": "years"}
UNITS = {"S": "seconds", "D": "days", "W": "weeks", "M": "months"}
# The chunks that are safe for each bar size at least so long: (unit, count) and seconds.
CONSERVATIVE = ((86400, 365), (1800, 31), (180, 7), (0, 1))
SHOWN = {
    "STK": ("TRADES", "MIDPOINT", "BID", "ASK", "BID_ASK", "ADJUSTED_LAST"),
    "IND": ("TRADES",),
    "CASH": ("MIDPOINT", "BID", "ASK", "BID_ASK"),
    "CRYPTO": ("AGGTRADES", "MIDPOINT", "BID", "ASK", "BID_ASK"),
}
ALL_SHOWN = {kind for kinds in SHOWN.values() for kind in kinds}
INVALID = "Error validating request.-'bQ' : cause - "
NO_DATA = "Historical Market Data Service error message:HMDS query returned no data: {}"


class Refused(Exception):
    """The request is answered with an error message."""

    def __init__(self, code: int, text: str):
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(frozen=True)
class HistoryRequest:
    """The fields of message 20 after its request id."""

    contract: AskedContract
    end: str
    bar_size: str
    duration: str
    rth: str
    what: str
    date_format: str
    keep_up: str


def read_history(fields: list[str]) -> HistoryRequest:
    """Read what follows the request id of message 20."""
    contract, rest = read_contract(fields)
    _, end, bar_size, duration, rth, what, date_format, keep_up, *_ = rest
    return HistoryRequest(contract, end, bar_size, duration, rth, what, date_format, keep_up)


def answer_history(
    market: Market, request: HistoryRequest, now: pd.Timestamp, *, conservative: bool = False
) -> tuple[str, str, list[tuple]]:
    """Return start, end and bars (date, o, h, l, c, volume, average, count), or raise Refused."""
    instrument = one_instrument(market, request.contract)
    resolution = _valid_size(request)
    count, unit = _valid_duration(request, resolution, conservative)
    end = _valid_end(request, now)
    _valid_show(request, instrument)
    if not instrument.subscribed:
        raise Refused(354, "Requested market data is not subscribed.")
    rth, adjusted = request.rth == "1", request.what == "ADJUSTED_LAST"
    bars = market.bars(instrument, resolution, min(now, end), rth=rth, adjusted=adjusted)
    if end < now:
        bars = market.bars(instrument, resolution, now, rth=rth, adjusted=adjusted)
        bars = bars[bars["opens"] < end]
    start = _start(bars, count, unit, end)
    bars = bars[bars["opens"] >= start]
    if bars.empty:
        symbol = f"{instrument.symbol}@{instrument.primary_exchange} {request.what}"
        raise Refused(162, NO_DATA.format(symbol))
    return _local(start), _local(end), _rows(bars, request, resolution)


def one_instrument(market: Market, asked: AskedContract) -> Instrument:
    """Return the instrument that is meant, or raise Refused with code 200 or 321."""
    if not asked.exchange:
        raise Refused(321, INVALID.replace("bQ", "bN") + "Please enter exchange")
    found = market.find(asked)
    if not found:
        raise Refused(200, "No security definition has been found for the request")
    if len(found) > 1:
        raise Refused(200, f"The contract description specified for {asked.symbol} is ambiguous.")
    return found[0]


def _valid_size(request: HistoryRequest) -> str:
    if request.bar_size not in SIZES:
        legal = ", ".join(SIZES)
        raise Refused(
            321,
            f"{INVALID}Historical data bar size setting is invalid. Legal ones are: {legal}",
        )
    return SIZES[request.bar_size]


def _seconds(resolution: str) -> int:
    size = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "M": 2592000}
    return int(resolution[:-1]) * size[resolution[-1]]


def _valid_duration(
    request: HistoryRequest, resolution: str, conservative: bool
) -> tuple[int, str]:
    match = re.fullmatch(r"([1-9]\d*) ([SDWMY])", request.duration)
    if not match:
        raise Refused(
            321,
            f"{INVALID}Historical data query duration format is invalid. "
            "Format should be of the form 'integer{SPACE}unit (S|D|W|M|Y)'.",
        )
    count, unit = int(match[1]), match[2]
    if count > LONGEST[unit]:
        raise Refused(
            321,
            f"{INVALID}Historical data requests for durations longer than {LONGEST[unit]} "
            f"{UNITS.get(unit, 'years')} must be made in {COARSER.get(unit, 'parts')}.",
        )
    too_fine = _seconds(resolution) < SMALLEST[unit]
    days = count * {"S": 1 / 86400, "D": 1, "W": 7, "M": 31, "Y": 365}[unit]
    allowed = next(days for size, days in CONSERVATIVE if _seconds(resolution) >= size)
    too_long = conservative and _seconds(resolution) < 86400 and days > allowed
    if too_fine or too_long:
        raise Refused(321, f"{INVALID}Time length exceeds max.")
    return count, unit


def _valid_end(request: HistoryRequest, now: pd.Timestamp) -> pd.Timestamp:
    if not request.end:
        return now
    if request.what == "ADJUSTED_LAST":
        raise Refused(321, f"{INVALID}End Date not supported with adjusted last")
    if request.keep_up == "1":
        raise Refused(321, f"{INVALID}End Date/Time not supported with keep up to date")
    try:
        return _parse_end(request.end)
    except (ValueError, ZoneInfoNotFoundError) as error:
        raise Refused(
            321,
            f"{INVALID}End Date/Time: The date, time, or time-zone entered is invalid. The correct "
            "format is yyyymmdd hh:mm:ss xx/xxxx where yyyymmdd and xx/xxxx are optional. E.g.: "
            "20031126 15:59:00 US/Eastern. Or in UTC: 20031126-15:59:00",
        ) from error


def _parse_end(text: str) -> pd.Timestamp:
    if re.fullmatch(r"\d{8}-\d\d:\d\d:\d\d", text):
        return pd.Timestamp(pd.to_datetime(text, format="%Y%m%d-%H:%M:%S"), tz="UTC")
    match = re.fullmatch(r"(\d{8} \d\d:\d\d:\d\d) (\S+)", text)
    if not match:
        raise ValueError(text)
    zone = "UTC" if match[2] in ("UTC", "GMT") else ZoneInfo(match[2])
    local = pd.to_datetime(match[1], format="%Y%m%d %H:%M:%S")
    return local.tz_localize(zone, ambiguous=True, nonexistent="shift_forward").tz_convert("UTC")


def _valid_show(request: HistoryRequest, instrument: Instrument) -> None:
    if request.what not in ALL_SHOWN:
        raise Refused(321, f"{INVALID}Historical data whatToShow setting is invalid.")
    if request.what in SHOWN[instrument.sec_type]:
        return
    if instrument.sec_type == "CRYPTO":
        raise Refused(
            10299,
            "Expected what to show is AGGTRADES, please use that instead of TRADES.",
        )
    raise Refused(
        162,
        "Historical Market Data Service error message:No data of type EODChart is available for "
        f"the exchange '{instrument.primary_exchange}' and the security type "
        f"'{instrument.sec_type}' and '{request.duration}' and '{request.bar_size}'",
    )


def _start(bars: pd.DataFrame, count: int, unit: str, end: pd.Timestamp) -> pd.Timestamp:
    """Return where a duration that ends at `end` begins; days are counted in sessions."""
    if unit == "D":
        if bars.empty:
            return end
        sessions = bars["session"].unique()
        first = sessions[max(0, len(sessions) - count)]
        # Days further back than the span of trading days itself are no data, not old data.
        oldest = end - pd.Timedelta(days=count * 1.6 + 5)
        return max(bars.loc[bars["session"] == first, "opens"].iloc[0], oldest)
    if unit == "S":
        return end - pd.Timedelta(seconds=count)
    offset = {"W": "weeks", "M": "months", "Y": "years"}[unit]
    return end - pd.DateOffset(**{offset: count})


def _local(ts: pd.Timestamp) -> str:
    return f"{ts.tz_convert('US/Eastern'):%Y%m%d  %H:%M:%S}"


def _rows(bars: pd.DataFrame, request: HistoryRequest, resolution: str) -> list[tuple]:
    if resolution[-1] in "dwM":
        dates = bars["ts"].dt.strftime("%Y%m%d")
    elif request.date_format == "2":
        dates = (bars["ts"] - pd.Timestamp(0, tz="UTC")) // pd.Timedelta(seconds=1)
    else:
        dates = bars["ts"].dt.tz_convert("US/Eastern").dt.strftime("%Y%m%d  %H:%M:%S")
    traded = request.what in ("TRADES", "AGGTRADES", "ADJUSTED_LAST")
    prices = bars[["open", "high", "low", "close"]].round(6)
    average = prices.mean(axis=1).round(6) if traded else [-1.0] * len(bars)
    volume = bars["volume"] if traded else [-1.0] * len(bars)
    counts = (bars["volume"] // 100).astype(int) + 1 if traded else [-1] * len(bars)
    columns = [*(prices[c] for c in prices), volume, average, counts]
    return list(zip(dates.map(str), *columns, strict=True))
