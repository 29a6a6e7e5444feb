"""What the tests come to, in plain words, and never in better ones than the worst of them."""

import math
from dataclasses import dataclass
from typing import Literal

from services.look_ahead import LookAhead
from services.optimise.plateau import Plateau
from services.validation.bootstrap import Bootstrap
from services.validation.overfitting import Overfitting
from services.validation.sharpe import CONFIDENCE, DeflatedSharpe
from services.validation.shuffle import TimingTest
from services.validation.spread import Spread
from services.validation.stress import Stress
from services.wording import grouped, percent_text

Level = Literal["no evidence", "weak", "some", "strong"]
LEVELS: tuple[Level, ...] = ("no evidence", "weak", "some", "strong")
NO_SKILL = "no evidence of skill"
NONE, WEAK, SOME, STRONG = range(4)
_STRONG_CONFIDENCE = 0.99
_MOST_YEARS = 100  # more is nobody's to wait for
_OVERFITTED, _DOUBTFUL = 0.5, 0.2
_BY_CHANCE = 0.05
_MUCH_LOST = 0.5  # of the Sharpe in-sample
_CONCLUSIONS = {
    WEAK: "Taken together: weak evidence of skill.",
    SOME: "Taken together: some evidence of skill.",
    STRONG: "Taken together: strong evidence of skill in these bars; only new ones can tell "
    "whether it lasts.",
}


@dataclass(frozen=True)
class Verdict:
    """How much the evidence is worth, and a sentence for every test that was made.

    `decisive` is the first of them that keeps the level from being better.
    """

    level: Level
    sentences: tuple[str, ...]
    decisive: str

    @property
    def text(self) -> str:
        """Return the sentences as one paragraph."""
        return " ".join(self.sentences)


@dataclass(frozen=True)
class UnseenSharpe:
    """The yearly Sharpe of a choice before and on bars kept unseen; `why` one of them is missing.

    Half of it is asked to last, as of a walk-forward: of the best of many some loss is to be
    expected, but where most of it is gone, most of it was luck.
    """

    before: float | None
    after: float | None
    why: str


@dataclass(frozen=True)
class Finding:
    """One test's word: evidence is at most of the level `cap`."""

    cap: int
    sentence: str


def verdict_of(
    deflated: DeflatedSharpe,
    overfitting: Overfitting | None = None,
    bootstrap: Bootstrap | None = None,
    timing: TimingTest | None = None,
    plateau: Plateau | None = None,
    *,
    stress: Stress | None = None,
    look_ahead: LookAhead | None = None,
    unseen: UnseenSharpe | None = None,
    periods_a_year: int = 252,
) -> Verdict:
    """Judge by the worst of the tests; what was not tested is never in a run's favour.

    No evidence: a rule that looks ahead, a deflated Sharpe ratio under 95 %, or a bootstrap
    interval of the Sharpe that is not all above zero. At most weak: overfitted by more than half
    (PBO), random timing does as well more often than 5 %, or nothing of the Sharpe was left on
    bars that were kept unseen. At most some: less than half of it was left there, or it has none;
    PBO above 20 %, a lonely peak, a deflated Sharpe ratio under 99 %, a profit that is gone when
    orders are filled otherwise, a look-ahead that could not be checked, or no bootstrap, or no PBO
    for a run chosen from several.
    """
    findings = [] if look_ahead is None else of_look_ahead(look_ahead)
    subject = _trials(deflated.trials)
    findings.append(of_luck(deflated, periods_a_year, subject))
    findings.append(of_interval(bootstrap.sharpe if bootstrap else None))
    if overfitting is not None or deflated.trials > 1:
        findings.append(_of_choice(overfitting))
    if timing is not None:
        findings.append(of_timing(timing.p_value))
    if plateau is not None and plateau.peak is not None:
        findings.append(_of_neighbours(plateau))
    if stress is not None:
        findings.append(Finding(SOME if stress.loses else STRONG, stress.text))
    if unseen is not None:
        findings.append(_of_unseen(unseen))
    return judged(findings)


def judged(findings: list[Finding]) -> Verdict:
    """Sum up findings: no better than the worst of them."""
    level = min(finding.cap for finding in findings)
    sentences = [finding.sentence for finding in findings]
    if level > NONE:
        sentences.append(_CONCLUSIONS[level])
    decisive = next(finding.sentence for finding in findings if finding.cap == level)
    return Verdict(LEVELS[level], tuple(sentences), decisive)


def of_look_ahead(found: LookAhead) -> list[Finding]:
    """Say what the look-ahead check allows; nothing of a rule that passed it."""
    if found.status == "passed":
        return []
    if found.status == "peeks":
        return [Finding(NONE, f"The strategy looks ahead: {NO_SKILL}.")]
    return [Finding(SOME, "Not tested: whether the strategy looks ahead.")]


