"""The core tables: instruments, prices, events and saved backtests."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
INDICATORS = [
    "ma20",
    "ma50",
    "ema_fast",
    "ema_slow",
    "macd",
    "macd_signal",
    "bb_mid",
    "bb_upper",
    "bb_lower",
    "rsi",
    "atr",
    "tr",
    "ath",
    "supertrend",
    "supertrend_upper",
    "supertrend_lower",
]


def upgrade() -> None:
    """Create the tables."""
    _create_instruments()
    _create_prices()
    _create_events()
    _create_runs()


def downgrade() -> None:
    """Remove the tables with all they hold."""
    for table in (
        "backtest_series",
        "backtest_runs",
        "external_signals",
        "symbol_events",
        "market_events",
        "market_prices",
        "instruments",
    ):
        op.drop_table(table)


def _create_instruments() -> None:
    op.create_table(
        "instruments",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("symbol", sa.String(32), nullable=False),
        sa.Column("name", sa.String(200)),
        sa.Column("asset_class", sa.String(32)),
        sa.Column("exchange", sa.String(32)),
        sa.Column("currency", sa.String(8)),
        sa.Column("timezone", sa.String(64)),
        sa.Column("con_id", sa.Integer),
        sa.Column("tick_size", sa.Double),
        sa.Column("sector", sa.String(100)),
        sa.Column("industry", sa.String(100)),
        sa.Column("contract_spec", sa.JSON),
        sa.PrimaryKeyConstraint("id", name="pk_instruments"),
        sa.UniqueConstraint("symbol", name="uq_instruments_symbol"),
    )


def _create_prices() -> None:
    op.create_table(
        "market_prices",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("symbol", sa.String(32), nullable=False),
        sa.Column("resolution", sa.String(8), nullable=False),
        sa.Column("ts", MOMENT, nullable=False),
        *(sa.Column(name, sa.Double, nullable=False) for name in ("open", "high", "low", "close")),
        sa.Column("volume", sa.Double),
        *(sa.Column(name, sa.Double) for name in INDICATORS),
        sa.Column("supertrend_trend", sa.SmallInteger),
        sa.PrimaryKeyConstraint("id", name="pk_market_prices"),
        sa.ForeignKeyConstraint(
            ["symbol"], ["instruments.symbol"], name="fk_market_prices_symbol_instruments"
        ),
        sa.UniqueConstraint(
            "symbol", "resolution", "ts", name="uq_market_prices_symbol_resolution_ts"
        ),
    )


def _create_events() -> None:
    op.create_table(
        "market_events",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("event_type", sa.String(64), nullable=False),
        sa.Column("value", sa.Double),
        sa.Column("description", sa.Text),
        sa.Column("details", sa.JSON),
        sa.PrimaryKeyConstraint("id", name="pk_market_events"),
    )
    op.create_index("ix_market_events_date", "market_events", ["date"])
    op.create_table(
        "symbol_events",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("symbol", sa.String(32), nullable=False),
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("event_type", sa.String(64), nullable=False),
        sa.Column("value", sa.Double),
        sa.Column("details", sa.JSON),
        sa.PrimaryKeyConstraint("id", name="pk_symbol_events"),
    )
    op.create_index("ix_symbol_events_symbol_date", "symbol_events", ["symbol", "date"])
    op.create_table(
        "external_signals",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("symbol", sa.String(32)),
        sa.Column("category", sa.String(64), nullable=False),
        sa.Column("event_type", sa.String(64), nullable=False),
        sa.Column("severity", sa.String(32)),
        sa.Column("value", sa.Double),
        sa.Column("description", sa.Text),
        sa.Column("details", sa.JSON),
        sa.PrimaryKeyConstraint("id", name="pk_external_signals"),
    )
    op.create_index("ix_external_signals_date", "external_signals", ["date"])
    op.create_index("ix_external_signals_symbol", "external_signals", ["symbol"])


def _create_runs() -> None:
    op.create_table(
        "backtest_runs",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("name", sa.String(200)),
        sa.Column("symbol", sa.String(32), nullable=False),
        sa.Column("resolution", sa.String(8), nullable=False),
        sa.Column("strategy", sa.String(100), nullable=False),
        sa.Column("params", sa.JSON, nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("start", MOMENT, nullable=False),
        sa.Column("end", MOMENT, nullable=False),
        sa.Column("bars", sa.Integer, nullable=False),
        sa.Column("metrics", sa.JSON, nullable=False),
        sa.Column("benchmark_metrics", sa.JSON, nullable=False),
        sa.Column("trades", sa.JSON, nullable=False),
        sa.Column("versions", sa.JSON, nullable=False),
        sa.Column("metrics_version", sa.Integer, nullable=False),
        sa.Column("bars_hash", sa.String(64), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_backtest_runs"),
    )
    op.create_index("ix_backtest_runs_fingerprint", "backtest_runs", ["fingerprint"], unique=True)
    op.create_index("ix_backtest_runs_created_at", "backtest_runs", ["created_at"])
    op.create_table(
        "backtest_series",
        sa.Column("run_id", sa.Integer, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_backtest_series"),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["backtest_runs.id"],
            name="fk_backtest_series_run_id_backtest_runs",
            ondelete="CASCADE",
        ),
    )
