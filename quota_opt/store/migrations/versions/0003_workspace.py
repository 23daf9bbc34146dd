"""Planners' own cases in all their versions, what their screens keep, their runs, and the audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables of the workspace."""
    key, digest, moment = sa.String(12), sa.String(64), sa.DateTime(timezone=True)
    op.create_table(
        "own_cases",
        sa.Column("key", key, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.Column("removed", moment),
        sa.PrimaryKeyConstraint("key", name="pk_own_cases"),
    )
    op.create_index("ix_own_cases_owner", "own_cases", ["owner"])
    op.create_table(
        "own_versions",
        sa.Column("case", key, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("saved", moment, nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("warnings", sa.Integer(), nullable=False),
        sa.Column("data", sa.Text()),
        *(sa.Column(name, sa.Integer()) for name in ("first_year", "last_year", "firms", "projects")),
        sa.PrimaryKeyConstraint("case", "number", name="pk_own_versions"),
        sa.ForeignKeyConstraint(["case"], ["own_cases.key"], name="fk_own_versions_case_own_cases", ondelete="CASCADE"),
    )
    op.create_table(
        "own_files",
        sa.Column("case", key, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("blob", digest, nullable=False),
        sa.PrimaryKeyConstraint("case", "version", "name", name="pk_own_files"),
        sa.ForeignKeyConstraint(
            ["case", "version"],
            ["own_versions.case", "own_versions.number"],
            name="fk_own_files_case_own_versions",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["blob"], ["blobs.digest"], name="fk_own_files_blob_blobs"),
    )
    op.create_index("ix_own_files_blob", "own_files", ["blob"])
    op.create_table(
        "kept",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("changed", moment, nullable=False),
        sa.PrimaryKeyConstraint("owner", "name", name="pk_kept"),
    )
    op.create_table(
        "own_variants",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("owner", "case", "name")),
        sa.Column("variant", sa.Text()),
        sa.Column("overrides", sa.JSON(), nullable=False),
        sa.Column("measures", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.PrimaryKeyConstraint("owner", "case", "name", name="pk_own_variants"),
    )
    op.create_table(
        "own_runs",
        sa.Column("job", sa.String(32), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("owner", "case")),
        sa.Column("version", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("title", "label")),
        sa.PrimaryKeyConstraint("job", name="pk_own_runs"),
        sa.ForeignKeyConstraint(["job"], ["jobs.id"], name="fk_own_runs_job_jobs", ondelete="CASCADE"),
    )
    op.create_index("ix_own_runs_owner_case", "own_runs", ["owner", "case"])
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("moment", moment, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("user", "action", "object")),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_moment", "audit", ["moment"])


def downgrade() -> None:
    """Take the workspace away."""
    for table in ("audit", "own_runs", "own_variants", "kept", "own_files", "own_versions", "own_cases"):
        op.drop_table(table)
