"""Verdicts: on random walks there is no evidence of skill, on a planted edge there is."""

from dataclasses import replace

import numpy as np
import pytest

from services.optimise.plateau import plateau_of
from services.validation import (
    LEVELS,
    NO_SKILL,
    UnseenSharpe,
    bootstrap_of,
    deflated_sharpe,
    overfitting_of,
    timing_test,
    trials_variance,
    verdict_of,
)

LENGTHS = (3, 5, 8, 12, 18, 25, 35, 50, 70, 100)
PAIRS = [(fast, slow) for fast in LENGTHS for slow in LENGTHS if fast < slow]


def crossings(returns):
    """Return the position of every pair of moving averages, held from the bar after the cross."""
    close = np.cumprod(1 + returns)
    totals = np.concatenate(([0.0], np.cumsum(close)))
    averages = {}
    for n in LENGTHS:
        averages[n] = np.full(len(close), np.nan)
        averages[n][n - 1 :] = (totals[n:] - totals[:-n]) / n
    held = np.zeros((len(returns), len(PAIRS)))
    for i, (fast, slow) in enumerate(PAIRS):
        held[1:, i] = (averages[fast] > averages[slow])[:-1]
    return held


def judged(returns, held, runs=None, **said):
    """Choose the best Sharpe of all runs and put it through every test."""
    runs = held * returns[:, None] if runs is None else runs
    sharpes = runs.mean(axis=0) / runs.std(axis=0, ddof=1)
    best = int(sharpes.argmax())
    return verdict_of(
        deflated_sharpe(runs[:, best], runs.shape[1], trials_variance(sharpes)),
        overfitting_of(runs, 8),
        bootstrap_of(runs[:, best], resamples=200),
        timing_test(held[:, best], returns),
        **said,
    )


def walk(seed, bars=1000):
    return np.random.default_rng(seed).normal(0, 0.01, bars)


def test_on_random_walks_there_is_no_evidence_of_skill():
    verdicts = [judged(walk(seed), crossings(walk(seed))) for seed in range(60)]
    found_none = [v.level == "no evidence" and "no evidence of skill" in v.text for v in verdicts]
    assert np.mean(found_none) >= 0.95


def test_with_the_last_part_kept_unseen_random_walks_look_no_better():
    levels, plain = [], []
    for seed in range(60):
        returns = walk(seed)
        held = crossings(returns)
        runs = held[:700] * returns[:700, None]
        best = int((runs.mean(axis=0) / runs.std(axis=0, ddof=1)).argmax())
        before, after = runs[:, best], held[700:, best] * returns[700:]
        kept = UnseenSharpe(sharpe(before), sharpe(after), "the best did not trade there")
        plain.append(LEVELS.index(judged(returns[:700], held[:700]).level))
        levels.append(LEVELS.index(judged(returns[:700], held[:700], unseen=kept).level))
    assert np.mean([level == 0 for level in levels]) >= 0.95
    assert all(level <= before for level, before in zip(levels, plain, strict=True))


def sharpe(returns):
    spread = returns.std(ddof=1)
    return float(returns.mean() / spread * np.sqrt(252)) if spread else None


@pytest.mark.parametrize(
    ("unseen", "level", "said"),
    [
        (UnseenSharpe(2.0, 1.5, ""), "strong",
         "is 1.50 on the bars kept unseen, after 2.00 in-sample: 75 % of it lasted"),
        (UnseenSharpe(2.0, 1.0, ""), "strong", "50 % of it lasted"),
        (UnseenSharpe(2.0, 0.9, ""), "some", "45 % of it lasted"),
        (UnseenSharpe(2.0, 0.0, ""), "weak", "nothing of it lasted"),
        (UnseenSharpe(2.0, -1.0, ""), "weak", "nothing of it lasted"),
        (UnseenSharpe(2.0, None, "no bars"), "some", "kept unseen confirm nothing: no bars."),
        (UnseenSharpe(None, 2.0, "no trade"), "some", "kept unseen confirm nothing: no trade."),
    ],
)  # fmt: skip
def test_what_the_unseen_bars_left_of_an_edge_limits_the_verdict(unseen, level, said):
    returns, held = planted()
    verdict = judged(returns, held, unseen=unseen)
    assert verdict.level == level
    assert said in verdict.text
    assert judged(returns, held).level == "strong"
    assert (verdict.decisive in verdict.sentences) and (level == "strong" or said in
                                                        verdict.decisive)  # fmt: skip


def planted(seed=0):
    """Return random returns, and runs of which one knows the side of three days in four."""
    returns = walk(seed)
    rng = np.random.default_rng(seed + 1000)
    held = (rng.random((1000, 45)) < 0.5).astype(float)
    held[:, 17] = np.where(rng.random(1000) < 0.75, returns > 0, returns < 0)
    return returns, held


