"""The panels of evidence: the numbers that the tests found, and nothing that says more."""

from dataclasses import replace

import pytest
from builders import random_walk
from test_realism_told import words_of
from test_study_evidence import MA_CROSS, studied
from test_walk_evidence import GOOD

from components.evidence_parts import unbroken
from components.optimise_evidence import evidence_panel, verdict_banner
from services.ingest.store import store_bars
from services.studies import Trials
from services.studies.evidence import evidence_of
from services.studies.walk_evidence import WalkEvidence
from services.validation.walk import Interval, walk_verdict


@pytest.fixture
def found(workspace):
    store_bars(workspace.database, "TEST", "1d", random_walk(500, seed=9))
    return evidence_of(workspace.database, studied(workspace.database), MA_CROSS)


def walk_evidence(tests):
    return WalkEvidence(tests, Trials(1, 9, 0, 1, 9), *walk_verdict(tests, 1, 0))


def test_the_panels_of_a_study_say_what_was_found(found):
    said = words_of(evidence_panel(found)).replace("\N{NO-BREAK SPACE}", " ")
    for text in (found.stress.text, found.costs.text, found.folds.text, found.look_ahead.text):
        assert text in said
    marked = str(evidence_panel(found)).count("row-note")
    assert marked == 3  # one of the fills, of the slippages, of the costs
    assert "caution" not in str(evidence_panel(found))


def test_what_could_not_be_told_is_said(found):
    odd = replace(found, stress=None, costs=None, folds=None, caution="The bars changed.")
    said = words_of(evidence_panel(odd))
    assert "does not come out the same when it is traded again" in said
    assert "The bars changed." in said
    assert "Span by span" not in said


def test_the_panel_of_a_walk_forward_says_what_was_found():
    said = words_of(evidence_panel(walk_evidence(GOOD))).replace("\N{NO-BREAK SPACE}", " ")
    for text in ("1.90", "the choices had 2.50 before", "0.90 to 2.90", "20 % to 200 %", "8 of 10"):
        assert text in said
    nothing = replace(
        GOOD, moments=None, sharpe=Interval(None, None, None), total_return=Interval(*[None] * 3),
        probability_of_loss=None, before=None, timing_p_value=None,
    )  # fmt: skip
    assert "n/a" in words_of(evidence_panel(walk_evidence(nothing)))


def test_the_banner_names_the_sentence_that_decides():
    _, verdict = walk_verdict(replace(GOOD, after=-0.2), 1, 0)
    said = words_of(verdict_banner(verdict))
    assert "Weak evidence of skill" in said
    assert "nothing of it lasted" in said


def test_a_percent_sign_stays_with_its_number():
    assert unbroken("9.9 % of 10 %") == "9.9\u00a0% of 10\u00a0%"
