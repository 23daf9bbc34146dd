"""Jobs of the HTTP API, and the cases they need."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables of jobs."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "job_cases",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_job_cases"),
    )
    op.create_table(
        "jobs",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("key", sa.Text()),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("case_name", sa.Text(), nullable=False),
        sa.Column("case", sa.String(64)),
        sa.Column("address", sa.String(64)),
        sa.Column("variant", sa.Text()),
        sa.Column("overrides", sa.JSON(), nullable=False),
        sa.Column("profile", sa.JSON()),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("fresh", sa.Boolean(), nullable=False),
        sa.Column("limits", sa.JSON(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("submitted", moment, nullable=False),
        sa.Column("started", moment),
        sa.Column("finished", moment),
        sa.Column("progress", sa.JSON()),
        sa.Column("result", sa.String(64)),
        sa.Column("reused", sa.Boolean(), nullable=False),
        sa.Column("ending", sa.JSON()),
        sa.Column("error", sa.JSON()),
        sa.Column("comparison", sa.JSON()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("server", sa.Text()),
        sa.Column("heartbeat", moment),
        sa.Column("cancelling", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_jobs"),
        sa.UniqueConstraint("id", name="uq_jobs_id"),
        sa.UniqueConstraint("owner", "key", name="uq_jobs_owner_key"),
        sa.ForeignKeyConstraint(["case"], ["job_cases.digest"], name="fk_jobs_case_job_cases", ondelete="SET NULL"),
    )
    op.create_index("ix_jobs_state", "jobs", ["state"])
    op.create_index("ix_jobs_case", "jobs", ["case"])


def downgrade() -> None:
    """Take the jobs away."""
    op.drop_table("jobs")
    op.drop_table("job_cases")
