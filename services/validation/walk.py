"""What a walk-forward's one curve of unseen bars is worth: its tests, and the verdict in words."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from services.backtest.trades import OPEN
from services.look_ahead import LookAhead
from services.optimise.walked import WalkForward
from services.sampling import calendar_of
from services.validation.bootstrap import bootstrap_of
from services.validation.sharpe import (
    DeflatedSharpe,
    SharpeMoments,
    deflated_of,
    sharpe_moments,
)
from services.validation.shuffle import resample_trades, timing_test
from services.validation.spread import Spread
from services.validation.verdict import (
    NO_SKILL,
    NONE,
    SOME,
    STRONG,
    Finding,
    Verdict,
    judged,
    of_interval,
    of_kept,
    of_look_ahead,
    of_luck,
    of_timing,
)
from services.wording import counted, grouped

FEWEST_WINDOWS = 4


@dataclass(frozen=True)
class Interval:
    """Where a number lies in nine of ten resamples, and its median; None where undefined."""

    p5: float | None
    median: float | None
    p95: float | None

    @classmethod
    def of(cls, spread: Spread) -> "Interval":
        """Keep three quantiles of a spread."""
        return cls(spread.p5, spread.median, spread.p95)


@dataclass(frozen=True)
class WalkTests:
    """The tests of a walk-forward that no later trial changes, few enough to be stored.

    `count` returns give the Sharpe; `moments` is None where they are too few or do not vary.
    Spreads are of the returns redrawn in blocks, but for `trades_return` and `trades_drawdown`,
    which are of the `trades` closed trades redrawn. `before` and `after` are the mean Sharpe
    ratios of the windows in-sample and out-of-sample, `profitable` of `windows` gained; in
    `failed` of them the rule raised and the curve stayed in cash.
    """

    count: int
    periods_a_year: int
    moments: SharpeMoments | None
    sharpe: Interval
    total_return: Interval
    max_drawdown: Interval
    probability_of_loss: float | None
    trades: int
    trades_return: Interval
    trades_drawdown: Interval
    timing_p_value: float | None
    windows: int
    profitable: int
    before: float | None
    after: float | None
    look_ahead: LookAhead
    failed: int = 0

    @property
    def kept(self) -> float | None:
        """The part of the Sharpe in-sample that was left; None where there was none to keep."""
        if self.before is None or self.after is None or self.before <= 0:
            return None
        return self.after / self.before

    def as_record(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return asdict(self) | {"look_ahead": self.look_ahead.as_record()}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "WalkTests":
        """Read what as_record wrote."""
        intervals = {
            name: Interval(**value)
            for name, value in record.items()
            if cls.__annotations__[name] is Interval
        }
        moments = record["moments"]
        return cls(
            **dict(record)
            | intervals
            | {
                "moments": None if moments is None else SharpeMoments(**moments),
                "look_ahead": LookAhead.from_record(record["look_ahead"]),
            }
        )


def walk_tests(walk: WalkForward, look_ahead: LookAhead, timezone: str = "UTC") -> WalkTests:
    """Put the stitched curve of a walk-forward through the tests."""
    run, calendar = walk.run, calendar_of(walk.run.bars["ts"], timezone)
    a = calendar.periods_a_year
    equity = np.append(walk.settings.cash, run.equity.to_numpy()[calendar.ends])
    returns = equity[1:] / equity[:-1] - 1.0
    redrawn = bootstrap_of(returns, a)
    closed = run.trades.loc[run.trades["exit_reason"] != OPEN, "return"].to_numpy(np.float64)
    trades = resample_trades(closed)
    both = [
        (window.in_sample["sharpe"], window.out_of_sample["sharpe"])
        for window in walk.windows
        if window.in_sample and window.out_of_sample
    ]
    known = [pair for pair in both if None not in pair]
    return WalkTests(
        count=len(returns),
        periods_a_year=a,
        moments=sharpe_moments(returns),
        sharpe=Interval.of(redrawn.sharpe),
        total_return=Interval.of(redrawn.total_return),
        max_drawdown=Interval.of(redrawn.max_drawdown),
        probability_of_loss=redrawn.probability_of_loss,
        trades=len(closed),
        trades_return=Interval.of(trades.total_return),
        trades_drawdown=Interval.of(trades.max_drawdown),
        timing_p_value=_timing(walk),
        windows=len(walk.windows),
        profitable=sum(window.gained for window in walk.windows),
        before=_mean([before for before, _ in known]),
        after=_mean([after for _, after in known]),
        look_ahead=look_ahead,
        failed=sum(window.is_failed for window in walk.windows),
    )


def walk_verdict(tests: WalkTests, walks: int, beside: int) -> tuple[DeflatedSharpe, Verdict]:
    """Judge by the worst of the tests.

    `walks` walk-forwards of the strategy on the series count as trials: what a window chose on
    bars before its test is no trial on it. But whoever tried combinations on all bars at once
    (`beside` of them) may have seen the tests: then the verdict is at most some. So it is after
    fewer than four windows, when half of the Sharpe in-sample is lost, the rule failed in a
    window or no look-ahead could be checked; at most weak when none of it is left or random timing
    does as well.
    """
    deflated = deflated_of(tests.moments, tests.count, max(walks, 1))
    findings = [
        *of_look_ahead(tests.look_ahead),
        of_luck(deflated, tests.periods_a_year, _after(deflated.trials)),
        of_interval(tests.sharpe),
        of_timing(tests.timing_p_value),
        _of_loss(tests),
        _of_windows(tests),
    ]
    if tests.failed:
        findings.append(_of_failures(tests))
    if beside:
        findings.append(_of_seen(beside))
    return deflated, judged(findings)


def _after(walks: int) -> str:
    if walks == 1:
        return "On bars that the choice had not seen,"
    return f"On bars that the choice had not seen, after {walks:,} walk-forwards,"


def _of_loss(tests: WalkTests) -> Finding:
    if tests.before is None or tests.after is None:
        return Finding(NONE, f"No window has a Sharpe before and after: {NO_SKILL}.")
    fact = (
        f"The choices had a Sharpe of {grouped(tests.before, 2)} in-sample and of "
        f"{grouped(tests.after, 2)} afterwards, on average"
    )
    return of_kept(fact, tests.before, tests.after)


def _of_windows(tests: WalkTests) -> Finding:
    fact = f"{tests.profitable} of {counted(tests.windows, 'window')} ended with a profit"
    if tests.windows < FEWEST_WINDOWS:
        return Finding(SOME, f"{fact}: too few windows to tell more.")
    return Finding(STRONG if 2 * tests.profitable > tests.windows else SOME, f"{fact}.")


def _of_failures(tests: WalkTests) -> Finding:
    return Finding(
        SOME,
        f"The rule failed in {tests.failed} of {counted(tests.windows, 'window')}: what it would "
        "have lost there is in none of these numbers.",
    )


def _of_seen(beside: int) -> Finding:
    were = "was" if beside == 1 else "were"
    return Finding(
        SOME,
        f"In other studies and runs {counted(beside, 'combination')} {were} tried on this series: "
        "where what came of it led to this one, its tests were not unseen.",
    )


def _timing(walk: WalkForward) -> float | None:
    """Hold what was held at each close against the move to the next; windows end flat."""
    run = walk.run
    held = np.array(run.position, dtype=np.float64)
    ends = np.searchsorted(run.bars["ts"], [window.test_end for window in walk.windows[:-1]])
    held[ends] = 0.0
    close = run.bars["close"].to_numpy()
    return timing_test(held[:-1], close[1:] / close[:-1] - 1.0).p_value


def _mean(values: list[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None
