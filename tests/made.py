"""Rows that stand for what a long run would have made, for tests of what comes after it."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID, uuid4

from core import db, queue
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.models import models
from core.models.schema import Feature, Schema
from core.predictions import predictions
from core.queue import TaskState

SCHEMA = Schema(
    features=(Feature("age", "number", minimum=18.0, maximum=90.0), Feature("plan", "category", ("a", "b"))),
    target="churned",
    task="binary",
    labels=("No", "Yes"),
    positive_label="Yes",
)
CSV = b"age,plan,churned\n31,a,No\n64,b,Yes\n"


def ready_model(user: db.User, upload: UploadRow, *, name: str = "Churn") -> ModelRow:
    """A model that can be chosen, though no file stands behind it."""
    with db.session_scope(user, write=True) as session:
        model = models.request_training(session, upload=upload, target="churned", name=name)
    result = {
        "schema": SCHEMA.to_json(), "report": {}, "task_type": "binary",
        "artifact_key": f"models/{model.id}/1.skops", "artifact_sha256": "0" * 64,
    }  # fmt: skip
    settle(model.task_id, TaskState.SUCCEEDED, result=result)
    with db.session_scope(user) as session:
        return models.get(session, model_id=model.id)


def queued(
    user: db.User, upload: UploadRow, model: ModelRow, *, mapping: Mapping[str, str] | None = None
) -> UUID:
    """The id of a prediction that waits."""
    with db.session_scope(user, write=True) as session:
        return predictions.create(session, upload_id=upload.id, model_id=model.id, mapping=mapping).id


def completed(
    user: db.User,
    upload: UploadRow,
    model: ModelRow,
    *,
    seconds: float = 1.0,
    mapping: Mapping[str, str] | None = None,
) -> UUID:
    """The id of a prediction whose worker reported success."""
    prediction_id = queued(user, upload, model, mapping=mapping)
    with db.session_scope(user) as session:
        task_id = predictions.get(session, prediction_id=prediction_id).task_id
    result = {
        "output_key": f"results/{prediction_id}/1.csv", "output_bytes": 10, "output_sha256": "1" * 64,
        "columns": {"added": ["prediction", "probability"]}, "metrics_json": {"seconds": seconds},
    }  # fmt: skip
    settle(task_id, TaskState.SUCCEEDED, result=result)
    return prediction_id


def settle(task_id: UUID, state: TaskState, **values: object) -> None:
    """Claim a task as a worker would, and settle it."""
    with db.session_scope(db.WORKER, write=True) as session:
        task = queue.claim_one(session, task_id=task_id, worker_id=uuid4(), lease_s=30)
        assert task is not None
        queue.settle(session, task_id=task_id, attempt=task.attempt, state=state, **values)  # type: ignore[arg-type]
