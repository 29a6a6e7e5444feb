"""What the stand-in gateway knows: each instrument, and whose real bars it shows."""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import exchange_calendars
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent.parent
DAILY = (ROOT / "data" / "sample" / "daily", ROOT.parent / "shared" / "data" / "daily")
INTRADAY = ROOT.parent / "shared" / "data" / "intraday"
NOTE = "stand-in"
NEW_YORK, LONDON, BERLIN = "US/Eastern", "GB-Eire", "MET"


@dataclass(frozen=True)
class Instrument:
    """One contract of the stand-in: its details, and the file and scale of its bars."""

    con_id: int
    symbol: str
    name: str
    primary_exchange: str = "NASDAQ"
    industry: str = "Technology"
    category: str = "Computers"
    subcategory: str = "Computers"
    sec_type: str = "STK"
    currency: str = "USD"
    local_symbol: str = ""
    trading_class: str = "NMS"
    timezone: str = NEW_YORK
    calendar: str = "XNYS"
    min_tick: float = 0.01
    stock_type: str = "COMMON"
    valid_exchanges: str = "SMART,AMEX,NYSE,CBOE,ARCA,NASDAQ"
    data: str = ""
    scale: float = 1.0
    subscribed: bool = True
    isin: str = ""
    long_name: str = ""
    trading_hours: str = ""
    liquid_hours: str = ""

    @property
    def bars_of(self) -> str:
        """The symbol in whose file the bars stand."""
        return self.data or self.symbol

    @property
    def file(self) -> Path | None:
        """The file of the bars, or None when this machine does not have it."""
        candidates = [folder / f"{self.bars_of}.csv" for folder in DAILY]
        if INTRADAY.is_dir():
            candidates += sorted(INTRADAY.glob(f"{self.bars_of}_*.csv.gz"))
        return next((path for path in candidates if path.exists()), None)

    @property
    def base(self) -> str:
        """The bar size of the file: 1m, 4h or 1d."""
        parts = self.file.name.split("_") if self.file else []
        return parts[1] if len(parts) > 1 and parts[1] in ("1m", "4h") else "1d"


def _nyse(con_id: int, symbol: str, name: str, industry: str, category: str, **more) -> Instrument:
    kind = {"primary_exchange": "NYSE", "trading_class": symbol, "subcategory": category}
    return Instrument(con_id, symbol, name, industry=industry, category=category, **kind | more)


EVERYWHERE = (
    Instrument(265598, "AAPL", "APPLE INC", isin="US0378331005"),
    Instrument(208813720, "GOOG", "ALPHABET INC-CL C", category="Internet"),
    Instrument(272093, "MSFT", "MICROSOFT CORP", category="Software", isin="US5949181045"),
    _nyse(8314, "IBM", "INTL BUSINESS MACHINES CORP", "Technology", "Computers"),
    Instrument(
        76792991,
        "TSLA",
        "TESLA INC",
        industry="Consumer, Cyclical",
        category="Auto Manufacturers",
        subcategory="Auto-Cars/Light Trucks",
        data="AAPL",
    ),
    _nyse(90001001, "BARC", "BARCLAYS PLC-SPONS ADR", "Financial", "Banks", data="IBM"),
    _nyse(
        90001002,
        "BARC",
        "BARCLAYS PLC",
        "Financial",
        "Banks",
        data="IBM",
        scale=0.625,
        primary_exchange="LSE",
        currency="GBP",
        timezone=LONDON,
        calendar="XLON",
        valid_exchanges="SMART,LSE,CHIXUK",
        trading_class="SET1",
    ),
    Instrument(
        12087792,
        "EUR",
        "European Monetary Union Euro",
        sec_type="CASH",
        local_symbol="EUR.USD",
        primary_exchange="IDEALPRO",
        valid_exchanges="IDEALPRO",
        trading_class="EUR.USD",
        industry="",
        category="",
        subcategory="",
        stock_type="",
        min_tick=0.00005,
        data="IBM",
        scale=0.01,
    ),
    _nyse(
        14204,
        "SAP",
        "SAP SE",
        "Technology",
        "Software",
        data="IBM",
        subscribed=False,
        primary_exchange="IBIS",
        currency="EUR",
        timezone=BERLIN,
        calendar="XETR",
        valid_exchanges="SMART,IBIS",
        trading_class="XETRA",
    ),
)

