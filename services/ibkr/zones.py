"""Time zones by the broker's names, translated to names of the IANA database."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# The database knows some of them as fixed offsets without summer time, which no exchange keeps.
_IANA = {
    "CET": "Europe/Berlin",
    "CST": "America/Chicago",
    "CST6CDT": "America/Chicago",
    "CTT": "Asia/Shanghai",
    "EET": "Europe/Helsinki",
    "EST": "America/New_York",
    "EST5EDT": "America/New_York",
    "GB": "Europe/London",
    "GB-Eire": "Europe/London",
    "GMT": "Europe/London",
    "HKT": "Asia/Hong_Kong",
    "Hongkong": "Asia/Hong_Kong",
    "IST": "Asia/Kolkata",
    "Israel": "Asia/Jerusalem",
    "JST": "Asia/Tokyo",
    "Japan": "Asia/Tokyo",
    "MET": "Europe/Berlin",
    "MST": "America/Denver",
    "MST7MDT": "America/Denver",
    "PRC": "Asia/Shanghai",
    "PST": "America/Los_Angeles",
    "PST8PDT": "America/Los_Angeles",
    "ROK": "Asia/Seoul",
    "Singapore": "Asia/Singapore",
    "US/Central": "America/Chicago",
    "US/Eastern": "America/New_York",
    "US/Mountain": "America/Denver",
    "US/Pacific": "America/Los_Angeles",
}


def iana_name(zone: str) -> str:
    """Return the IANA name of a zone as in "US/Eastern" or "EST (Eastern Standard Time)".

    An unknown one gives an empty string.
    """
    name = zone.split("(", maxsplit=1)[0].strip()
    name = _IANA.get(name, name)
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ""
    return name