def of_luck(found: DeflatedSharpe, a: int, after: str) -> Finding:
    """Hold a Sharpe ratio against luck; `after` begins the sentence and says after what."""
    if found.dsr is None or found.sharpe is None or found.expected_max is None:
        return Finding(
            NONE, f"The returns are too few or vary too little to judge a Sharpe: {NO_SKILL}."
        )
    sharpe = grouped(found.sharpe * math.sqrt(a), 2)
    best_of_luck = grouped(found.expected_max * math.sqrt(a), 2)
    if found.sharpe <= 0:
        return Finding(NONE, f"A Sharpe of {sharpe} is no better than doing nothing: {NO_SKILL}.")
    several = found.trials > 1
    subject = f"{after} a Sharpe of {sharpe}"
    if several and found.sharpe <= found.expected_max:
        return Finding(
            NONE,
            f"{subject} is what luck alone would be expected to reach (expected maximum "
            f"{best_of_luck}): {NO_SKILL}.",
        )
    claim = (
        f"is more than luck alone would be expected to reach (expected maximum {best_of_luck})"
        if several
        else "is above zero"
    )
    sure = f"{subject} {claim} with a probability of {probability_text(found.dsr)}"
    if found.dsr < CONFIDENCE:
        return Finding(NONE, f"{sure}, short of 95 %{_patience(found, a)}: {NO_SKILL}.")
    return Finding(STRONG if found.dsr >= _STRONG_CONFIDENCE else SOME, f"{sure}.")


def _trials(count: int) -> str:
    return f"After {grouped(count, 0)} trials" if count > 1 else "In a single trial"


def _patience(found: DeflatedSharpe, a: int) -> str:
    if found.min_track_record is None:
        return ""
    needed, had = found.min_track_record / a, found.count / a
    years = grouped(needed, 1) if needed < _MOST_YEARS else f"more than {_MOST_YEARS}"
    return f" ({years} years would be needed, these are {grouped(had, 1)})"


def of_kept(fact: str, before: float, after: float) -> Finding:
    """Judge what was left of a Sharpe in-sample; `fact` begins the sentence and names both."""
    if after <= 0:
        return Finding(WEAK, f"{fact}: nothing of it lasted.")
    if before <= 0:
        return Finding(SOME, f"{fact}: nothing was promised, so that nothing is confirmed.")
    share = after / before
    lasted = f"{fact}: {100 * share:.0f} % of it lasted."
    return Finding(SOME if share < _MUCH_LOST else STRONG, lasted)


def _of_unseen(found: UnseenSharpe) -> Finding:
    if found.before is None or found.after is None:
        return Finding(SOME, f"The bars kept unseen confirm nothing: {found.why}.")
    return of_kept(
        f"The Sharpe of the best is {grouped(found.after, 2)} on the bars kept unseen, after "
        f"{grouped(found.before, 2)} in-sample",
        found.before,
        found.after,
    )


def of_interval(found: Spread | None) -> Finding:
    """Judge where the yearly Sharpe ratio of the redrawn returns lies."""
    if found is None:
        return Finding(SOME, "Not tested: how far the Sharpe moves when the returns are redrawn.")
    low, high = found.p5, found.p95
    if low is None or high is None:
        return Finding(NONE, f"Redrawn in blocks, the returns have no Sharpe: {NO_SKILL}.")
    interval = (
        f"Redrawn in blocks, the same returns give a Sharpe from {grouped(low, 2)} to "
        f"{grouped(high, 2)} in nine of ten cases"
    )
    if low <= 0:
        return Finding(NONE, f"{interval}, which is not all above zero: {NO_SKILL}.")
    return Finding(STRONG, f"{interval}, all above zero.")


def _of_choice(found: Overfitting | None) -> Finding:
    if found is None or found.pbo is None:
        return Finding(SOME, "Not tested: whether the best on some bars is good on the others.")
    fact = (
        f"The best configuration on half of the bars came out in the lower half on the others in "
        f"{percent_text(found.pbo)} of the splits"
    )
    if found.pbo > _OVERFITTED:
        return Finding(WEAK, f"{fact}: the choice is overfitted.")
    if found.pbo > _DOUBTFUL:
        return Finding(SOME, f"{fact}: the choice is doubtful.")
    return Finding(STRONG, f"{fact}: the choice holds.")


def of_timing(p_value: float | None) -> Finding:
    """Judge how often random timing did as well; None where nothing was held."""
    if p_value is None:
        return Finding(NONE, f"The run never held a position: {NO_SKILL}.")
    share = percent_text(p_value)
    fact = f"Random timing with the same exposure did as well in {share} of all cases"
    if p_value > _BY_CHANCE:
        return Finding(WEAK, f"{fact}: timing is not shown to matter.")
    return Finding(STRONG, f"{fact}: the timing counts.")


def _of_neighbours(found: Plateau) -> Finding:
    peak, best = found.peak, found.best
    around = "has no neighbours" if peak.around is None else f"has {grouped(peak.around, 2)} around"
    fact = f"The best cell ({grouped(peak.value, 2)}) {around}"
    if found.lonely is None:
        return Finding(SOME, "Not tested: whether the neighbours of the best cell are good, too.")
    if found.lonely:
        return Finding(
            SOME,
            f"{fact}: a lonely peak; the best neighbourhood has {grouped(best.mean, 2)}.",
        )
    return Finding(STRONG, f"{fact}: it stands on a plateau.")


def probability_text(value: float) -> str:
    """Write a probability in percent, rounded down and never as certainty."""
    return f"{min(math.floor(value * 1000) / 10, 99.9):.1f} %"
