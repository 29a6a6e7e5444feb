"""The kinds of work that run as jobs: what each is called, where it runs, what it does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.errors import InvalidParams, did_you_mean
from services.instruments import normalise_symbol
from services.progress import Progress, Report
from services.timespan import Duration, check_resolution
from services.workspace import Workspace

BROKER, COMPUTE = "broker", "compute"
DELETE = "delete_series"
OPTIMISE = "optimise"
ASKED = "asked"  # in a result: more jobs, as [kind, arguments], that the runner shall submit
IBKR = "ibkr"
SOURCE_NAMES = {IBKR: "Interactive Brokers", "csv": "a file", "sample": "the samples"}

Arguments = dict[str, Any]
_INGEST = ("source", "symbol", "resolution", "duration", "exchange", "currency", "asset_class",
           "regular_hours", "file", "timezone", "adjustment", "name_as")  # fmt: skip
_SERIES = ("symbol", "resolution")
_STUDY = ("study", *_SERIES, "strategy")


def _bars_text(result: dict) -> str:
    """Say in a few words what became of the bars."""
    names = {"new": "new", "changed": "changed", "rejected": "rejected"}
    counts = [f"{result[name]:,} {word}" for name, word in names.items() if result.get(name)]
    return f"Bars: {', '.join(counts)}." if counts else "Nothing new: all bars were stored before."


@dataclass(frozen=True)
class Kind:
    """One kind of job; `names` are the arguments it takes, `needed` those it cannot do without."""

    run: Callable[[Workspace, Arguments, Report], dict | None]
    title: Callable[[Arguments], str]
    names: tuple[str, ...]
    needed: tuple[str, ...] = ()
    queue: Callable[[Arguments], str] = lambda _: COMPUTE
    outcome: Callable[[dict], str] = _bars_text

    def check(self, arguments: Mapping[str, Any]) -> Arguments:
        """Return the arguments as they are compared and kept; raise InvalidParams."""
        given = {name: value for name, value in arguments.items() if value not in (None, "")}
        if unknown := set(given) - set(self.names):
            raise InvalidParams(f"This work takes no {', '.join(sorted(unknown))}.")
        for name in self.needed:
            if name not in given:
                raise InvalidParams(f"A {name} is needed.", field=name)
        return {name: _CANONICAL.get(name, _as_text)(value) for name, value in given.items()}


def kind_of(name: str) -> Kind:
    """Return a kind by its name; raise InvalidParams, with the closest one."""
    if name in KINDS:
        return KINDS[name]
    raise InvalidParams(
        f'There is no work called "{name}".{did_you_mean(name, KINDS)} It is one of '
        f"{', '.join(KINDS)}."
    )


def _as_text(value: Any) -> Any:
    """Keep what JSON keeps; everything else, as a path or a moment, becomes text."""
    if isinstance(value, bool | int | float):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value).strip()


def _duration(value: str | Duration) -> str:
    parsed = Duration.parse(value) if isinstance(value, str) else value
    return f"{parsed.count} {parsed.unit}"


_CANONICAL: dict[str, Callable[[Any], Any]] = {
    "symbol": normalise_symbol,
    "name_as": normalise_symbol,
    "resolution": check_resolution,
    "duration": _duration,
    "file": lambda path: str(Path(path).resolve()),
    "exchange": lambda text: str(text).strip().upper(),
    "currency": lambda text: str(text).strip().upper(),
}


def _ingest(workspace: Workspace, arguments: Arguments, report: Report) -> dict:
    from services.ingest import IngestRequest, ingest_from
    from services.ingest.uploads import discard_upload

    given = dict(arguments)
    source = given.pop("source", IBKR)
    if "file" in given:
        given["file"] = Path(given["file"])
    stored = ingest_from(workspace, source, IngestRequest(**given), report)
    if "file" in given:
        discard_upload(workspace.settings, given["file"])
    return _summary(stored)


def _update(workspace: Workspace, arguments: Arguments, report: Report) -> dict:
    from services.ingest import update_series

    symbol, resolution = arguments["symbol"], arguments["resolution"]
    stored = update_series(workspace, symbol, resolution, report)
    workspace.columns.prepare(symbol, resolution)
    return _summary(stored)


def _refetch(workspace: Workspace, arguments: Arguments, report: Report) -> dict:
    import pandas as pd

    from services.ingest import refetch

    start, end = (_utc(pd.Timestamp(arguments[name])) for name in ("start", "end"))
    symbol, resolution = arguments["symbol"], arguments["resolution"]
    stored = refetch(workspace, symbol, resolution, start, end, report)
    workspace.columns.prepare(symbol, resolution)
    return _summary(stored)


def _update_all(workspace: Workspace, _arguments: Arguments, report: Report) -> dict:
    """Ask for an update of each series that came from the broker."""
    from services.market_data import catalogue

    series = [entry for entry in catalogue(workspace.database) if entry.source == IBKR]
    report(Progress(0, len(series), "asking for an update of each series"))
    wanted = [{"symbol": entry.symbol, "resolution": entry.resolution} for entry in series]
    return {
        "jobs": len(series),
        ASKED: [["update", arguments] for arguments in wanted],
    }


def _delete_series(workspace: Workspace, arguments: Arguments, report: Report) -> dict:
    from services.series import delete_series

    symbol, resolution = arguments["symbol"], arguments["resolution"]
    report(Progress(0, 1, f"deleting {symbol} {resolution}"))
    delete_series(workspace.database, symbol, resolution)
    workspace.columns.remove(symbol, resolution)
    report(Progress(1, 1, f"deleted {symbol} {resolution}"))
    return {"symbol": symbol, "resolution": resolution}


def _optimise(workspace: Workspace, arguments: Arguments, report: Report) -> dict:
    from services.optimise.choose_executor import executor_from
    from services.studies.work import run_study

    strategy_class = workspace.strategy_class(arguments["strategy"])
    executor = executor_from(workspace.settings)
    database = workspace.database
    study = run_study(database, arguments["study"], strategy_class, executor, report, as_job=True)
    return {"study": study.id, "combinations": study.done, "dropped": study.dropped}


def _optimised_text(result: dict) -> str:
    return f"Study {result['study']}: {result['combinations']:,} combinations tried."


def _asked_text(result: dict) -> str:
    if not result["jobs"]:
        return "No stored series came from Interactive Brokers: there is nothing to update."
    return f"{result['jobs']:,} series will be updated, one after the other."


def _summary(report: Any) -> dict:
    """Keep of a report what a page tells of it."""
    return {
        "symbol": report.symbol,
        "resolution": report.resolution,
        "new": report.stored_new,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "rejected": report.rejected_count,
        "notes": list(report.notes),
        "first": report.first.isoformat() if report.first is not None else None,
        "last": report.last.isoformat() if report.last is not None else None,
    }


def _utc(moment: Any) -> Any:
    return moment.tz_localize("UTC") if moment.tzinfo is None else moment.tz_convert("UTC")


def _ingest_title(arguments: Arguments) -> str:
    span = f", {arguments['duration']}" if "duration" in arguments else ""
    source = arguments.get("source", IBKR)
    name = arguments.get("name_as", arguments["symbol"])
    where = SOURCE_NAMES.get(source, source)
    return f"{name} {arguments['resolution']}{span} from {where}"


def _series_title(verb: str) -> Callable[[Arguments], str]:
    return lambda arguments: f"{verb} {arguments['symbol']} {arguments['resolution']}"


def _refetch_title(arguments: Arguments) -> str:
    span = f"{arguments['start'][:10]} to {arguments['end'][:10]}"
    return f"Fetch {arguments['symbol']} {arguments['resolution']} again, {span}"


def _queue_of_source(arguments: Arguments) -> str:
    return BROKER if arguments.get("source", IBKR) == IBKR else COMPUTE


def _broker(_: Arguments) -> str:
    return BROKER


KINDS: dict[str, Kind] = {
    "ingest": Kind(_ingest, _ingest_title, _INGEST, _SERIES, _queue_of_source),
    "update": Kind(_update, _series_title("Update"), _SERIES, _SERIES, _broker),
    "update_all": Kind(
        _update_all,
        lambda _: "Update all series from Interactive Brokers",
        (),
        outcome=_asked_text,
    ),
    "refetch": Kind(
        _refetch,
        _refetch_title,
        (*_SERIES, "start", "end"),
        (*_SERIES, "start", "end"),
        _broker,
    ),
    DELETE: Kind(
        _delete_series,
        _series_title("Delete"),
        _SERIES,
        _SERIES,
        outcome=lambda _: "Its bars are deleted.",
    ),
    OPTIMISE: Kind(
        _optimise,
        lambda a: f"Optimise {a['symbol']} {a['resolution']} {a['strategy']}, study {a['study']}",
        _STUDY,
        _STUDY,
        outcome=_optimised_text,
    ),
}
