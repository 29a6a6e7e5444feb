"""Series, quarantine and jobs: what is known of stored bars, and work that outlives a request."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
ACTIVE = sa.text("state IN ('queued', 'running')")
PRICES = ("open", "high", "low", "close")


def upgrade() -> None:
    """Create the tables and count the bars that are stored already."""
    _create_series()
    _create_staging()
    _create_quarantine()
    _create_jobs()
    op.execute(
        "INSERT INTO price_series (symbol, resolution, first, last, bars) "
        "SELECT symbol, resolution, min(ts), max(ts), count(*) FROM market_prices "
        "GROUP BY symbol, resolution"
    )


def downgrade() -> None:
    """Remove the tables; the bars stay."""
    for table in (
        "leases",
        "broker_requests",
        "jobs",
        "accepted_findings",
        "quarantined_bars",
        "update_schedules",
        "staged_histories",
        "staged_bars",
        "price_series",
    ):
        op.drop_table(table)


def _create_series() -> None:
    op.create_table(
        "price_series",
        sa.Column("symbol", sa.String(32), nullable=False),
        sa.Column("resolution", sa.String(8), nullable=False),
        sa.Column("first", MOMENT),
        sa.Column("last", MOMENT),
        sa.Column("bars", sa.Integer, nullable=False),
        sa.Column("stale_from", MOMENT),
        sa.Column("source", sa.String(32)),
        sa.Column("adjustment", sa.String(32)),
        sa.Column("regular_hours", sa.Boolean),
        sa.Column("coverage", sa.Double),
        sa.Column("updated_at", MOMENT),
        sa.PrimaryKeyConstraint("symbol", "resolution", name="pk_price_series"),
        sa.ForeignKeyConstraint(
            ["symbol"],
            ["instruments.symbol"],
            name="fk_price_series_symbol_instruments",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "update_schedules",
        sa.Column("symbol", sa.String(32), nullable=False),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.Column("last_session", sa.Date),
        sa.PrimaryKeyConstraint("symbol", name="pk_update_schedules"),
        sa.ForeignKeyConstraint(
            ["symbol"],
            ["instruments.symbol"],
            name="fk_update_schedules_symbol_instruments",
            ondelete="CASCADE",
        ),
    )


def _create_staging() -> None:
    op.create_table(
        "staged_bars",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("symbol", sa.String(32), nullable=False),
        sa.Column("resolution", sa.String(8), nullable=False),
        sa.Column("ts", MOMENT, nullable=False),
        *(sa.Column(name, sa.Double, nullable=False) for name in PRICES),
        sa.Column("volume", sa.Double),
        sa.PrimaryKeyConstraint("id", name="pk_staged_bars"),
        sa.UniqueConstraint(
            "symbol", "resolution", "ts", name="uq_staged_bars_symbol_resolution_ts"
        ),
    )
    op.create_table(
        "staged_histories",
        sa.Column("symbol", sa.String(32), nullable=False),
        sa.Column("resolution", sa.String(8), nullable=False),
        sa.Column("start", MOMENT, nullable=False),
        sa.Column("reached", MOMENT, nullable=False),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("details", sa.JSON),
        sa.PrimaryKeyConstraint("symbol", "resolution", name="pk_staged_histories"),
    )


def _create_quarantine() -> None:
    op.create_table(
        "quarantined_bars",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("symbol", sa.String(32), nullable=False),
        sa.Column("resolution", sa.String(8), nullable=False),
        sa.Column("ts", MOMENT),
        *(sa.Column(name, sa.Double) for name in (*PRICES, "volume")),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("source", sa.String(32)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_quarantined_bars"),
        sa.UniqueConstraint("digest", name="uq_quarantined_bars_digest"),
    )
    op.create_index(
        "ix_quarantined_bars_symbol_resolution_ts",
        "quarantined_bars",
        ["symbol", "resolution", "ts"],
    )
    op.create_table(
        "accepted_findings",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("symbol", sa.String(32), nullable=False),
        sa.Column("resolution", sa.String(8), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("start", MOMENT, nullable=False),
        sa.Column("accepted_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accepted_findings"),
        sa.UniqueConstraint(
            "symbol",
            "resolution",
            "kind",
            "start",
            name="uq_accepted_findings_symbol_resolution_kind_start",
        ),
    )


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("arguments", sa.JSON, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("queue", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("progress", sa.Double),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("result", sa.JSON),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("worker", sa.String(200)),
        sa.Column("cancel_requested", sa.Boolean, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT),
        sa.Column("heartbeat", MOMENT),
        sa.Column("finished_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    op.create_index(
        "uq_jobs_active_fingerprint",
        "jobs",
        ["fingerprint"],
        unique=True,
        sqlite_where=ACTIVE,
        postgresql_where=ACTIVE,
    )
    op.create_index("ix_jobs_state_heartbeat", "jobs", ["state", "heartbeat"])
    op.create_index("ix_jobs_created_at", "jobs", ["created_at"])
    op.create_table(
        "broker_requests",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("contract", sa.String(64), nullable=False),
        sa.Column("request", sa.String(64), nullable=False),
        sa.Column("weight", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_broker_requests"),
    )
    op.create_index("ix_broker_requests_made_at", "broker_requests", ["made_at"])
    op.create_table(
        "leases",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