BESIDE_THE_PROJECT = (
    Instrument(
        756733,
        "SPY",
        "SPDR S&P 500 ETF TRUST",
        "ARCA",
        "Funds",
        "Equity Fund",
        "N/A",
        stock_type="ETF",
        trading_class="SPY",
    ),
    Instrument(
        416904,
        "SPX",
        "S&P 500 Stock Index",
        "CBOE",
        "Indices",
        "Broad Range Equity Index",
        "*",
        sec_type="IND",
        stock_type="",
        data="SP500_INDEX",
        trading_class="SPX",
        valid_exchanges="CBOE",
    ),
    _nyse(1520593, "JPM", "JPMORGAN CHASE & CO", "Financial", "Banks"),
    _nyse(13977, "XOM", "EXXON MOBIL CORP", "Energy", "Oil&Gas"),
    _nyse(8894, "KO", "COCA-COLA CO/THE", "Consumer, Non-cyclical", "Beverages"),
    _nyse(6459, "DIS", "WALT DISNEY CO/THE", "Communications", "Media"),
    Instrument(270639, "INTC", "INTEL CORP", category="Semiconductors"),
    _nyse(13824, "WMT", "WALMART INC", "Consumer, Cyclical", "Retail"),
    _nyse(90002001, "SW", "SMURFIT WESTROCK PLC", "Industrial", "Packaging"),
    _nyse(90002002, "LII", "LENNOX INTERNATIONAL INC", "Industrial", "Building Materials"),
    _nyse(90002003, "TDG", "TRANSDIGM GROUP INC", "Industrial", "Aerospace/Defense"),
    Instrument(90002004, "NDSN", "NORDSON CORP", industry="Industrial", category="Machinery"),
    _nyse(90002005, "GWW", "WW GRAINGER INC", "Industrial", "Distribution"),
    _nyse(90002006, "TYL", "TYLER TECHNOLOGIES INC", "Technology", "Software"),
    _nyse(90002007, "MTD", "METTLER-TOLEDO INTERNATIONAL", "Industrial", "Electronics"),
    Instrument(90002008, "EXE", "EXPAND ENERGY CORP", industry="Energy", category="Oil&Gas"),
    _nyse(90002009, "TPL", "TEXAS PACIFIC LAND CORP", "Energy", "Oil&Gas"),
    Instrument(
        479624278,
        "BTC",
        "Bitcoin cryptocurrency",
        sec_type="CRYPTO",
        local_symbol="BTC.USD",
        primary_exchange="PAXOS",
        valid_exchanges="PAXOS",
        trading_class="BTC",
        calendar="24/7",
        industry="",
        category="",
        subcategory="",
        stock_type="",
        data="BTCUSD",
        min_tick=0.25,
    ),
)


@lru_cache
def calendar(name: str):
    """Build an exchange's calendar, far enough back for every file."""
    return exchange_calendars.get_calendar(name, start="1999-01-04")


def known_instruments(shifted: bool, now: pd.Timestamp) -> list[Instrument]:
    """List the instruments whose bars this machine has, with hours around `now`."""
    here = [i for i in EVERYWHERE + BESIDE_THE_PROJECT if i.file is not None]
    return [
        replace(
            i,
            local_symbol=i.local_symbol or i.symbol,
            long_name=_long_name(i, shifted),
            **_hours(i, now),
        )
        for i in here
    ]


def _long_name(instrument: Instrument, shifted: bool) -> str:
    borrowed = instrument.data not in ("", "SP500_INDEX", "BTCUSD")
    if not (borrowed or shifted):
        return instrument.name
    whose = f"{instrument.bars_of}'s" if borrowed else "its"
    scaled = f" times {instrument.scale}" if instrument.scale != 1 else ""
    note = f"{NOTE}: {whose} real bars of {_years(instrument.file)}{scaled}"
    return f"{instrument.name} ({note}{', shifted' if shifted else ''})"


@lru_cache
def _years(file: Path) -> str:
    dates = pd.read_csv(file, usecols=["ts"])["ts"]
    first, last = dates.iloc[0][:4], dates.iloc[-1][:4]
    return first if first == last else f"{first}-{last}"


def _hours(instrument: Instrument, now: pd.Timestamp) -> dict[str, str]:
    """Write the hours of the next week as `20261124:0930-20261124:1600;20261126:CLOSED`."""
    exchange, zone = calendar(instrument.calendar), instrument.timezone
    parts = []
    for day in pd.date_range(now.tz_convert(zone).normalize().tz_localize(None), periods=6):
        if not exchange.is_session(day):
            parts.append(f"{day:%Y%m%d}:CLOSED")
            continue
        opens = exchange.session_open(day).tz_convert(zone)
        closes = exchange.session_close(day).tz_convert(zone)
        parts.append(f"{opens:%Y%m%d:%H%M}-{closes:%Y%m%d:%H%M}")
    hours = ";".join(parts)
    return {"trading_hours": hours, "liquid_hours": hours}
