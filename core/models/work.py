"""Training a model in a worker's child: read the upload, train, keep the pipeline and its report."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core import db, queue, settings, storage
from core.db.tables import ModelRow, UploadRow
from core.errors import NotFound
from core.models import artifact, report, training
from core.uploads import stream, uploads
from core.uploads.dialect import Dialect


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
        target, upload_key, file_name = model.target, upload.storage_key, upload.file_name
        dialect = Dialect.from_json(upload.receipt["dialect"])
    with uploads.open_bytes(files, storage_key=upload_key, file_name=file_name) as source:
        table = stream.read_table(source, dialect)

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
        progress=progress,
    )
    key = f"models/{model_id}/{task.attempt}.skops"
    with storage.stage(config.staging_dir) as staged:
        staged.close()
        sha256 = artifact.save(trained.pipeline, staged.path)
        files.put(key, staged.path)
    return {
        "schema": trained.schema.to_json(),
        "report": report.of(trained),
        "task_type": trained.schema.task,
        "artifact_key": key,
        "artifact_sha256": sha256,
    }
