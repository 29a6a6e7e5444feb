"""What its owner says of a run: notes, tags, favourite, deleted; and the look-ahead check."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the columns and the table of tags; runs of before have none of it."""
    for column in (
        sa.Column("notes", sa.Text),
        sa.Column("favourite", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("deleted_at", MOMENT),
        sa.Column("look_ahead", sa.JSON(none_as_null=True)),
    ):
        op.add_column("backtest_runs", column)
    op.create_table(
        "run_tags",
        sa.Column(
            "run_id",
            sa.Integer,
            sa.ForeignKey("backtest_runs.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("tag", sa.String(40), primary_key=True),
    )
    op.create_index("ix_run_tags_tag", "run_tags", ["tag"])


def downgrade() -> None:
    """Remove them; the runs stay."""
    op.drop_table("run_tags")
    # Not as a copy of the table: dropping the old one would take the runs' series with it.
    for name in ("look_ahead", "deleted_at", "favourite", "notes"):
        op.drop_column("backtest_runs", name)
