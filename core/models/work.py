"""Training a model in a worker's child: read the upload, train, keep the pipeline and its report."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core import db, queue, settings, storage
from core.db.tables import ModelRow, UploadRow
from core.errors import NotFound
from core.models import artifact, handler, report, training
from core.uploads import stored, stream
from core.uploads.dialect import Dialect
from core.uploads.errors import BadCsv, ChangedSinceChecked


def run(task: queue.Task, job: queue.Job) -> dict[str, Any]:
    """Returns what the model's row keeps. Raises what reading and training raise."""
    model_id = UUID(task.payload["model_id"])
    config = settings.current()
    files = storage.from_settings(config)
    with db.session_scope(db.WORKER) as session:
        model = session.get(ModelRow, model_id)
        upload = session.get(UploadRow, model.upload_id) if model and model.upload_id else None
        if model is None or upload is None:
            raise NotFound(noun="upload to train on", id=model.upload_id if model else "?")
        keep = tuple(task.payload.get("keep", ()))
        target = model.target
        dialect = Dialect.from_json(upload.receipt["dialect"])
    with stored.open_bytes(files, upload) as source:
        try:
            table = stream.read_table(source, dialect)
        except (BadCsv, ChangedSinceChecked, ValueError, IndexError):
            source.require_unchanged()  # else the fault lies with whoever changed the bytes
            raise

    def progress(done: int, total: int) -> None:
        if job.stop_requested():
            raise queue.Stopped(task_id=task.id)
        job.report(done, total=total)

    trained = training.train(
        table,
        target=target,
        decimal=dialect.decimal,
        kinds={table.column_names[rule.column]: rule.kind for rule in dialect.rules if rule.kind},
        positive_label=task.payload["positive_label"],
        keep=keep,
        progress=progress,
    )
    key = f"{handler.leavings(task)}skops"
    with storage.stage(config.staging_dir) as staged:
        staged.close()
        sha256 = artifact.save(trained.pipeline, staged.path)
        files.put(key, staged.path)
    return {
        "schema": trained.schema.to_json(),
        "report": report.of(trained, keep=keep),
        "task_type": trained.schema.task,
        "artifact_key": key,
        "artifact_sha256": sha256,
    }
