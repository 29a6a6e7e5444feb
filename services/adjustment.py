"""What stored prices are adjusted for, in a word that is kept and in words that are shown."""

from services.errors import InvalidParams, did_you_mean

# The word that is stored with a series, and what a reader is told of its bars.
ADJUSTMENTS: dict[str, str] = {
    "raw": "not adjusted",
    "split": "adjusted for splits",
    "full": "adjusted for splits and dividends",
    "none": "nothing to adjust",
}
SOURCES = {
    "ibkr": "bars from Interactive Brokers",
    "sample": "sample bars",
    "csv": "bars from a file",
}
UNKNOWN = "adjustment unknown"


def check_adjustment(name: str) -> str:
    """Return the name unchanged; raise InvalidParams when it is not one of ADJUSTMENTS."""
    if name in ADJUSTMENTS:
        return name
    raise InvalidParams(
        f'Unknown adjustment "{name}": use one of {", ".join(ADJUSTMENTS)}.'
        f"{did_you_mean(name, ADJUSTMENTS)}",
        field="adjustment",
    )


def bars_text(source: str | None, adjustment: str | None) -> str:
    """Say in a few words where bars came from and what they are adjusted for."""
    return f"{SOURCES.get(source or '', 'bars')}, {adjustment_text(adjustment)}"


def adjustment_text(name: str | None) -> str:
    """Return what a reader is told, as in "adjusted for splits"."""
    return ADJUSTMENTS.get(name or "", UNKNOWN)
