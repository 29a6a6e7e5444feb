"""Finds what a word may mean to somebody who wants to go somewhere: a symbol, a run, a study."""

from dataclasses import dataclass
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, case, or_, select

from db.models import Instrument, PriceSeries
from db.session import Database
from services.metrics import METRIC_SPECS
from services.runs import RunFilter, find_runs
from services.runs.saved import RunSummary
from services.studies import METHODS, Study, StudyFilter, find_studies
from services.timespan import RESOLUTIONS
from services.wording import metric_text, params_text

MOST = 8  # of each kind: what a list shows without being scrolled
LONGEST_QUERY = 100
FIRST_STRATEGY = "ma_cross"
_RETURN = METRIC_SPECS["total_return"]


@dataclass(frozen=True)
class Place:
    """Somewhere to go: `other` is a second address, of the backtest where `address` is a chart."""

    title: str
    detail: str
    address: str
    other: str = ""


@dataclass(frozen=True)
class Places:
    """What was found, best first."""

    symbols: tuple[Place, ...]
    runs: tuple[Place, ...]
    studies: tuple[Place, ...]


def find_places(database: Database, text: str) -> Places:
    """Return the stored series, the saved runs and the studies that hold every word of a text.

    An empty text finds the newest of each.
    """
    words = text.replace("\0", "")[:LONGEST_QUERY].split()
    return Places(_symbols(database, words), _runs(database, words), _studies(database, words))


def _symbols(database: Database, words: list[str]) -> tuple[Place, ...]:
    query = (
        select(PriceSeries.symbol, PriceSeries.resolution, Instrument.name)
        .join(Instrument, Instrument.symbol == PriceSeries.symbol)
        .where(PriceSeries.bars > 0, *(_in_series(word) for word in words))
        .order_by(*_best(words), *_newest(words), PriceSeries.symbol, _by_length())
        .limit(MOST)
    )
    with database.reading() as session:
        return tuple(_series_place(*row) for row in session.execute(query))


def _in_series(word: str) -> ColumnElement[bool]:
    return or_(
        PriceSeries.symbol.icontains(word, autoescape=True),
        Instrument.name.icontains(word, autoescape=True),
        PriceSeries.resolution == word.lower(),
    )


def _best(words: list[str]) -> list[ColumnElement]:
    """Put the symbol that is the first word first, then those that begin with it."""
    if not words:
        return []
    first = words[0].upper()
    starts = PriceSeries.symbol.startswith(first, autoescape=True)
    return [case((PriceSeries.symbol == first, 0), (starts, 1), else_=2)]


def _newest(words: list[str]) -> list[ColumnElement]:
    return [] if words else [PriceSeries.updated_at.desc().nulls_last()]


def _by_length() -> ColumnElement:
    return case({name: i for i, name in enumerate(RESOLUTIONS)}, value=PriceSeries.resolution)


def _series_place(symbol: str, resolution: str, name: str | None) -> Place:
    series = {"symbol": symbol, "resolution": resolution}
    return Place(
        f"{symbol} {resolution}",
        name or "",
        f"/chart?{urlencode(series)}",
        f"/backtest?{urlencode({**series, 'strategy': FIRST_STRATEGY})}",
    )


def _runs(database: Database, words: list[str]) -> tuple[Place, ...]:
    # "run 12" and "#12" are how people say it: the run of that number comes first.
    meant = [word for word in words if word.lower() not in ("run", "runs")]
    found = _found(database, " ".join(meant))
    if len(meant) == 1 and meant[0].isdecimal():
        named = [run for run in _found(database, f"#{meant[0]}") if str(run.id) == meant[0]]
        found = [*named, *(run for run in found if str(run.id) != meant[0])]
    return tuple(_run_place(run) for run in found[:MOST])


def _found(database: Database, text: str) -> list[RunSummary]:
    return find_runs(database, RunFilter(text=text), limit=MOST).rows


def _run_place(run: RunSummary) -> Place:
    what = run.title
    outcome = metric_text(_RETURN.kind, run.metrics.get(_RETURN.name))
    facts = (what if run.name else "", params_text(run.params), outcome, ", ".join(run.tags))
    detail = " · ".join(fact for fact in facts if fact)
    return Place(f"Run {run.id}: {run.name or what}", detail, f"/runs/{run.id}")


def _studies(database: Database, words: list[str]) -> tuple[Place, ...]:
    # "study 12" is how people say it: the study of that number comes first.
    meant = [word for word in words if word.lower() not in ("study", "studies")]
    number = meant[0].removeprefix("#") if len(meant) == 1 else ""
    found = find_studies(database, StudyFilter(text=" ".join(meant)), limit=MOST).rows
    found.sort(key=lambda study: str(study.id) != number)
    return tuple(_study_place(study) for study in found)


def _study_place(study: Study) -> Place:
    what, spec = study.request.title, study.request.objective.spec
    best = "" if study.best is None else f"{spec.label} {metric_text(spec.kind, study.best)}"
    facts = (what if study.name else "", METHODS[study.request.method], best)
    detail = " · ".join(fact for fact in facts if fact)
    return Place(f"Study {study.id}: {study.name or what}", detail, f"/optimise?study={study.id}")
