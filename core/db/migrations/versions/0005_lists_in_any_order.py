"""What lists sort predictions by, kept with each of them and held in order by indexes."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SECONDS = {
    "sqlite": "(julianday(finished_at) - julianday(started_at)) * 86400.0",
    "postgresql": "extract(epoch from (finished_at - started_at))",
}
OF_UPLOAD = (
    "UPDATE predictions SET n_rows = (SELECT n_rows FROM uploads WHERE uploads.id = predictions.upload_id)"
)
OF_RUN = "UPDATE predictions SET took_s = {seconds} WHERE finished_at IS NOT NULL AND started_at IS NOT NULL"
Columns = list[str | sa.TextClause]
ADDED: dict[str, Columns] = {
    "ix_predictions_by_file": [
        "user_id", "file_order", sa.text("upload_id DESC"), sa.text("created_at DESC"), sa.text("id DESC"),
        "status", "model_id",
    ],
    "ix_predictions_by_rows": ["user_id", "n_rows", "upload_id", "created_at", "id", "status", "model_id"],
    "ix_predictions_by_duration": ["user_id", "took_s", "created_at", "id", "status", "upload_id", "model_id"],
}  # fmt: skip
# name: table, columns before, columns now
REPLACED: dict[str, tuple[str, Columns, Columns]] = {
    "ix_predictions_ended": (
        "predictions",
        ["user_id", "status", "finished_at", "started_at", "created_at", "id", "upload_id"],
        ["user_id", "status", "finished_at", "n_rows"],
    ),
    "ix_uploads_newest": (
        "uploads",
        ["user_id", "created_at", "id"],
        ["user_id", "created_at", "id", "file_name"],
    ),
}


def upgrade() -> None:
    for column in (
        sa.Column("file_order", sa.String(), nullable=False, server_default=""),
        sa.Column("n_rows", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("took_s", sa.Double(), nullable=False, server_default=sa.text("0")),
    ):
        op.add_column("predictions", column)
    connection = op.get_bind()
    connection.execute(sa.text(OF_UPLOAD))
    connection.execute(sa.text(OF_RUN.format(seconds=SECONDS[connection.dialect.name])))
    names = connection.execute(sa.text("SELECT id, file_name FROM uploads")).all()
    if names:
        connection.execute(
            sa.text("UPDATE predictions SET file_order = :file_order WHERE upload_id = :upload_id"),
            [{"file_order": name.casefold(), "upload_id": upload_id} for upload_id, name in names],
        )
    for name, added in ADDED.items():
        op.create_index(name, "predictions", added)
    for name, (table, _, columns) in REPLACED.items():
        _replace(name, table, columns)


def downgrade() -> None:
    for name, (table, columns, _) in REPLACED.items():
        _replace(name, table, columns)
    for name in ADDED:
        op.drop_index(name, table_name="predictions")
    for column in ("took_s", "n_rows", "file_order"):
        op.drop_column("predictions", column)


def _replace(name: str, table: str, columns: Columns) -> None:
    op.drop_index(name, table_name=table)
    op.create_index(name, table, columns)
