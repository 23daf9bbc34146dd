"""How Alembic runs the revisions: on the connection, and in the transaction, that `Store.open` hands over."""

from alembic import context

from quota_opt.store import jobs, workspace_tables  # noqa: F401 - their tables belong to the metadata
from quota_opt.store.schema import VERSION_TABLE, Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
