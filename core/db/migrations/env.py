"""Alembic's entry: runs the scripts on the connection that core.db.migrate hands over."""

from alembic import context

from core.db.tables import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
