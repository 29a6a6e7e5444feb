"""Which calendar an exchange keeps, by the names that brokers and people write."""

import re

# Market identifier codes (ISO 10383) of which exchange_calendars knows the sessions.
_CODES = """
    AIXK ASEX BVMF CMES IEPA XAMS XASX XBDA XBEL XBKK XBOG XBOM XBRA XBRU XBSE XBUD XBUE XCBF XCSE
    XCYS XDUB XDUS XEEE XETR XEUR XFRA XHAM XHEL XHKG XICE XIDX XIST XJSE XKAR XKLS XKRX XLIM XLIS
    XLIT XLJU XLON XLUX XMAD XMEX XMIL XMOS XNYS XNZE XOSL XPAR XPHS XPRA XRIS XSAU XSES XSGO XSHG
    XSTO XSTU XSWX XTAE XTAI XTAL XTKS XTSE XWAR XWBO XZAG
"""
CALENDARS = frozenset(_CODES.split())
_WRITTEN = {
    "XNYS": "NYSE NASDAQ NMS ARCA NYSEARCA AMEX NYSEAMERICAN BATS ISLAND IEX BYX EDGX EDGEA "
    "DRCTEDGE CHX MEMX PEARL NYSENAT NYSEFLOOR PSX BEX LTSE PINK OTC OTCLNKECN OTCBB ISE PHLX CBOE "
    "VALUE XNAS ARCX XASE XNGS XNMS XNCM BATY EDGA IEXG OOTC XCBO SP DJ US",
    "XTSE": "TSE TSX VENTURE TSXV CHIX_CA OMEGA ALPHA NEOE XTSX",
    "XLON": "LSE LSEETF LSEIOB1 CHIXUK BATEUK TRQXUK LON",
    "XETR": "IBIS IBIS2 XETRA CHIXDE BATEDE TRQXDE TGATE GETTEX GETTEX2",
    "XFRA": "FWB FWB2 FRANKFURT",
    "XSTU": "SWB SWB2 STUTTGART",
    "XPAR": "SBF CHIXFR BATEFR EURONEXT_PARIS PARIS",
    "XAMS": "AEB CHIXNL BATENL AMSTERDAM",
    "XBRU": "ENEXT.BE BRUSSELS",
    "XLIS": "BVL LISBON",
    "XDUB": "ISED DUBLIN",
    "XMIL": "BVME BVME.ETF MILAN",
    "XMAD": "BM MADRID BME",
    "XSWX": "EBS SWX VIRTX SIX CHIXCH",
    "XWBO": "VSE VIENNA",
    "XSTO": "SFB STOCKHOLM",
    "XOSL": "OMXNO OSE OSL",
    "XCSE": "KFX CPH COPENHAGEN",
    "XHEL": "HEX HELSINKI",
    "XWAR": "WSE WARSAW GPW",
    "XBUD": "BUX",
    "XPRA": "PRA",
    "XTAE": "TASE",
    "XIST": "BIST",
    "XJSE": "JSE",
    "XMOS": "MOEX",
    "XTKS": "TSEJ JPX TYO CHIXJ JPNNEXT",
    "XHKG": "SEHK HKEX HKG HKFE",
    "XSHG": "SSE SEHKNTL SEHKSZSE SZSE XSHE",
    "XSES": "SGX",
    "XKRX": "KSE KRX KOSPI KOSDAQ",
    "XTAI": "TWSE",
    "XBOM": "NSE BSE XNSE",
    "XASX": "ASX ASXCEN CHIXAU",
    "XNZE": "NZX NZSE",
    "XMEX": "MEXI BMV",
    "BVMF": "B3 BOVESPA BMF",
    "CMES": "CME GLOBEX ECBOT CBOT NYMEX COMEX XCME XCBT XNYM XCEC",
    "IEPA": "ICE ICEUS NYBOT NYFE ICEEU IPE",
    "XEUR": "EUREX DTB",
    "XCBF": "CFE",
    "24/7": "PAXOS ZEROHASH COINBASE BINANCE KRAKEN BITSTAMP CRYPTO 24/7",
    "24/5": "IDEALPRO FXCM OANDA FOREX CCY 24/5",
}
_BY_EXCHANGE = {written: name for name, all_ in _WRITTEN.items() for written in all_.split()} | {
    name: name for name in CALENDARS
}
_BY_ZONE = {
    "America/New_York": "XNYS",
    "US/Eastern": "XNYS",
    "America/Toronto": "XTSE",
    "Canada/Eastern": "XTSE",
    "Europe/London": "XLON",
    "GB": "XLON",
    "Europe/Berlin": "XETR",
    "Europe/Paris": "XPAR",
    "Europe/Amsterdam": "XAMS",
    "Europe/Brussels": "XBRU",
    "Europe/Lisbon": "XLIS",
    "Europe/Rome": "XMIL",
    "Europe/Madrid": "XMAD",
    "Europe/Zurich": "XSWX",
    "Europe/Vienna": "XWBO",
    "Europe/Stockholm": "XSTO",
    "Europe/Oslo": "XOSL",
    "Europe/Copenhagen": "XCSE",
    "Europe/Helsinki": "XHEL",
    "Europe/Warsaw": "XWAR",
    "Asia/Tokyo": "XTKS",
    "Japan": "XTKS",
    "Asia/Hong_Kong": "XHKG",
    "Hongkong": "XHKG",
    "Asia/Shanghai": "XSHG",
    "Asia/Singapore": "XSES",
    "Asia/Seoul": "XKRX",
    "Asia/Taipei": "XTAI",
    "Asia/Kolkata": "XBOM",
    "Australia/Sydney": "XASX",
    "Australia/NSW": "XASX",
    "America/Mexico_City": "XMEX",
    "America/Sao_Paulo": "BVMF",
}
# Where one exchange leads a currency; the euro has several, with different holidays.
_BY_CURRENCY = {
    "USD": "XNYS",
    "CAD": "XTSE",
    "GBP": "XLON",
    "CHF": "XSWX",
    "SEK": "XSTO",
    "NOK": "XOSL",
    "DKK": "XCSE",
    "PLN": "XWAR",
    "JPY": "XTKS",
    "HKD": "XHKG",
    "SGD": "XSES",
    "KRW": "XKRX",
    "TWD": "XTAI",
    "INR": "XBOM",
    "AUD": "XASX",
}
_CRYPTO = {"crypto", "cryptocurrency"}
_FOREX = {"forex", "cash", "fx", "currency"}
_ROUTED = {"", "SMART", "BEST", "OVERNIGHT"}  # names of no exchange
_NOT_SHARES = {"future", "futures", "fut", "option", "opt", "fop", "commodity", "cmdty"}


def calendar_name(
    exchange: str | None,
    asset_class: str | None = None,
    currency: str | None = None,
    timezone: str | None = None,
    primary_exchange: str | None = None,
) -> str | None:
    """Return the name of the calendar an instrument keeps, None when nothing tells it."""
    kind = (asset_class or "").strip().lower()
    if kind in _CRYPTO:
        return "24/7"
    if kind in _FOREX:
        return "24/5"
    currency = (currency or "").strip().upper()
    for written in (primary_exchange, exchange):
        if found := _by_exchange(written, currency, timezone):
            return found
    if _plain(exchange) not in _ROUTED or kind in _NOT_SHARES:
        return None
    return _BY_ZONE.get((timezone or "").strip()) or _BY_CURRENCY.get(currency)


def _by_exchange(written: str | None, currency: str, timezone: str | None) -> str | None:
    code = _plain(written)
    if code == "TSE" and (currency == "JPY" or timezone in {"Asia/Tokyo", "Japan"}):
        return "XTKS"  # the broker's TSE is Toronto, many people's is Tokyo
    return _BY_EXCHANGE.get(code) or _BY_EXCHANGE.get(code.partition(".")[0])


def _plain(written: str | None) -> str:
    return re.sub(r"\s+", "", written or "").upper()