def test_a_planted_edge_is_seen_through_all_the_noise_around_it():
    for seed in range(10):
        verdict = judged(*planted(seed))
        assert verdict.level == "strong"
        assert NO_SKILL not in verdict.text


def test_a_market_that_rises_is_no_skill_of_timing():
    returns = np.random.default_rng(3).normal(0.002, 0.01, 1000)
    held = np.ones((1000, 1))
    verdict = judged(returns, held)
    assert verdict.level == "weak"
    assert "timing is not shown to matter" in verdict.text


@pytest.fixture(scope="module")
def evidence():
    """Return tests that a good run passed: a yearly Sharpe of 3.2 over five years, ten trials."""
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(1260)
    returns = 0.01 * ((noise - noise.mean()) / noise.std(ddof=1) + 0.2)
    runs = rng.normal(0, 0.01, (1260, 10))
    runs[:, 4] = returns
    return {
        "deflated": deflated_sharpe(returns, 10, 0.001),
        "overfitting": overfitting_of(runs, 8),
        "bootstrap": bootstrap_of(returns, resamples=200),
        "timing": timing_test((returns > 0).astype(float), returns),
        "plateau": plateau_of(np.array([0.9, 1.0, 0.9, 0.1, 0.1, 0.1])),
    }


def test_a_run_that_passes_every_test_has_strong_evidence(evidence):
    verdict = verdict_of(**evidence)
    assert verdict.level == "strong"
    assert verdict.sentences == (
        "After 10 trials a Sharpe of 3.17 is more than luck alone would be expected to reach "
        "(expected maximum 0.79) with a probability of 99.9 %.",
        *verdict.sentences[1:5],
        "Taken together: strong evidence of skill in these bars; only new ones can tell whether "
        "it lasts.",
    )


@pytest.mark.parametrize(
    ("test", "changes", "level", "words"),
    [
        ("deflated", {"dsr": 0.949}, "no evidence", "94.9 %, short of 95 %"),
        ("deflated", {"dsr": 0.98}, "some", "98.0 %"),
        ("deflated", {"dsr": None}, "no evidence", "too few"),
        ("deflated", {"sharpe": -0.02}, "no evidence", "no better than doing nothing"),
        ("overfitting", {"pbo": 0.51}, "weak", "51.00 % of the splits: the choice is overfitted"),
        ("overfitting", {"pbo": 0.3}, "some", "doubtful"),
        ("overfitting", {"pbo": None}, "some", "Not tested"),
        ("timing", {"p_value": 0.3}, "weak", "30.00 %"),
        ("timing", {"p_value": None}, "no evidence", "never held"),
        ("plateau", {"lonely": True}, "some", "a lonely peak"),
        ("plateau", {"lonely": None}, "some", "Not tested"),
    ],
)
def test_one_failed_test_is_enough_to_lower_the_verdict(evidence, test, changes, level, words):
    verdict = verdict_of(**evidence | {test: replace(evidence[test], **changes)})
    assert verdict.level == level
    assert words in verdict.text
    assert words in verdict.decisive
    assert (NO_SKILL in verdict.text) == (level == "no evidence")


def test_an_interval_of_the_sharpe_that_holds_zero_is_no_evidence(evidence):
    bootstrap = evidence["bootstrap"]
    around_zero = replace(bootstrap, sharpe=replace(bootstrap.sharpe, p5=-0.31, p95=2.0))
    verdict = verdict_of(**evidence | {"bootstrap": around_zero})
    assert verdict.level == "no evidence"
    assert "from −0.31 to 2.00" in verdict.text
    assert NO_SKILL in verdict.text


def test_what_was_not_tested_is_never_in_favour(evidence):
    assert verdict_of(evidence["deflated"]).level == "some"
    assert verdict_of(evidence["deflated"], evidence["overfitting"]).level == "some"
    single = replace(evidence["deflated"], trials=1, expected_max=0.0)
    assert verdict_of(single, bootstrap=evidence["bootstrap"]).level == "strong"


def test_the_words_for_luck():
    lucky = replace(
        deflated_sharpe(walk(0), 4950, 0.0004),
        sharpe=1.2 / 252**0.5,
        expected_max=1.3 / 252**0.5,
        dsr=0.4,
    )
    assert verdict_of(lucky).sentences[0] == (
        "After 4,950 trials a Sharpe of 1.20 is what luck alone would be expected to reach "
        "(expected maximum 1.30): no evidence of skill."
    )
    short = replace(lucky, sharpe=1.5 / 252**0.5, dsr=0.8, min_track_record=2520.0, count=630)
    assert verdict_of(short).sentences[0] == (
        "After 4,950 trials a Sharpe of 1.50 is more than luck alone would be expected to reach "
        "(expected maximum 1.30) with a probability of 80.0 %, short of 95 % (10.0 years would be "
        "needed, these are 2.5): no evidence of skill."
    )
