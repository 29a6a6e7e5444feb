"""Whether a result is more than luck: the tests that a chosen run has to pass.

Functions without a database, of arrays of returns or of a run that can be traded again. Fractions
and never percent; None where something is undefined, which is never a sign of skill.
"""

from services.validation.bootstrap import (
    BlockLength,
    Bootstrap,
    bootstrap_of,
    optimal_block_length,
)
from services.validation.kfold import FoldScore, FoldTest, fold_test
from services.validation.overfitting import (
    BlockSums,
    Overfitting,
    block_sums,
    overfitting_of,
    overfitting_of_blocks,
)
from services.validation.sharpe import (
    DeflatedSharpe,
    SharpeMoments,
    deflated_sharpe,
    expected_max_sharpe,
    luck_variance,
    min_track_record,
    probabilistic_sharpe,
    sharpe_moments,
    trials_variance,
)
from services.validation.shuffle import (
    TimingTest,
    TradeResample,
    TradeShuffle,
    resample_trades,
    shuffle_trades,
    timing_test,
)
from services.validation.spread import Bands, Spread
from services.validation.stress import Stress, StressRow, stress_of
from services.validation.verdict import LEVELS, NO_SKILL, UnseenSharpe, Verdict, verdict_of

__all__ = [
    "LEVELS",
    "NO_SKILL",
    "Bands",
    "BlockLength",
    "BlockSums",
    "Bootstrap",
    "DeflatedSharpe",
    "FoldScore",
    "FoldTest",
    "Overfitting",
    "SharpeMoments",
    "Spread",
    "Stress",
    "StressRow",
    "TimingTest",
    "TradeResample",
    "TradeShuffle",
    "UnseenSharpe",
    "Verdict",
    "block_sums",
    "bootstrap_of",
    "deflated_sharpe",
    "expected_max_sharpe",
    "fold_test",
    "luck_variance",
    "min_track_record",
    "optimal_block_length",
    "overfitting_of",
    "overfitting_of_blocks",
    "probabilistic_sharpe",
    "resample_trades",
    "sharpe_moments",
    "shuffle_trades",
    "stress_of",
    "timing_test",
    "trials_variance",
    "verdict_of",
]
