"""Indexes that answer lists and counts alone, without reading the wide rows behind them."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ADDED = {
    "ix_predictions_newest": (
        "predictions",
        ["user_id", "created_at", "id", "status", "upload_id", "model_id"],
    ),
    "ix_predictions_by_status": ("predictions", ["user_id", "status", "created_at", "id"]),
    "ix_predictions_by_model": ("predictions", ["user_id", "model_id", "created_at", "id", "status"]),
    "ix_predictions_by_upload": ("predictions", ["user_id", "upload_id", "created_at", "id", "status"]),
    "ix_predictions_ended": (
        "predictions",
        ["user_id", "status", "finished_at", "started_at", "created_at", "id", "upload_id"],
    ),
    "ix_predictions_status_created_at": ("predictions", ["status", "created_at"]),
    "ix_uploads_newest": ("uploads", ["user_id", "created_at", "id"]),
    "ix_ai_models_newest": ("ai_models", ["user_id", "created_at", "id"]),
}
REPLACED = {
    "ix_predictions_user_id_created_at": ("predictions", ["user_id", "created_at"]),
    "ix_predictions_user_id_status": ("predictions", ["user_id", "status"]),
    "ix_uploads_user_id_created_at": ("uploads", ["user_id", "created_at"]),
    "ix_ai_models_user_id_created_at": ("ai_models", ["user_id", "created_at"]),
}


def upgrade() -> None:
    _swap(REPLACED, ADDED)


def downgrade() -> None:
    _swap(ADDED, REPLACED)


def _swap(old: dict[str, tuple[str, list[str]]], new: dict[str, tuple[str, list[str]]]) -> None:
    for name, (table, columns) in new.items():
        op.create_index(name, table, columns)
    for name, (table, _) in old.items():
        op.drop_index(name, table_name=table)
