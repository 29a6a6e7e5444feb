"""What people say of runs: kept, cleaned, refused in a sentence; deletion and its undoing."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from builders import closes
from sqlalchemy import func, select, update
from test_runs import assert_equal_runs, made, saved

from db.models import BacktestRun, BacktestSeries, RunTag
from services.errors import DeletedRun, InvalidParams, UnknownRun
from services.look_ahead import UNCHECKED, LookAhead
from services.runs import (
    RecentRuns,
    change_run,
    delete_runs,
    find_runs,
    load_run,
    restore_runs,
    save_run,
)
from services.timespan import utc_now


@pytest.fixture
def run(database):
    return saved(database, made(closes(10.0, 11.0)))


def rows(database, model):
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(model))


def test_what_is_said_of_a_run_is_kept_and_the_rest_stays(database, run):
    change_run(database, run.id, name="  My\n run ", notes=" two\r\nlines ", favourite=True)
    changed = change_run(database, str(run.id), tags=[" Dip ", "dip", "", "Big  Idea"])
    for told in (changed, load_run(database, run.id), find_runs(database).rows[0]):
        assert (told.name, told.notes, told.favourite) == ("My run", "two\nlines", True)
        assert told.tags == ("big idea", "dip")


def test_an_empty_text_or_list_clears(database, run):
    change_run(database, run.id, name="x", notes="y", tags="a,b", favourite=True)
    cleared = change_run(database, run.id, name=" ", notes="", tags=(), favourite=False)
    assert (cleared.name, cleared.notes, cleared.tags, cleared.favourite) == ("", "", (), False)
    assert rows(database, RunTag) == 0


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"name": "n" * 201}, "name"),
        ({"notes": "n" * 10_001}, "notes"),
        ({"tags": ["t" * 41]}, "tags"),
        ({"tags": [f"t{n}" for n in range(21)]}, "tags"),
    ],
    ids=["name", "notes", "tag", "tags"],
)
def test_what_is_too_long_is_refused_whole(database, run, asked, field):
    with pytest.raises(InvalidParams, match="at most") as caught:
        change_run(database, run.id, **{"favourite": True, **asked})
    assert caught.value.field == field
    assert not load_run(database, run.id).favourite


def test_the_longest_that_is_allowed_is_kept(database, run):
    tags = [f"{n:02}" + "t" * 38 for n in range(20)]
    changed = change_run(database, run.id, name="n" * 200, notes="ü" * 10_000, tags=tags)
    assert (len(changed.name), len(changed.notes), len(changed.tags)) == (200, 10_000, 20)


def test_characters_that_no_database_takes_are_left_out(database, run):
    changed = change_run(database, run.id, name="a\0b\ud800c", notes="<b>\0'\"%", tags="x\0,\x1by")
    assert (changed.name, changed.notes, changed.tags) == ("abc", "<b>'\"%", ("x", "y"))


def test_a_run_that_is_not_there_cannot_be_changed(database, run):
    with pytest.raises(UnknownRun, match="no saved run"):
        change_run(database, 99, name="x")
    delete_runs(database, [run.id])
    with pytest.raises(DeletedRun, match="can be restored") as caught:
        change_run(database, run.id, name="x")
    assert caught.value.run_id == run.id


def test_those_who_tag_one_run_at_once_do_not_fail_and_one_has_the_last_word(database, run):
    start, wanted = threading.Barrier(4), [("a", "b"), ("b", "c"), ("c", "d"), ("a", "d")]

    def tag(tags):
        start.wait()
        return change_run(database, run.id, tags=tags).tags

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(tag, wanted)) == wanted
    assert load_run(database, run.id).tags in wanted


def test_those_who_change_different_things_do_not_undo_each_other(database, run):
    start = threading.Barrier(3)
    changes = [{"name": "n"}, {"notes": "m"}, {"favourite": True}]

    def change(what):
        start.wait()
        change_run(database, run.id, **what)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(change, changes))
    told = load_run(database, run.id)
    assert (told.name, told.notes, told.favourite) == ("n", "m", True)


def test_a_deleted_run_is_named_as_such_and_comes_back_whole(database, run):
    run = replace(run, name="x", tags=("a",))
    change_run(database, run.id, name="x", tags="a")
    assert delete_runs(database, [run.id, run.id, 99, "abc", -1]) == 1
    assert delete_runs(database, [run.id]) == 0
    with pytest.raises(DeletedRun, match=f"Run {run.id} was deleted on .* can be restored until"):
        load_run(database, run.id)
    assert restore_runs(database, [str(run.id), 99]) == 1
    assert restore_runs(database, [run.id]) == 0
    assert_equal_runs(load_run(database, run.id), run)
    assert load_run(database, run.id).tags == ("a",)


def test_saving_a_deleted_run_again_brings_it_back_with_its_number(database, run):
    change_run(database, run.id, notes="mine")
    delete_runs(database, [run.id])
    again = saved(database, made(closes(10.0, 11.0)))
    assert (again.id, again.created_at, again.notes) == (run.id, run.created_at, "mine")
    assert load_run(database, run.id).notes == "mine"


def test_runs_deleted_a_month_ago_are_removed_at_the_next_deletion(database):
    old, recent, kept = (saved(database, made(closes(10.0, 11.0)), bars=f"{n}") for n in range(3))
    change_run(database, old.id, tags="a")
    delete_runs(database, [old.id, recent.id])
    with database.writing() as session:
        for number, days in ((old.id, 31), (recent.id, 29)):
            moment = utc_now().to_pydatetime() - timedelta(days=days)
            change = update(BacktestRun).where(BacktestRun.id == number)
            session.execute(change.values(deleted_at=moment))
    assert delete_runs(database, [kept.id]) == 1
    assert (rows(database, BacktestRun), rows(database, BacktestSeries)) == (2, 2)
    assert rows(database, RunTag) == 0
    assert restore_runs(database, [old.id, recent.id]) == 1


def test_many_runs_are_deleted_at_once(database, run):
    assert delete_runs(database, [*range(5000), run.id]) == 1


def test_an_edit_of_another_process_shows_at_once(database, run):
    recent = RecentRuns()
    before = recent.get(database, run.id)
    change_run(database, run.id, name="New", tags="a")
    now = recent.get(database, run.id)
    assert (now.name, now.tags) == ("New", ("a",))
    assert now.result is before.result
    assert recent.get(database, run.id) is now
    delete_runs(database, [run.id])
    with pytest.raises(DeletedRun):
        recent.get(database, run.id)


def test_a_number_that_was_given_again_is_not_the_removed_run(database, run):
    other = saved(database, made(closes(10.0, 9.0, 12.0)))
    recent = RecentRuns()
    recent.keep(replace(run, id=other.id))
    assert len(recent.get(database, other.id).result.bars) == 3
    assert_equal_runs(recent.get(database, other.id), other)


def test_a_new_run_is_checked_and_a_known_one_keeps_what_was_found(database):
    found, asked = LookAhead("passed", 9), []

    def check():
        asked.append(1)
        return found

    first = save_run(database, made(), "bars", "code", check)
    again = save_run(database, made(), "bars", "code", check)
    assert (first.look_ahead, again.look_ahead, len(asked)) == (found, found, 1)
    assert load_run(database, first.id).look_ahead == found
    assert find_runs(database).rows[0].look_ahead == found


def test_the_manifest_says_what_a_run_was_made_with(database):
    run = save_run(database, made(), "bars", "code")
    assert (run.manifest.bars_hash, run.manifest.code_hash) == ("bars", "code")
    assert {"program", "python", "pandas", "numpy", "numba", "ta-lib"} <= set(run.manifest.versions)
    assert len(run.manifest.fingerprint) == 64
    assert load_run(database, run.id).manifest == run.manifest


def test_a_run_of_before_notes_and_checks_opens(database):
    run = saved(database, made())
    with database.writing() as session:
        row = session.get(BacktestRun, run.id)
        row.request = {name: value for name, value in row.request.items() if name != "bars"}
        row.metrics = {"sharpe": 1.0}
        row.name = row.notes = row.look_ahead = None
    old = load_run(database, run.id)
    assert (old.name, old.notes, old.tags, old.favourite) == ("", "", (), False)
    assert (old.look_ahead, old.bars_note) == (UNCHECKED, "")
    assert (old.result.metrics["sharpe"], old.result.metrics["cagr"]) == (1.0, None)
