"""Studies that cannot be done, or break in the middle: a sentence, and what is done is kept."""

from contextlib import contextmanager

import numpy as np
import pytest
from sqlalchemy import create_engine, event, make_url, text
from study_office import request
from test_studies_go_on import ASKED, MA_CROSS, assert_as_if_never_stopped

from services.errors import DatabaseUnavailable, InvalidParams, StorageError
from services.optimise.outcome import ERROR
from services.parameters import Parameters, param
from services.studies import find_studies, find_study, load_results
from services.studies import work as working
from services.studies.prepare import create_prepared, prepare_study
from services.studies.start import start_study
from services.studies.work import run_study
from strategies.base import Strategy

WALK = {"method": "walk_forward", "train": "2 M", "test": "1 M"}
METHODS = pytest.mark.parametrize("method", list(ASKED))


class Moody(Strategy):
    """Is always in the market, and raises for some of its parameters."""

    name = "moody"

    class Params(Parameters):
        x: int = param(1, "what it minds", ge=0, le=99)

    def signals(self, df):
        if self.params.x % 3 == 0:
            raise ZeroDivisionError("not that one")
        return np.where(np.arange(len(df)) % (self.params.x + 1) == 0, 1, -1).astype(np.int8)


@pytest.mark.parametrize(
    ("space", "how", "failed", "tried"),
    [
        ({"x": list(range(1, 10))}, {}, 3, 9),
        ({"x": (1, 90)}, {"method": "sobol", "samples": 8}, None, 8),
        ({"x": (1, 90)}, {"method": "search", "samples": 24, "seed": 2}, None, 24),
        ({"x": list(range(1, 7))}, WALK, 0, 18),
    ],
)
def test_a_strategy_that_raises_for_some_is_tried_for_all(office, space, how, failed, tried):
    asked = request(space, "moody", **how)
    study = create_prepared(office.database, prepare_study(office.database, asked, Moody))
    study = run_study(office.database, study.id, Moody)
    found = load_results(office.database, study.id)
    assert (study.state, study.done) == ("done", tried)
    if how.get("method") == "walk_forward":
        assert all(x % 3 for x in found["x"])
        return
    wrong = found["x"] % 3 == 0
    assert wrong.sum() == (failed if failed is not None else wrong.sum()) > 0
    assert found.loc[wrong, ERROR].tolist() == ["ZeroDivisionError: not that one"] * wrong.sum()
    assert found.loc[~wrong, ERROR].isna().all()
    assert found.loc[wrong, "sharpe"].isna().all()
    assert study.best == found["sharpe"].max()


@METHODS
def test_a_full_disk_in_the_middle_is_told_and_what_is_done_is_kept(office, method):
    if office.database.engine.dialect.name != "sqlite":
        pytest.skip("the disk of a server is not ours to fill")
    study = create_prepared(
        office.database, prepare_study(office.database, ASKED[method], MA_CROSS)
    )
    with full_from_the_second_chunk(office.database), pytest.raises(StorageError, match="is full"):
        run_study(office.database, study.id, MA_CROSS)
    kept = find_study(office.database, study.id)
    assert 0 < kept.done < kept.combinations
    assert (kept.state, kept.can_go_on) == ("failed", True)
    run_study(office.database, study.id, MA_CROSS)
    assert_as_if_never_stopped(office, study.id, ASKED[method])


@contextmanager
def full_from_the_second_chunk(database):
    """Leave no page for more than the first chunk of a study."""
    add, engine = working.add_chunk, database.writing_engine

    def no_more(connection):
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    def add_and_fill(*args, **how):
        done = add(*args, **how)
        if not event.contains(engine, "begin", no_more):
            with database.writing() as session:  # what is free within the file is used up, too
                session.execute(text("CREATE TABLE filler (bytes BLOB)"))
                session.execute(text("INSERT INTO filler VALUES (zeroblob(1))"))
            event.listen(engine, "begin", no_more)
        return done

    working.add_chunk = add_and_fill
    try:
        yield
    finally:
        working.add_chunk = add
        event.remove(engine, "begin", no_more)
        with database.writing() as session:
            session.execute(text("PRAGMA max_page_count = 1073741823"))


@METHODS
def test_a_database_that_dies_in_the_middle_is_told_and_what_is_done_is_kept(office, method):
    if office.database.engine.dialect.name == "sqlite":
        pytest.skip("a file does not die")
    study = create_prepared(
        office.database, prepare_study(office.database, ASKED[method], MA_CROSS)
    )
    url = office.database.engine.url.render_as_string(hide_password=False)
    with dead_from_the_second_chunk(url), pytest.raises(DatabaseUnavailable):
        run_study(office.database, study.id, MA_CROSS)
    kept = find_study(office.database, study.id)
    assert 0 < kept.done < kept.combinations
    # Nobody could write how it ended; who looks on sees the process that works on it alive.
    run_study(office.database, study.id, MA_CROSS)
    assert_as_if_never_stopped(office, study.id, ASKED[method])


@contextmanager
def dead_from_the_second_chunk(url):
    """Let the server drop all connections after the first chunk, and take no new ones."""
    name, add = make_url(url).database, working.add_chunk
    admin = create_engine(make_url(url).set(database="postgres"), isolation_level="AUTOCOMMIT")

    def allow(yes: bool) -> None:
        with admin.connect() as connection:
            connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {str(yes).lower()}"))
            if not yes:
                ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :d"
                connection.execute(text(ended), {"d": name})

    def add_and_die(*args, **how):
        done = add(*args, **how)
        allow(False)
        return done

    working.add_chunk = add_and_die
    try:
        yield
    finally:
        working.add_chunk = add
        allow(True)
        admin.dispose()


@pytest.mark.parametrize("how", [{}, WALK])
def test_too_many_combinations_are_counted_and_the_sampler_is_offered(office, how):
    values = {
        "period": list(range(2, 201)),
        "lower": [float(x) for x in range(1, 46)],
        "upper": [50 + x / 4 for x in range(1, 141)],
    }
    with pytest.raises(InvalidParams) as refused:
        start_study(office, request(values, "rsi", **how))
    assert f"{199 * 45 * 140:,} combinations are too many" in str(refused.value)
    assert "sample" in str(refused.value)
    assert find_studies(office.database).total == 0


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"method": "search", "samples": 0}, "1 to 10,000"),
        ({"method": "search", "samples": 10**12}, "1 to 10,000"),
        ({"method": "search", "seed": -1}, "seed"),
        ({"method": "sobol", "samples": 10**12}, "samples"),
        ({"method": "random", "seed": -1}, "seed"),
        ({"method": "walk_forward", "train": "20 Y", "test": "1 M"}, "too few"),
        ({"method": "walk_forward", "train": "2 M", "test": "x"}, "duration"),
        ({"method": "walk_forward", "train": "2 M", "test": "1 M", "embargo": -1}, "embargo"),
    ],
)
def test_what_cannot_be_done_is_refused_before_it_is_stored(office, how, words):
    space = {"fast": [5, 10]} if how["method"] == "walk_forward" else {"fast": (5, 10)}
    with pytest.raises(InvalidParams, match=words):
        start_study(office, request(space, **how))
    assert find_studies(office.database).total == 0
