"""Runs in sight, by symbol and strategy: lists and filters need not read every run."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NAME = "ix_backtest_runs_deleted_at_symbol_strategy"


def upgrade() -> None:
    """Create the index."""
    op.create_index(NAME, "backtest_runs", ["deleted_at", "symbol", "strategy"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index(NAME, "backtest_runs")
