"""A search goes on only under the Optuna that began it, as another one proposes other things."""

from importlib import metadata

import pytest
from study_office import request

from services.errors import Cancelled, StudyChanged
from services.studies import find_study, versions
from services.studies.prepare import create_prepared, prepare_study
from services.studies.work import run_study
from strategies.registry import STRATEGIES

MA_CROSS = STRATEGIES["ma_cross"]
SEARCH = request({"fast": (2, 30), "slow": (20, 90)}, method="search", samples=30)
NOW = metadata.version("optuna")


def created(office, asked):
    return create_prepared(office.database, prepare_study(office.database, asked, MA_CROSS))


def stopped(office, asked):
    def stop(progress):
        if progress.done > 2:
            raise Cancelled("Cancelled.")

    study = created(office, asked)
    with pytest.raises(Cancelled):
        run_study(office.database, study.id, MA_CROSS, report=stop)
    return find_study(office.database, study.id)


def test_a_search_is_stored_with_the_version_of_optuna_and_a_grid_without(office):
    assert created(office, SEARCH).versions["optuna"] == NOW
    assert "optuna" not in created(office, request()).versions


@pytest.mark.parametrize("then", ["3.0.0", None])
def test_a_search_does_not_go_on_under_another_optuna(office, monkeypatch, then):
    with monkeypatch.context() as before:
        before.setattr(versions, "optimiser_version", lambda: then)
        study = stopped(office, SEARCH)
    said = f"Optuna \\({then or 'unknown'} then, {NOW} now\\) changed since it began"
    with pytest.raises(StudyChanged, match=said):
        run_study(office.database, study.id, MA_CROSS)
    assert find_study(office.database, study.id).done == study.done > 0
    assert created(office, SEARCH).id != study.id


def test_another_optuna_does_not_matter_to_a_grid(office, monkeypatch):
    study = stopped(office, request())
    monkeypatch.setattr(versions, "optimiser_version", lambda: "3.0.0")
    assert run_study(office.database, study.id, MA_CROSS).is_whole
