"""Cases, runs, their measures and files, tags and baselines."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _reference(column: str, target: str, table: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{target.split('.', maxsplit=1)[0]}"
    return sa.ForeignKeyConstraint([column], [target], name=name, ondelete=ondelete)


def upgrade() -> None:
    """Make the tables of the first store."""
    digest = sa.String(64)
    moment = sa.DateTime(timezone=True)
    counted = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "blobs",
        sa.Column("digest", digest, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_blobs"),
    )
    op.create_table(
        "cases",
        sa.Column("digest", digest, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("data", sa.Text()),
        sa.Column("first_year", sa.Integer()),
        sa.Column("last_year", sa.Integer()),
        sa.Column("documents", sa.JSON(), nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_cases"),
    )
    op.create_table(
        "case_files",
        sa.Column("case", digest, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("blob", digest, nullable=False),
        sa.PrimaryKeyConstraint("case", "name", name="pk_case_files"),
        _reference("case", "cases.digest", "case_files", "CASCADE"),
        _reference("blob", "blobs.digest", "case_files"),
    )
    op.create_table(
        "runs",
        sa.Column("address", digest, nullable=False),
        sa.Column("case", digest),
        sa.Column("case_name", sa.Text()),
        sa.Column("variant", sa.Text()),
        sa.Column("overrides", sa.JSON(), nullable=False),
        sa.Column("profile", sa.JSON(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("exit_code", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Double()) for name in ("objective", "bound", "gap", "seconds", "peak_mb")),
        *(sa.Column(name, sa.Text()) for name in ("reason_zh", "reason_en")),
        *(sa.Column(name, sa.Text()) for name in ("engine", "engine_version", "program_version")),
        sa.Column("created", moment, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("batch", sa.Text()),
        sa.Column("parent", sa.Text()),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("address", name="pk_runs"),
        _reference("case", "cases.digest", "runs"),
    )
    op.create_table(
        "run_files",
        sa.Column("run", digest, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("blob", digest, nullable=False),
        sa.PrimaryKeyConstraint("run", "name", name="pk_run_files"),
        _reference("run", "runs.address", "run_files", "CASCADE"),
        _reference("blob", "blobs.digest", "run_files"),
    )
    op.create_table(
        "measures",
        sa.Column("id", counted, nullable=False),
        sa.Column("run", digest, nullable=False),
        sa.Column("place", sa.Text()),
        sa.Column("year", sa.Integer()),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("value", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_measures"),
        _reference("run", "runs.address", "measures", "CASCADE"),
    )
    op.create_table(
        "tags",
        sa.Column("run", digest, nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run", "tag", name="pk_tags"),
        _reference("run", "runs.address", "tags", "CASCADE"),
    )
    op.create_table(
        "pins",
        sa.Column("id", counted, nullable=False),
        sa.Column("case", digest, nullable=False),
        sa.Column("run", digest, nullable=False),
        sa.Column("pinned", moment, nullable=False),
        sa.Column("unpinned", moment),
        sa.PrimaryKeyConstraint("id", name="pk_pins"),
        _reference("case", "cases.digest", "pins", "CASCADE"),
        _reference("run", "runs.address", "pins", "CASCADE"),
    )
    for table, column in INDEXED:
        op.create_index(f"ix_{table}_{column}", table, [column])
    current = sa.text("unpinned IS NULL")
    op.create_index("uq_pins_case", "pins", ["case"], unique=True, sqlite_where=current, postgresql_where=current)


INDEXED = (
    ("case_files", "blob"),
    ("runs", "case"),
    ("runs", "status"),
    ("runs", "created"),
    ("runs", "batch"),
    ("run_files", "blob"),
    ("measures", "run"),
    ("tags", "tag"),
    ("pins", "run"),
)


def downgrade() -> None:
    """Take all tables away."""
    for table in ("pins", "tags", "measures", "run_files", "runs", "case_files", "cases", "blobs"):
        op.drop_table(table)
