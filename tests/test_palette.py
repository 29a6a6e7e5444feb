"""What the command palette finds: symbols by what they are called, runs by what is said of them."""

import pytest
from sqlalchemy import text
from statements import rows_given, statements
from test_runs import made, saved

from dashboard.app import create_app
from services.ingest import ingest_sample
from services.palette import MOST, find_places
from services.runs import change_run, delete_runs


@pytest.fixture
def stored(database):
    for symbol in ("AAPL", "MSFT"):
        ingest_sample(database, symbol, duration="1 M")
    return database


def symbols(database, words: str) -> list[str]:
    return [place.title for place in find_places(database, words).symbols]


def runs(database, words: str) -> list[str]:
    return [place.address for place in find_places(database, words).runs]


@pytest.mark.parametrize("words", ["msft", "MSFT 1d", "micro", "soft", " msft  "])
def test_a_symbol_is_found_by_itself_its_name_and_its_resolution(stored, words):
    assert symbols(stored, words) == ["MSFT 1d"]


@pytest.mark.parametrize("words", ["msft 1h", "%", "_", "zzz", "' OR 1=1 --", "\0zzz"])
def test_what_no_symbol_is_called_finds_none(stored, words):
    assert symbols(stored, words) == []


def test_a_symbol_that_begins_with_the_word_comes_before_one_that_holds_it(stored):
    _copy_series(stored, "AAA-MSFT", "MSFTX")
    assert symbols(stored, "msft") == ["MSFT 1d", "MSFTX 1d", "AAA-MSFT 1d"]


def test_a_symbol_leads_to_its_chart_and_to_a_backtest(stored):
    place = find_places(stored, "aapl").symbols[0]
    assert place.detail == "Apple Inc."
    assert place.address == "/chart?symbol=AAPL&resolution=1d"
    assert place.other == "/backtest?symbol=AAPL&resolution=1d&strategy=ma_cross"


def test_a_run_is_found_by_number_name_symbol_strategy_and_tag(database):
    first, second = (saved(database, made(params={"fast": n}), bars=f"{n}").id for n in (5, 6))
    change_run(database, first, name="Slow and steady", tags=("keeper",))
    assert runs(database, "steady") == runs(database, "KEEPER") == [f"/runs/{first}"]
    for words in (f"#{second}", f"run {second}"):
        assert runs(database, words)[0] == f"/runs/{second}"
    assert runs(database, "") == [f"/runs/{second}", f"/runs/{first}"]
    title = find_places(database, "steady").runs[0].title
    assert title == f"Run {first}: Slow and steady"


def test_the_run_of_a_number_comes_before_newer_ones_that_hold_it(database):
    ids = [saved(database, made(params={"fast": 21}), bars=f"{n}").id for n in range(MOST + 3)]
    assert runs(database, "1")[0] == f"/runs/{ids[0]}"


def test_a_deleted_run_is_not_found(database):
    number = saved(database, made()).id
    delete_runs(database, [number])
    assert runs(database, f"#{number}") == []


def test_the_address_answers_any_words_with_lists(settings):
    client = create_app(settings).server.test_client()
    for words in ("", "aapl", "<script>", "%%%", "x" * 9000, "'; DROP TABLE instruments"):
        answer = client.get("/api/palette", query_string={"q": words})
        nothing = {"symbols": [], "runs": [], "studies": []}
        assert (answer.status_code, answer.json) == (200, nothing)


@pytest.mark.parametrize("words", ["sym49", "ma_cross", ""])
def test_of_ten_thousand_runs_and_five_hundred_symbols_only_what_is_shown_is_fetched(stored, words):
    """A letter must not wait: the database searches, and hands over a list's length."""
    saved(stored, made())
    _copy_series(stored, *(f"SYM{n}" for n in range(500)))
    with statements() as few:
        find_places(stored, words)
    _copy_run(stored, 10_000)
    with statements() as many:
        found = find_places(stored, words)
    assert MOST in (len(found.symbols), len(found.runs))
    assert len(many) == len(few)
    assert rows_given(stored, many) <= 4 * MOST


def _copy_series(database, *names: str) -> None:
    with database.writing() as session:
        for table, key in (("instruments", "symbol"), ("price_series", "symbol")):
            columns = [c for c in _columns(session, table) if c not in ("id", key)]
            listed = ", ".join(f'"{name}"' for name in columns)
            session.execute(
                text(
                    f"INSERT INTO {table} ({key}, {listed}) "
                    f"SELECT :name, {listed} FROM {table} WHERE {key} = 'AAPL'"
                ),
                [{"name": name} for name in names],
            )


def _copy_run(database, count: int) -> None:
    with database.writing() as session:
        columns = [c for c in _columns(session, "backtest_runs") if c not in ("id", "fingerprint")]
        listed = ", ".join(f'"{name}"' for name in columns)
        session.execute(
            text(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count) "
                f"INSERT INTO backtest_runs (fingerprint, {listed}) "
                f"SELECT 'copy' || i, {listed} FROM n, backtest_runs"
            ),
            {"count": count},
        )


def _columns(session, table: str) -> list[str]:
    return list(session.execute(text(f"SELECT * FROM {table} LIMIT 0")).keys())
