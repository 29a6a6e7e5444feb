"""The bars of the stand-in: real ones, at their own dates or shifted by sessions towards now."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from .instruments import ROOT, Instrument, calendar, known_instruments
from .protocol import AskedContract

EVENTS = ROOT / "data" / "sample" / "events" / "corporate_actions.csv"
COLUMNS = ["open", "high", "low", "close", "volume"]
HOW = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
MINUTES = {"1m": 1, "2m": 2, "3m": 3, "5m": 5, "10m": 10, "15m": 15, "20m": 20, "30m": 30}
MINUTES |= {"1h": 60, "2h": 120, "3h": 180, "4h": 240, "8h": 480}


class Market:
    """Instruments and their bars.

    Shifted, the last real session falls on the last session of the quarter in which `now` lies,
    and the sessions before it likewise: bars reach up to the clock and go on as it advances, and
    two starts of the stand-in within a quarter agree. What lies after the clock is not shown.
    """

    def __init__(self, *, shifted: bool = False, now: pd.Timestamp | None = None):
        self.shifted = shifted
        self.anchor = now or pd.Timestamp.now("UTC")
        self.instruments = known_instruments(shifted, self.anchor)
        self._splits: list[tuple[str, pd.Timestamp, float]] = []
        self._cache: dict[tuple, pd.DataFrame] = {}

    def find(self, asked: AskedContract) -> list[Instrument]:
        """Return the instruments that a client's contract can mean."""
        if asked.con_id not in ("", "0"):
            return [i for i in self.instruments if str(i.con_id) == asked.con_id]
        return [i for i in self.instruments if _means(asked, i)]

    def search(self, pattern: str) -> list[Instrument]:
        """Return the instruments whose symbol begins with the pattern or whose name has it."""
        p = pattern.upper()
        return [i for i in self.instruments if i.symbol.startswith(p) or p in i.name.upper()]

    def split(self, symbol: str, date, ratio: float) -> None:
        """Let a split rewrite the past: earlier prices are divided by `ratio`."""
        day = pd.Timestamp(date)
        self._splits.append((symbol, day if day.tz else day.tz_localize("UTC"), ratio))
        self._cache.clear()

    def bars(
        self, i: Instrument, resolution: str, now: pd.Timestamp, *, rth=True, adjusted=False
    ) -> pd.DataFrame:
        """Return bars with `ts`, `opens`, `closes` (UTC) up to the clock, the last one forming.

        `ts` is the label that the wire carries; the frame is empty where nothing can be derived.
        """
        base = self._base(i, rth, adjusted)
        if i.base == "1d" and resolution in MINUTES:
            return base.iloc[:0]
        if i.base == "4h" and MINUTES.get(resolution, 1440) < 240:
            return base.iloc[:0]
        seen = _until(base, now)
        if resolution == i.base:
            return seen
        return _group(seen, _labels(seen, resolution, rth))

    def first_time(self, i: Instrument, rth: bool = True) -> pd.Timestamp:
        """Return when the earliest bar begins."""
        return self._base(i, rth, False)["opens"].iloc[0]

    def _base(self, i: Instrument, rth: bool, adjusted: bool) -> pd.DataFrame:
        key = (i.con_id, rth, adjusted)
        if key not in self._cache:
            bars = _adjust(i, _read(i.file), adjusted)
            bars = self._place(i, bars, rth)
            for symbol, day, ratio in self._splits:
                if symbol == i.symbol:
                    before = bars["opens"] < day
                    bars.loc[before, COLUMNS[:4]] /= ratio
                    bars.loc[before, "volume"] *= ratio
            self._cache[key] = bars
        return self._cache[key]

    def _place(self, i: Instrument, bars: pd.DataFrame, rth: bool) -> pd.DataFrame:
        if i.calendar == "24/7":
            return self._place_always(bars)
        real, target = calendar("XNYS"), calendar(i.calendar)
        days = bars["ts"].dt.tz_convert("America/New_York").dt.normalize().dt.tz_localize(None)
        if i.base == "1d":
            days = bars["ts"].dt.tz_localize(None)
        at = real.sessions.get_indexer(days)
        bars = bars[at >= 0].reset_index(drop=True)
        at = at[at >= 0]
        sessions = real.sessions[at]
        if self.shifted:
            last = target.date_to_session(_quarter_end(self.anchor), "previous")
            place = target.sessions.get_loc(last) - (at.max() - at)
            bars, at = bars[place >= 0].reset_index(drop=True), at[place >= 0]
            sessions = target.sessions[place[place >= 0]]
        elif target is not real:
            keep = sessions.isin(target.sessions)
            bars, at, sessions = bars[keep].reset_index(drop=True), at[keep], sessions[keep]
        opens, closes = (_utc(target.schedule.loc[sessions, c]) for c in ("open", "close"))
        if i.base == "1d":
            return bars.assign(
                ts=_utc(pd.Series(sessions)),
                session=_utc(pd.Series(sessions)),
                opens=opens,
                closes=closes,
            )
        moved = opens + (bars["ts"] - _utc(real.schedule.loc[real.sessions[at], "open"]))
        bars = bars.assign(
            ts=moved,
            session=_utc(pd.Series(sessions)),
            opens=moved,
            closes=moved + pd.Timedelta(minutes=1),
            session_open=opens,
            zone="America/New_York",
        )
        regular = (moved >= opens) & (moved < closes)
        return (bars[regular] if rth else bars).reset_index(drop=True)

    def _place_always(self, bars: pd.DataFrame) -> pd.DataFrame:
        moved = bars["ts"]
        if self.shifted:
            gap = _quarter_end(self.anchor).tz_localize("UTC") - moved.iloc[-1]
            moved = moved + pd.Timedelta(weeks=gap // pd.Timedelta(weeks=1))
        days = moved.dt.normalize()
        return bars.assign(
            ts=moved,
            session=days,
            opens=moved,
            closes=moved + pd.Timedelta(hours=4),
            session_open=days,
            zone="UTC",
        )


def _means(asked: AskedContract, i: Instrument) -> bool:
    local = asked.local_symbol in ("", i.local_symbol)
    named = asked.symbol == i.symbol or (not asked.symbol and asked.local_symbol)
    kind = asked.sec_type == i.sec_type
    money = asked.currency in ("", i.currency)
    venue = asked.exchange in ("", "SMART", *i.valid_exchanges.split(","), i.primary_exchange)
    if asked.exchange == "SMART" and "SMART" not in i.valid_exchanges:
        venue = False
    listed = asked.primary_exchange in ("", i.primary_exchange)
    return bool(local and named and kind and money and venue and listed)


@lru_cache
def _read(file: Path) -> pd.DataFrame:
    bars = pd.read_csv(file)
    ts = pd.to_datetime(bars["ts"], utc=True).astype("datetime64[us, UTC]")
    return bars.assign(ts=ts).astype(dict.fromkeys(COLUMNS, "float64"))[["ts", *COLUMNS]]


def _adjust(i: Instrument, bars: pd.DataFrame, dividends: bool) -> pd.DataFrame:
    bars = bars.copy()
    if i.base == "1d" and EVENTS.exists():
        events = pd.read_csv(EVENTS, parse_dates=["ts"])
        events = events[events["symbol"] == i.bars_of]
        for event in events.itertuples():
            if event.event == "split" or dividends:
                before = bars["ts"] < event.ts.tz_localize("UTC")
                bars.loc[before, COLUMNS[:4]] /= event.factor_ratio
                if event.event == "split":
                    bars.loc[before, "volume"] *= event.factor_ratio
    bars[COLUMNS[:4]] = (bars[COLUMNS[:4]] * i.scale).round(6)
    return bars


def _quarter_end(now: pd.Timestamp) -> pd.Timestamp:
    return (now.tz_localize(None).normalize() + pd.offsets.QuarterEnd(0)).normalize()


def _utc(times: pd.Series) -> pd.Series:
    times = pd.Series(times.to_numpy() if times.dt.tz is None else times.array)
    return pd.to_datetime(times, utc=True).astype("datetime64[us, UTC]")


def _until(bars: pd.DataFrame, now: pd.Timestamp) -> pd.DataFrame:
    """Cut at the clock; of the base bar that is forming only the opening price is known."""
    seen = bars[bars["opens"] <= now].reset_index(drop=True)
    if len(seen) and seen["closes"].iloc[-1] > now:
        last = len(seen) - 1
        begun, ends = seen.at[last, "opens"], seen.at[last, "closes"]
        seen.loc[last, ["high", "low", "close"]] = seen.at[last, "open"]
        seen.loc[last, "volume"] *= (now - begun) / (ends - begun)
        seen.loc[last, "volume"] = np.floor(seen.at[last, "volume"])
    return seen


def _labels(bars: pd.DataFrame, resolution: str, rth: bool) -> pd.Series:
    """Give each base bar the label of the bar it belongs to."""
    if resolution == "1d":
        return bars["session"]
    if resolution in ("1w", "1M"):
        days = bars["session"].dt.tz_localize(None)
        period = days.dt.to_period({"1w": "W-SUN", "1M": "M"}[resolution])
        return bars["session"].groupby(period).transform("last")
    size = pd.Timedelta(minutes=MINUTES[resolution])
    if size < pd.Timedelta(hours=1):
        return bars["session_open"] + ((bars["ts"] - bars["session_open"]) // size) * size
    # The broker's hourly bars begin on the full hour; the first of regular hours is shorter.
    zone = bars["zone"].iloc[0] if len(bars) else "UTC"
    full = bars["ts"].dt.tz_convert(zone).dt.floor(size).dt.tz_convert("UTC")
    return full.where((full >= bars["session_open"]) | (not rth), bars["session_open"])


def _group(bars: pd.DataFrame, labels: pd.Series) -> pd.DataFrame:
    if bars.empty:
        return bars
    how = HOW | {"session": "last", "opens": "first", "closes": "last"}
    return bars.groupby(labels.rename("ts"), sort=True).agg(how).reset_index()
