"""Studies: their best value in lists, what each goes on from, and a walk-forward's curves."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table; studies from before have none of it.

    Searches and walk-forwards that were stopped begin anew, as there is nothing to go on from.
    """
    op.execute(
        "DELETE FROM study_chunks WHERE study_id IN (SELECT id FROM studies "
        "WHERE method IN ('search', 'walk_forward') AND state <> 'done')"
    )
    op.add_column("studies", sa.Column("best", sa.Float))
    op.add_column("study_chunks", sa.Column("state", sa.LargeBinary))
    op.create_table(
        "study_series",
        sa.Column(
            "study_id",
            sa.Integer,
            sa.ForeignKey("studies.id", ondelete="CASCADE"),
            nullable=False,
            autoincrement=False,
        ),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("study_id", name="pk_study_series"),
    )


def downgrade() -> None:
    """Remove them with all they hold."""
    op.drop_table("study_series")
    op.drop_column("study_chunks", "state")
    op.drop_column("studies", "best")
